"""One generated image beside its contributors: the same for a stored and for a dropped one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from gmv_core import Contributor, Result, ValueSettings
from gmv_core.store.manifests import NullEntry
from gmv_core.store.workspace import ImageSet
from gmv_core.words import hundredths, number, share_text
from ui.doors import engine
from ui.frame import state
from ui.images.pair import (
    GENERATED,
    TRAINING,
    choose_training,
    pair,
    show_view,
    strip,
    training_card,
)  # fmt: skip
from ui.images.standing import chip, comfort, meaning, sentence
from ui.widgets.pictures.browse import Row
from ui.widgets.pictures.compare import Picture, Places, Told
from ui.widgets.pictures.gallery import Card

EFFECTIVE = (
    "The *effective contributors*: so many contributors of equal weight would share the quality as "
    "evenly as these do. 1: one image takes it all. k: all take the same."
)


@dataclass(frozen=True)
class Shown:
    """A generated image and its answer. quality: nan where it could not be judged.

    standing: with the columns of `results.standings`. null: what it was held against. result: of
    the run that it is read by, None where there is none; kept: whether it is one of its images.
    """

    name: str
    preview: bytes
    label: str
    quality: float
    nearest_distance: float
    effective_contributors: float
    contributors: Sequence[Contributor]
    standing: dict[Any, Any]
    null: NullEntry | None
    result: Result | None
    kept: bool

    @property
    def title(self) -> str:
        return self.name if self.kept else f"{self.name} · not kept"


def stored(result: Result, about: Row) -> Shown:
    """Return a generated image of a result. about: its row of `engine.generated_gallery`."""
    return Shown(
        about["name"],
        engine.preview(result.generated, int(about["id"])),
        about["label"],
        about["quality"],
        about["nearest_distance"],
        about["effective_contributors"],
        engine.contributors(result, about["name"]),
        standing=about,
        null=result.manifest.null,
        result=result,
        kept=True,
    )


def one_image(
    shown: Shown,
    training: ImageSet,
    settings: ValueSettings,
    places: Places,
    *,
    reranked: bool,
    tiny: bool,
    regions: Callable[[str], None] | None,
) -> None:
    """Draw an image and a training image as a pair, and the strip of its contributors.

    places: of the pair and its choices. regions: draws which regions it and a training image share,
    by its name.
    """
    names = [one.training for one in shown.contributors]
    # What it is a near copy of is the first choice, though another one may have more credit.
    choices = list(dict.fromkeys(filter(None, [shown.standing["copy_of"], *names])))
    other, row, look = choose_training(places, training, choices, regions=regions is not None)
    if row is not None:
        with places.pair:
            pair(
                Picture(shown.preview, _titled(GENERATED, shown.label), shown.title),
                Picture(engine.preview(training, row), TRAINING, other),
                Told(
                    chip(shown.standing),
                    sentence(shown.standing, shown.null, names),
                    (*filter(None, [comfort(shown.standing)]), *_facts(shown, other)),
                ),
                look,
                tiny=tiny,
                regions=(lambda: regions(other)) if regions else None,
            )
    with st.container(horizontal=True, vertical_alignment="center"):
        count = len(names)
        st.markdown(
            f"**Its {count} closest training images**",
            width="stretch",
            help="The *contributors*: the training images with the smallest distance to it. They "
            "share its quality as credit, by similarity; that does not say that the model used "
            "them. The bar is an image's share.",
        )
        if shown.kept:
            st.button(
                "What else did this training image contribute to?",
                icon=":material/swap_horiz:",
                type="tertiary",
                on_click=show_view,
                args=(state.TRAINING_VIEW,),
            )
    _strip(shown, training, reranked=reranked, tiny=tiny)
    with st.expander("Details: distances, ranks, quality, values"):
        _details(shown, settings, reranked=reranked)


def _titled(kind: str, label: str) -> str:
    return f"{kind} · {label}" if label else kind


def _facts(shown: Shown, other: str) -> tuple[str, ...]:
    """Return what is told of the pair."""
    found = next((one for one in shown.contributors if one.training == other), None)
    if found is not None:
        ordinary = () if found.convincing else ("Farther than unseen real images reach.",)
        return (
            f"Contributor {found.rank} of {len(shown.contributors)}",
            f"{share_text(found.weight)} of the credit: {hundredths(found.value)}",
            *filter(None, [found.owner]),
            *ordinary,
        )
    told = f"Not among the {len(shown.contributors)} contributors, so without credit here"
    away = engine.distance(shown.result, shown.name, other) if shown.kept and shown.result else None
    if away is None:
        return told, "Its distance is not stored"
    estimate = "" if away.exact else " (estimate)"
    return told, f"{number(away.distance)} away{estimate}"


def _strip(shown: Shown, training: ImageSet, *, reranked: bool, tiny: bool) -> None:
    rows = tuple(one.row for one in shown.contributors)
    thumbs = engine.thumbnails(training, rows)
    most = max((one.weight for one in shown.contributors), default=0.0) or 1.0
    cards: list[Card] = [
        training_card(
            training,
            thumb,
            one.training,
            one.owner,
            share_text(one.weight),
            rank=one.rank,
            hover=_hover(one, reranked=reranked),
            bar=one.weight / most,
        )
        for one, thumb in zip(shown.contributors, thumbs, strict=True)
    ]
    strip(cards, key="contributors", chooses=state.TRAINING, tiny=tiny,
          label="Closest training images")  # fmt: skip


def _hover(one: Contributor, *, reranked: bool) -> str:
    """Return what a contributor's card has no room for."""
    away = f"{number(one.distance)} away" + ("" if one.exact else " (estimate)")
    lines = [
        away,
        f"credit {hundredths(one.value)}",
        one.label,
        f"{ordinal(one.recall_rank)} before re-ranking" if reranked else "",
    ]
    return " · ".join(filter(None, lines))


def _details(shown: Shown, settings: ValueSettings, *, reranked: bool) -> None:
    meaning(shown.standing, shown.null)
    used = "" if settings.quality_weighting else " (not used: every image's credit adds up to 1)"
    st.markdown(
        f"Quality **{number(shown.quality)}**{used} · shared as if by "
        f"**{number(shown.effective_contributors)}** equal contributors of "
        f"{len(shown.contributors)}",
        help="Quality is from 0 to 1. Its nearest training embedding is "
        f"{number(shown.nearest_distance)} away; the contributors' own distances are of another "
        f"scale. {EFFECTIVE}",
    )
    columns: dict[str, list[Any]] = {
        "Training image": [one.training for one in shown.contributors],
        "Owner": [one.owner for one in shown.contributors],
        "Label": [one.label for one in shown.contributors],
        "Share, %": [100 * one.weight for one in shown.contributors],
        "Credit": [one.value for one in shown.contributors],
        "Distance": [
            f"{'' if one.exact else '≈ '}{number(one.distance)}" for one in shown.contributors
        ],
        "Convincing": [one.convincing for one in shown.contributors],
    }
    if reranked:
        columns["Rank by embedding"] = [one.recall_rank for one in shown.contributors]
    if shown.result is not None:
        table = engine.training_gallery(shown.result)
        values = table.loc[table["id"].isin([one.row for one in shown.contributors])]
        of = dict(zip(values["id"], values["value"], strict=True))
        columns["Value, all images"] = [of.get(one.row) for one in shown.contributors]
    ranks = [one.rank for one in shown.contributors]
    st.dataframe(pd.DataFrame(columns, index=ranks), width="stretch")


def ordinal(n: int) -> str:
    """Return 1 as "1st", 2 as "2nd", 11 as "11th"."""
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"
