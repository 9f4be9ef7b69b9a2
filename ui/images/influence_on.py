"""One generated image and the training images that help or harm it, as predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from gmv_core.results.influence.tables import Influence
from gmv_core.store.workspace import ImageSet
from gmv_core.words import percent
from ui.doors import engine
from ui.frame import state
from ui.frame.markdown import plain
from ui.images.one_generated import seek
from ui.widgets.compare import Picture, choose_other, compare
from ui.widgets.gallery import Card, gallery

COLUMNS = (1, 3.4)  # five cards in a row where the screen is wide
CHANGES = {"helpful": "worse", "harmful": "better"}


@dataclass(frozen=True)
class Influenced:
    """A generated image and what influences it: those that help, then those that harm."""

    name: str
    preview: bytes
    label: str
    found: Sequence[Influence]
    kept: bool


def one_image(shown: Influenced, training: ImageSet, most: int, *, tiny: bool) -> None:
    """Draw an image and the training images of largest predicted influence, each kind apart.

    most: of each kind.
    """
    left, right = st.columns(COLUMNS)
    with left:
        title = shown.name if shown.kept else f"{shown.name} · not kept"
        about = (shown.label,) if shown.label else ()
        gallery(
            [Card(shown.name, shown.preview, title, about, f"Generated: {shown.name}")],
            key="large", tiny=tiny, side_px=150, label="The generated image", seek=seek("large"),
        )  # fmt: skip
    with right:
        helpful, harmful = parts(shown.found)
        _strip("helpful", helpful[:most], training, tiny=tiny)
        _strip("harmful", harmful[:most], training, tiny=tiny)


def parts(found: Sequence[Influence]) -> tuple[list[Influence], list[Influence]]:
    """Return those that help and those that harm, the strongest first."""
    return [one for one in found if one.influence > 0], [one for one in found if one.influence < 0]


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

    def pick(name: str) -> None:
        st.session_state[state.SEEK] = "compare"
        st.session_state[state.TRAINING] = name

    thumbs = engine.thumbnails(training, tuple(one.row for one in some))
    gallery(
        [
            Card(
                one.training,
                thumb,
                f"{one.rank}. {one.training.rpartition('/')[2]}",
                tuple(filter(None, (percent(abs(one.percent) / 100), one.label, one.owner))),
                f"{kind.capitalize()} {one.rank}: {one.training}",
            )
            for one, thumb in zip(some, thumbs, strict=True)
        ],
        key=kind,
        selected=st.session_state.get(state.TRAINING),
        tiny=tiny,
        side_px=96,
        on_select=pick,
        label=f"Most {kind} training images",
    )


def comparison(shown: Influenced, training: ImageSet, *, tiny: bool) -> None:
    """Draw the choice of a training image to compare with, and the two at full size."""
    names = [one.training for one in shown.found]
    other = choose_other(state.TRAINING, names, "training image")
    if other is None:
        return
    if other not in names:
        st.info(f"{plain(other)} is not among the most helpful or harmful ones of this image.")
        return
    one = shown.found[names.index(other)]
    kind = "helpful" if one.influence > 0 else "harmful"
    compare(
        Picture(shown.preview, f"generated: {shown.name}", f"Generated image {shown.name}"),
        Picture(
            engine.preview(training, one.row),
            f"{kind} {one.rank}: {one.training}",
            f"Training image {one.training}",
        ),
        key="compare",
        tiny=tiny,
        seek=seek("compare"),
    )
