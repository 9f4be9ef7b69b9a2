"""The filters and the order of a gallery, in one row; where it does not fit, it scrolls."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.standing import STANDINGS
from gmv_core.words import hundredths
from ui.doors import engine
from ui.doors import filters as doors
from ui.doors.filters import Filters
from ui.frame import state

_ONE_ROW = "<style>.st-key-{0} {{overflow-x:auto; flex-wrap:nowrap; scrollbar-width:thin}}"
_ONE_ROW += ".st-key-{0} > * {{flex-shrink:0}}</style>"
WIDTH_PX, ORDER_PX = 128, 185  # "Value, highest first" is told whole


def filter_row(
    kind: str, orders: Sequence[str], result: Result, table: pd.DataFrame, images: ImageSet
) -> tuple[Filters, str]:
    """Draw the row; return the filters and the words of the order.

    kind: "generated" or "training", as for `state.of`. table: of all its images.
    """

    def choose(label: str, key: str, options: Sequence[str], every: str, about: str = "") -> str:
        if not options:
            return ""
        return st.selectbox(
            label,
            options,
            index=None,
            placeholder=every,
            label_visibility="collapsed",
            width=WIDTH_PX,
            on_change=_first_page,
            args=(kind,),
            **state.in_url(state.of(kind, key)),
        ) or ""  # fmt: skip

    key = f"{kind}-filters"
    st.html(_ONE_ROW.format(key))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=key):
        find = st.text_input(
            "Search by name",
            placeholder="Search names",
            icon=":material/search:",
            label_visibility="collapsed",
            width=150,
            on_change=_first_page,
            args=(kind,),
            **state.in_url(state.of(kind, state.FIND)),
        )
        label = choose("Label", state.LABEL, doors.labels(images), "All labels")
        owner = choose("Owner", state.OWNER, engine.owners(result.training), "All owners")
        attribute = choose(
            "Attribute", state.ATTRIBUTE, doors.attribute_values(images), "All attributes"
        )
        standing, quality = "", None
        if kind == "generated":
            if table["standing"].any():
                standing = choose("Standing", state.STANDING, STANDINGS, "All standings")
            quality = _quality(kind, table)
        order = st.selectbox(
            "Order",
            list(orders),
            label_visibility="collapsed",
            width=ORDER_PX,
            on_change=_first_page,
            args=(kind,),
            **state.in_url(state.of(kind, state.ORDER), unsaid=orders[0]),
        )
    return Filters(find, label, owner, attribute, standing, quality), order


def _quality(kind: str, table: pd.DataFrame) -> tuple[float, float] | None:
    """Draw the range of qualities; return None where it is whole."""
    key = state.of(kind, state.QUALITY)
    chosen = st.session_state.get(key) or (0.0, 1.0)
    whole = tuple(chosen) == (0.0, 1.0)
    told = "Quality" if whole else f"Quality {hundredths(chosen[0])} to {hundredths(chosen[1])}"
    if not table["quality"].notna().any():
        return None
    with st.popover(told, width="content", key=f"{key}-popover"):
        low, high = st.slider(
            "Quality", 0.0, 1.0, (0.0, 1.0), 0.01, on_change=_first_page, args=(kind,),
            **state.in_url(key),
        )  # fmt: skip
    return None if (low, high) == (0.0, 1.0) else (low, high)


def _first_page(kind: str) -> None:
    st.session_state[state.of(kind, state.PAGE)] = 1
