"""One generated image beside its contributors: the same for a stored and for a dropped one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from gmv_core import Contributor, ValueSettings
from gmv_core.plots.contributors import weight_bars
from gmv_core.store.manifests import NullEntry
from gmv_core.store.workspace import ImageSet
from gmv_core.words import number, percent
from ui.doors import engine
from ui.frame import state
from ui.frame.markdown import plain
from ui.images.standing import chip
from ui.widgets.compare import Picture, choose_other, compare
from ui.widgets.gallery import Card, gallery

EFFECTIVE = (
    "The *effective contributors*: so many contributors of equal weight would share the quality as "
    "evenly as these do. 1: one image takes it all. k: all take the same."
)


@dataclass(frozen=True)
class Shown:
    """A generated image and its answer. quality: nan where it could not be judged.

    standing: with the columns of `results.standings`. null: what it was held against.
    """

    name: str
    preview: bytes
    label: str
    quality: float
    nearest_distance: float
    effective_contributors: float
    contributors: Sequence[Contributor]
    kept: bool
    standing: dict[Any, Any]
    null: NullEntry | None


def one_image(
    shown: Shown, training: ImageSet, settings: ValueSettings, *, reranked: bool, tiny: bool
) -> None:
    """Draw an image, how its quality is shared out, and its contributors."""
    left, right = st.columns([1, 2.2], gap="medium")
    with left:
        about = [shown.label] if shown.label else []
        title = shown.name if shown.kept else f"{shown.name} · not kept"
        gallery(
            [Card(shown.name, shown.preview, title, tuple(about), f"Generated: {shown.name}")],
            key="large",
            tiny=tiny,
            side_px=150,
            label="The generated image",
            seek=seek("large"),
        )
        chip(shown.standing, shown.null)
        _facts(shown, settings)
        owners = engine.owners(training)
        bars = weight_bars(shown.contributors, owners)
        st.plotly_chart(bars, key="shares", config={"displayModeBar": False})
    with right:
        st.markdown(
            "**Its closest training images** (contributors)",
            help="The training images with the smallest distance to it. They share its quality: "
            "credit by similarity, which is no proof that the model used them. "
            "“Was 14th” is the place before re-ranking, by the embedding alone.",
        )
        _contributors(shown, training, reranked=reranked, tiny=tiny)


def comparison(shown: Shown, training: ImageSet, *, tiny: bool) -> None:
    """Draw the choice of a contributor to compare the image with, and the two at full size."""
    names = [one.training for one in shown.contributors]
    other = choose_other(state.TRAINING, names, "contributor")
    if other is None:
        return
    if other not in names:
        st.info(f"{plain(other)} is not among the {len(names)} contributors of this image.")
        return
    one = shown.contributors[names.index(other)]
    compare(
        Picture(shown.preview, f"generated: {shown.name}", f"Generated image {shown.name}"),
        Picture(
            engine.preview(training, one.row),
            f"contributor {one.rank}: {one.training}",
            f"Training image {one.training}",
        ),
        key="compare",
        tiny=tiny,
        seek=seek("compare"),
    )
    if shown.kept:
        st.button(
            "What else did this training image contribute to?",
            icon=":material/swap_horiz:",
            on_click=show_view,
            args=(state.TRAINING_VIEW,),
        )


def _facts(shown: Shown, settings: ValueSettings) -> None:
    used = "" if settings.quality_weighting else " (not used: it hands out 1)"
    st.markdown(
        f"Quality **{number(shown.quality)}**{used}",
        help="Quality is from 0 to 1. Its nearest training embedding is "
        f"{number(shown.nearest_distance)} away; the contributors' own distances are of another "
        "scale.",
    )
    st.markdown(
        f"Shared as if by **{number(shown.effective_contributors)}** equal contributors of "
        f"{len(shown.contributors)}",
        help=EFFECTIVE,
    )


def _contributors(shown: Shown, training: ImageSet, *, reranked: bool, tiny: bool) -> None:
    def pick(name: str) -> None:
        st.session_state[state.SEEK] = "compare"
        st.session_state[state.TRAINING] = name

    rows = tuple(one.row for one in shown.contributors)
    thumbs = engine.thumbnails(training, rows)
    gallery(
        [
            Card(
                one.training,
                thumb,
                f"{one.rank}. {one.training.rpartition('/')[2]}",
                contributor_lines(one, reranked=reranked),
                f"Contributor {one.rank}: {one.training}",
            )
            for one, thumb in zip(shown.contributors, thumbs, strict=True)
        ],
        key="contributors",
        selected=st.session_state.get(state.TRAINING),
        tiny=tiny,
        side_px=100,
        on_select=pick,
        label="Closest training images",
    )


def contributor_lines(one: Contributor, *, reranked: bool) -> tuple[str, ...]:
    """Return what a contributor's card says under its name."""
    distance = f"{'' if one.exact else '≈ '}{number(one.distance)} away"
    lines = [
        distance if one.exact else f"{distance} (estimate)",
        f"weight {percent(one.weight)}",
        f"value {number(one.value)}",
        one.label,
        one.owner,
        f"was {ordinal(one.recall_rank)}" if reranked else "",
    ]
    return tuple(filter(None, lines))


def ordinal(n: int) -> str:
    """Return 1 as "1st", 2 as "2nd", 11 as "11th"."""
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def show_view(view: str) -> None:
    """Turn the page to another of its views; the two images in view stay chosen."""
    st.session_state[state.VIEW] = view
    st.session_state[state.SEEK] = "large"


def seek(what: str) -> bool:
    """Return whether the page is to scroll to this part now; it is told so once."""
    return st.session_state.get(state.SEEK) == what and bool(st.session_state.pop(state.SEEK))
