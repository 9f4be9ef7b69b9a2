"""What selects images beside the map: buttons for what is shown, and cards that are ticked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from gmv_core.store.selections import ADD, NEW, REMOVE
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64
from gmv_core.words import counted
from ui.frame import selected, state


def select_buttons(images: ImageSet, rows: Sequence[int] | Int64, *, key: str) -> None:
    """Offer to select rows of a set, or to add them to what is selected."""
    chosen = np.asarray(rows, np.int64)
    if not len(chosen):
        return
    before = selected.rows(images)
    if np.array_equal(before, np.sort(chosen)):
        st.caption(f"{counted(len(chosen), 'image')} selected")
        return
    clicked = st.button(
        f"Select {counted(len(chosen), 'image')}",
        key=f"select-{key}",
        on_click=selected.choose,
        args=(images, chosen, NEW),
        icon=":material/lasso_select:",
        help="A selection goes along from page to page; Map shows where it lies.",
    )
    if len(before):
        clicked |= st.button(
            "Add to the selection",
            key=f"add-{key}",
            on_click=selected.choose,
            args=(images, chosen, ADD),
            type="tertiary",
        )
    if clicked:
        st.rerun()  # all of the page, where this stands in a fragment: the sidebar tells the count


def picks(
    images: ImageSet, row_of: Mapping[str, int], *, key: str, saved: str = state.SELECTION
) -> dict[str, Any]:
    """Draw the switch that lets a click on a card select it; return what the gallery needs for it.

    row_of: by the ids of the cards. key: of the gallery. saved: as for `selected.choose`.
    """
    if not st.toggle(
        "Select images",
        key=f"{state.PICKING}-{key}",
        persist_state="session",
        help="A click then ticks an image or unticks it; with Shift, all from the last one on.",
    ):
        return {}
    now = set(selected.rows(images).tolist())

    def pick(ids: list[str], on: bool) -> None:
        rows = np.array([row_of[one] for one in ids], np.int64)
        selected.choose(images, rows, ADD if on else REMOVE, saved)

    return {"picked": {one for one, row in row_of.items() if row in now}, "on_pick": pick}
