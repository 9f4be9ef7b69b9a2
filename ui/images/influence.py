"""Predicted influence of a pair: on one generated image, and of one training image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.results.influence.tables import Influence
from gmv_core.store.workspace import ImageSet
from gmv_core.words import hundredths
from ui.doors import engine, influence
from ui.frame import state
from ui.images.pair import (
    GENERATED,
    TRAINING,
    choose_pair,
    choose_training,
    pair,
    strip,
    training_card,
)
from ui.images.regions import regions_of
from ui.widgets.influence import change
from ui.widgets.pictures.browse import Row
from ui.widgets.pictures.compare import Picture, Places, Told
from ui.widgets.pictures.gallery import Card

CHANGES = {"helpful": "worse", "harmful": "better"}


@dataclass(frozen=True)
class Influenced:
    """A generated image and what influences it: those that help, then those that harm."""

    name: str
    preview: bytes
    label: str
    found: Sequence[Influence]
    kept: bool


def one_image(
    shown: Influenced,
    training: ImageSet,
    most: int,
    places: Places,
    *,
    tiny: bool,
    regions: Callable[[str], None] | None,
) -> None:
    """Draw an image and a training image as a pair, and those that help and that harm it most.

    most: of each kind. places: of the pair and its choices. regions: draws which regions it and a
    training image share, by its name.
    """
    helpful, harmful = parts(shown.found)
    names = [one.training for one in (*helpful[:most], *harmful[:most])]
    other, row, look = choose_training(places, training, names, regions=regions is not None)
    if row is not None:
        kind = f"{GENERATED} · {shown.label}" if shown.label else GENERATED
        title = shown.name if shown.kept else f"{shown.name} · not kept"
        with places.pair:
            pair(
                Picture(shown.preview, kind, title),
                Picture(engine.preview(training, row), TRAINING, other),
                Told(facts=_facts(shown, other)),
                look,
                tiny=tiny,
                regions=(lambda: regions(other)) if regions else None,
            )
    _strip("helpful", helpful[:most], training, tiny=tiny)
    _strip("harmful", harmful[:most], training, tiny=tiny)
    with st.expander("Details: all of the largest influence"):
        _details(shown.found)


def parts(found: Sequence[Influence]) -> tuple[list[Influence], list[Influence]]:
    """Return those that help and those that harm, the strongest first."""
    return [one for one in found if one.influence > 0], [one for one in found if one.influence < 0]


def _facts(shown: Influenced, other: str) -> tuple[str, ...]:
    one = next((one for one in shown.found if one.training == other), None)
    if one is None:
        return ("Not among the most helpful or harmful ones of this image",)
    kind = "helpful" if one.influence > 0 else "harmful"
    told = f"Predicted {hundredths(abs(one.percent))} % {CHANGES[kind]} without it"
    return f"{kind.capitalize()}, place {one.rank}", told, *filter(None, [one.owner])


def _strip(kind: str, some: Sequence[Influence], training: ImageSet, *, tiny: bool) -> None:
    means = CHANGES[kind]
    st.markdown(
        f"**The most {kind} training images**: predicted {means} without them",
        help=f"By so much the linear model is predicted to be {means} at this image without it, "
        "in percent of its error there.",
    )
    if not some:
        st.info(f"No training image is predicted to be {kind} here.", icon=":material/info:")
        return
    thumbs = engine.thumbnails(training, tuple(one.row for one in some))
    largest = max(abs(one.percent) for one in some) or 1.0
    cards = [
        training_card(
            training,
            thumb,
            one.training,
            one.owner,
            f"{hundredths(abs(one.percent))} %",
            rank=one.rank,
            hover=one.label,
            bar=abs(one.percent) / largest,
        )
        for one, thumb in zip(some, thumbs, strict=True)
    ]
    strip(cards, key=kind, chooses=state.TRAINING, tiny=tiny, label=f"Most {kind} training images")


def _details(found: Sequence[Influence]) -> None:
    columns = {
        "Training image": [one.training for one in found],
        "Owner": [one.owner for one in found],
        "Label": [one.label for one in found],
        "Change without it, % (above 0: worse)": [one.percent for one in found],
    }
    st.dataframe(pd.DataFrame(columns), width="stretch", hide_index=True)


def one_training(result: Result, about: Row, most: int, places: Places, *, tiny: bool) -> None:
    """Draw a training image and a generated one as a pair, and those that it helps or harms most.

    about: its row of `engine.training_gallery`. most: of each kind. places: of the pair and its
    choices.
    """
    name = str(about["name"])
    found = influence.of_training(result, int(about["id"]))
    helped, harmed = found[found["influence"] > 0], found[found["influence"] < 0].iloc[::-1]
    helped, harmed = helped.head(most), harmed.head(most)
    names = [*helped["generated"], *harmed["generated"]]
    other, look = choose_pair(places, state.IMAGE, names, "generated image", regions=True)
    rows = found[found["generated"] == other]
    if len(rows):
        told = f"Predicted {change(rows['percent'].iloc[0])} there without this one"
        preview = engine.preview(result.generated, int(rows["id"].iloc[0]))
        with places.pair:
            pair(
                Picture(engine.preview(result.training, int(about["id"])), TRAINING, name),
                Picture(preview, GENERATED, str(other)),
                Told(facts=(told, *filter(None, [about["owner"]]))),
                look,
                tiny=tiny,
                regions=lambda: regions_of(result, str(other), name, tiny=tiny),
            )
    st.markdown(
        f"Without it the generated images are predicted **{change(about['percent'])}**",
        help="In percent of the linear model's error, the mean over all generated images.",
    )
    _generated_strip(result, "helps", "worse", helped, tiny=tiny)
    _generated_strip(result, "harms", "better", harmed, tiny=tiny)


def _generated_strip(
    result: Result, does: str, means: str, some: pd.DataFrame, *, tiny: bool
) -> None:
    st.markdown(f"**The generated images that it {does} most**: predicted {means} without it")
    if some.empty:
        st.info(f"It is predicted that it {does} no generated image.", icon=":material/info:")
        return
    thumbs = engine.thumbnails(result.generated, tuple(some["id"].tolist()))
    largest = some["percent"].abs().max() or 1.0
    cards = [
        Card(
            row.generated,
            thumb,
            row.generated.rpartition("/")[2],
            (f"{hundredths(abs(row.percent))} %",),
            f"Generated image {row.generated}",
            bar=float(abs(row.percent) / largest),
        )
        for row, thumb in zip(some.itertuples(), thumbs, strict=True)
    ]
    strip(cards, key=does, chooses=state.IMAGE, tiny=tiny,
          label=f"Generated images that it {does} most")  # fmt: skip
