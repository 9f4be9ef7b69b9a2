"""Two images as a pair, in four views, and the strips in which the other one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from gmv_core.plots.look import owner_colours
from gmv_core.store.workspace import ImageSet
from ui.doors import engine
from ui.frame import state
from ui.widgets.pictures import compare as views
from ui.widgets.pictures.compare import Picture, Told, compare
from ui.widgets.pictures.gallery import Card, gallery

MODES = {
    state.SIDE: views.SIDE,
    state.SLIDER: views.SLIDER,
    state.DIFFERENCE: views.DIFFERENCE,
}
STRIP_PX = 88
# The pair comes first there: a tap in the gallery above it is to show its result at once.
_UNDER_ON_A_PHONE = """<style>
@media (max-width: 640px) { .st-key-pair { flex-direction: column-reverse; } }
</style>"""
GENERATED, TRAINING = "Generated image", "Training image"


def pair(
    left: Picture,
    right: Picture,
    told: Told,
    *,
    tiny: bool,
    regions: Callable[[], None] | None = None,
) -> None:
    """Draw two images and the choice of how they are compared.

    regions: draws which regions match; None where that cannot be told.
    """
    st.html(_UNDER_ON_A_PHONE)
    with st.container(key="pair"):
        look = st.segmented_control(
            "How the two are compared",
            state.LOOKS if regions is not None else [*MODES],
            default=state.SIDE,
            required=True,
            label_visibility="collapsed",
            help="Regions: which parts match, and which training images explain the others.",
            **state.in_url(state.LOOK),
        )
        if look == state.REGIONS and regions is not None:
            regions()
        else:
            compare(left, right, told, key="compare", mode=MODES.get(look, views.SIDE), tiny=tiny)


def strip(
    cards: Sequence[Card],
    *,
    key: str,
    chooses: str,
    tiny: bool,
    label: str,
    then: Callable[[], None] | None = None,
) -> None:
    """Draw a strip of images; a click on one opens it, or makes it the other image of the pair.

    chooses: the key of the session that its name is kept under. then: called after that.
    """

    def pick(name: str) -> None:
        st.session_state[chooses] = name
        if then is not None:
            then()

    gallery(
        cards,
        key=key,
        selected=st.session_state.get(chooses),
        tiny=tiny,
        side_px=STRIP_PX,
        strip=True,
        on_select=pick,
        label=label,
    )


def training_card(
    training: ImageSet, image: bytes, name: str, owner: str, share: str, *, rank: int, hover: str,
    bar: float,
) -> Card:  # fmt: skip
    """Return the card of a training image in a strip: name, share, owner with its colour."""
    dot = owner_colours(engine.owners(training)).get(owner, "")
    return Card(
        name,
        image,
        f"{rank}. {name.rpartition('/')[2]}",
        tuple(filter(None, (share, owner))),
        f"{rank}. {name}",
        hover=hover,
        bar=bar,
        dot=dot,
    )


def show_view(view: str) -> None:
    """Turn the page to another of its views; the two images in view stay chosen."""
    st.session_state[state.VIEW] = view
