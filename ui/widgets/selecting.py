"""The buttons that select what a search, a filter or a gallery shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from gmv_core.store.selections import ADD, NEW
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64
from gmv_core.words import counted
from ui.frame import selected


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
