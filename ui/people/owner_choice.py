"""Whose answer it is: a column, then one of its values, by name or by a picture of theirs."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gmv_core import Result
from gmv_core.store.columns import groups_of
from gmv_core.words import visible
from ui.doors import matchers, owners
from ui.frame import shell, state
from ui.frame.markdown import plain, safe
from ui.widgets.writing import may_bring

MOST_OPTIONS = 1000  # names that the list offers; any other, or a part of it, can be typed
SIMILAR = 12


def choose_column(result: Result) -> str | None:
    """Draw the choice of the column, if there are several; return it, None where there is none."""
    columns = owners.columns(result)
    if not columns:
        st.info(
            "This training set names no owners, labels or other attributes. Bring it with a CSV of "
            "the columns name and owner to see what each owner gets.",
            icon=":material/info:",
        )
        return None
    if st.session_state.get(state.BY) not in columns:
        st.session_state[state.BY] = columns[0]
    if len(columns) == 1:
        return columns[0]
    return st.selectbox(
        "Grouped by", columns, width=200, label_visibility="collapsed",
        format_func=lambda column: f"By {visible(column)}",
        help="By what the training images are grouped: their owner, label, or any other column.",
        on_change=_forget, **state.in_url(state.BY),
    )  # fmt: skip


def _forget() -> None:
    st.session_state[state.WHOSE] = None


def choose(result: Result, by: str, shares: pd.DataFrame, row: DeltaGenerator) -> str | None:
    """Draw the choice of one group in a row; return its name, None where the address names none."""
    names = [name for name in shares[by] if name]
    if not names:
        st.info(f"No image that could be read has the column {plain(by)}.", icon=":material/info:")
        return None
    asked = st.session_state.get(state.WHOSE) or names[0]
    st.session_state[state.WHOSE] = asked
    with row:
        name = st.selectbox(
            plain(by.capitalize()), state.with_chosen(state.WHOSE, names[:MOST_OPTIONS]),
            format_func=visible,
            accept_new_options=len(names) > MOST_OPTIONS, width="stretch",
            label_visibility="collapsed",
            **state.in_url(state.WHOSE),
        )  # fmt: skip
        with st.popover("Find by a picture", icon=":material/image_search:", width="content"):
            by_picture(result, by)
    if name in set(names):
        return str(name)
    st.warning(
        f"No training image has the {plain(by)} “{plain(name)}”; choose another.",
        icon=":material/link_off:",
    )
    _similar(names, str(name))
    return None


def _similar(names: list[str], part: str) -> None:
    """Offer the groups whose names hold a part that was typed, the most valuable first."""
    found = [name for name in names if part.strip().casefold() in name.casefold()]
    if not found:
        return
    with st.container(horizontal=True):
        for name in found[:SIMILAR]:
            st.button(plain(name), key=f"similar-{name}", on_click=_see, args=(name,))
    if len(found) > SIMILAR:
        st.caption(f"… and {len(found) - SIMILAR:,} more with that in their name.")


def by_picture(result: Result, by: str) -> None:
    """Let a picture say whose answer is looked for."""
    if not may_bring():
        return
    st.markdown("Drop a picture of yours: if it, or a near copy, is a training image, you see "
                f"the answer of its {plain(by)}. Nothing is kept.")  # fmt: skip
    file = st.file_uploader("A picture", label_visibility="collapsed", key="owner-picture")
    if file is None:
        return
    with shell.telling():
        sought = matchers.sought(result.training, file.getvalue())
        st.markdown(safe(sought.sentence))
        groups = groups_of(result.training, by)
        found = sorted({groups[one.row] for one in sought.found} - {""})
        for name in found:
            st.button(
                f"See {plain(name)}", key=f"see-{name}", icon=":material/arrow_forward:",
                on_click=_see, args=(name,),
            )  # fmt: skip
        if sought.found and not found:
            st.caption(f"It has no {plain(by)}.")


def _see(name: str) -> None:
    st.session_state[state.WHOSE] = name
