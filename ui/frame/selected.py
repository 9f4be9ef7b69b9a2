"""The selection of this session: rows of an image set, the same on every page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from gmv_core.store.selections import NEW, combine, read_selection, saved_names
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64
from gmv_core.words import counted
from ui.frame import state


def rows(images: ImageSet) -> Int64:
    """Return the rows of a set that are selected, sorted."""
    return _held(images)[0]


def _held(images: ImageSet) -> tuple[Int64, str]:
    """Return the rows that are selected, and the name under which they are saved, "" for none."""
    held = st.session_state.get(state.SELECTED, {}).get(images.name)
    if held is None or held[0] != images.manifest().created:  # another set had the name
        return np.empty(0, np.int64), ""
    return held[1], held[2]


def choose(images: ImageSet, chosen: Int64, way: str = NEW, saved: str = state.SELECTION) -> None:
    """Select rows, or combine them with those that are selected.

    way: one of selections.WAYS. saved: the key of the saved selection that this no longer is.
    """
    hold(images, combine(rows(images), np.asarray(chosen, np.int64), way))
    st.session_state[saved] = None


def hold(images: ImageSet, found: Int64, name: str = "") -> None:
    """Make sorted rows the selection. name: under which they are saved."""
    known = st.session_state.get(state.SELECTED, {})
    now = {**known, images.name: (images.manifest().created, found, name)}
    st.session_state[state.SELECTED] = now


def clear(images: ImageSet, saved: str = state.SELECTION) -> None:
    """Select nothing."""
    choose(images, np.empty(0, np.int64), saved=saved)


def follow(images: ImageSet, saved: str = state.SELECTION) -> None:
    """Select what the saved selection holds that the address or a list names, once.

    Before anything of the page is drawn: all of it shows the same selection.
    """
    name = st.session_state.get(saved)
    if not name or name == _held(images)[1]:
        return
    if name in saved_names(images):
        hold(images, read_selection(images, name), name)
    else:
        st.session_state[saved] = None


def line(images: ImageSet) -> None:
    """Say how many images are selected, where any are."""
    count = len(rows(images))
    if not count:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="selected"):
        st.page_link("pages/map.py", label=f"{counted(count, 'image')} selected",
                     icon=":material/lasso_select:")  # fmt: skip
        st.button("Clear", key="clear-selected", on_click=clear, args=(images,), type="tertiary")
