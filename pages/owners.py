"""Owners: what one owner gets, how sure that is, and what would change it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.results.owners.answer import many_sentence
from gmv_core.words import counted, percent, visible
from ui.doors import owners as doors
from ui.frame import shell, state
from ui.frame.markdown import plain
from ui.people.owner_answer import copies, headline, pictures, predicted, what_if
from ui.people.owner_choice import choose, choose_column
from ui.widgets import influence


def owners() -> None:
    st.title("Owners")
    result = shell.need_run()
    by_influence = influence.switch()
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    with row:
        by = choose_column(result)
    if by is None:
        return
    shares = doors.grouped(result, by).shares
    name = choose(result, by, shares, row)
    if name is not None:
        answer = doors.answer(result, name, by)
        if by_influence:
            predicted(result, answer)
        else:
            headline(result, answer)
            pictures(result, answer)
            copies(result, answer)
            what_if(result, answer)
    if not by_influence:
        everyone(result, by, shares)


def everyone(result: Result, by: str, shares: pd.DataFrame) -> None:
    """Draw the table of all groups; a row that is chosen is looked at."""
    named = shares[shares[by] != ""].reset_index(drop=True)
    if named.empty:
        return
    st.header(f"All {counted(len(named), plain(by))}")

    def look() -> None:
        rows = st.session_state["owners-table"]["selection"]["rows"]
        if rows:
            st.session_state[state.WHOSE] = named[by][rows[0]]

    table = pd.DataFrame(
        {
            visible(by.capitalize()): named[by].map(visible),
            "Share of value": 100 * named["share_of_value"],
            "95 % from": 100 * named["low"],
            "95 % to": 100 * named["high"],
            "Share of images": 100 * named["share_of_images"],
            "Images": named["images"],
        }
    )
    shown = st.column_config.NumberColumn(format="%.3g %%")
    st.dataframe(
        table, hide_index=True, key="owners-table", on_select=look, selection_mode="single-row",
        column_config=dict.fromkeys(
            ["Share of value", "95 % from", "95 % to", "Share of images"], shown
        ),
    )  # fmt: skip
    if many := many_sentence(len(named)):
        st.caption(many)
    rest = shares.loc[shares[by] == "", ["images", "share_of_value"]]
    for images, share in rest.itertuples(index=False):
        get = "gets" if images == 1 else "get"
        st.caption(f"{counted(images, 'image')} without one {get} {percent(share)} of the value.")


shell.show(owners)
