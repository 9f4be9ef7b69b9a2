"""Dropped images on the map of their training set: who has a map gets a button that leads there."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from gmv_core.matching.dropped import Dropped
from gmv_core.results.explore.placing import placed
from gmv_core.sets.layout import read_layout
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float32
from ui.doors import map as door
from ui.frame import state


@dataclass(frozen=True)
class OnMap:
    """Dropped images that the map shows: of which set, and where they lie, (m, 2)."""

    training: str
    created: str
    names: list[str]
    previews: list[bytes]
    points: Float32


def offer_map(found: Dropped, training: ImageSet) -> None:
    """Offer to show the dropped images on the map, where the set has one."""
    if found.matches is None or door.layout(training) is None:
        return
    if st.button("Show on the map", icon=":material/scatter_plot:", help="Placed by the nearest "
                 "training images, as the generated images of a result are."):  # fmt: skip
        points = placed(read_layout(training), found.matches)
        created = training.manifest().created
        st.session_state[state.ON_MAP] = OnMap(
            training.name, created, found.names, found.previews, points
        )
        st.switch_page("pages/map.py")


def shown_on_map(training: ImageSet) -> OnMap | None:
    """Return the dropped images that the map of a set shows."""
    held: OnMap | None = st.session_state.get(state.ON_MAP)
    if held is None or (held.training, held.created) != (
        training.name, training.manifest().created
    ):  # fmt: skip
        return None
    return held


def take_off_map() -> None:
    """Show no dropped images on the map."""
    st.session_state[state.ON_MAP] = None
