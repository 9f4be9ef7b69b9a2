"""Two images as a pair, in four views, and the strips in which the other one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from gmv_core.plots.look import owner_colours
from gmv_core.store.workspace import ImageSet
from ui.doors import engine
from ui.frame import state
from ui.frame.markdown import plain
from ui.widgets.pictures import compare as views
from ui.widgets.pictures.compare import Picture, Places, Told, choose_other, compare
from ui.widgets.pictures.gallery import Card, gallery

MODES = {
    state.SIDE: views.SIDE,
    state.SLIDER: views.SLIDER,
    state.DIFFERENCE: views.DIFFERENCE,
}
STRIP_PX = 88
GENERATED, TRAINING = "Generated image", "Training image"


def choose_look(*, regions: bool) -> str:
    """Draw the choice of how the two are compared. regions: whether that can be told, too."""
    return str(
        st.segmented_control(
            "How the two are compared",
            state.LOOKS if regions else [*MODES],
            default=state.SIDE,
            required=True,
            label_visibility="collapsed",
            width="content",
            **state.in_url(state.LOOK),
        )
    )


def choose_pair(
    places: Places, key: str, names: Sequence[str], what: str, *, regions: bool
) -> tuple[str | None, str]:
    """Draw how the two are compared and with what; return the other image's name, and the look.

    key, names, what: as for `choose_other`.
    """
    with places.choices:
        look = choose_look(regions=regions)
        return choose_other(key, names, what), look


def choose_training(
    places: Places, training: ImageSet, names: Sequence[str], *, regions: bool
) -> tuple[str, int | None, str]:
    """Draw the choice of a training image; return its name, its row, and how the two are compared.

    A name that the set has not, as an address may give it, is a sentence, and its row is None.
    """
    other, look = choose_pair(places, state.TRAINING, names, "training image", regions=regions)
    row = engine.row_named(training, other) if other else None
    if other and row is None:
        st.info(f"{training.name} has no training image {plain(other)}.", icon=":material/info:")
    return other or "", row, look


def pair(
    left: Picture,
    right: Picture,
    told: Told,
    look: str,
    *,
    tiny: bool,
    regions: Callable[[], None] | None = None,
) -> None:
    """Draw two images. regions: draws which regions match; None where that cannot be told."""
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
