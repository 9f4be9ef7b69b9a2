"""What several pages draw alike: a row of figures in words, a chart, and a table's downloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from gmv_core.results.selection import as_csv, as_parquet
from gmv_core.words import percent
from ui.frame import state

LEAST_PX = 165  # "Never a contributor" and its ⓘ


def metric_row(metrics: Sequence[tuple[str, str, str]]) -> None:
    """Show figures beside each other: label, value, and what it means behind the ⓘ ("": none)."""
    with st.grid(min_column_width=LEAST_PX):
        for label, value, meaning in metrics:
            st.metric(label, value, help=meaning or None)


def chart(figure: Any, alt: str) -> None:  # noqa: ANN401  (plotly ships no types)
    """Show a figure of `gmv_core.plots.values`. alt: what it shows, for a screen reader."""
    st.plotly_chart(figure, theme="streamlit", config={"displayModeBar": False}, alt=alt)


def grouped_by(known: Sequence[str]) -> str:
    """Draw by what shares are shown, where there is a choice, and return it."""
    if st.session_state.get(state.GROUPED) not in known:  # another result has other columns
        st.session_state[state.GROUPED] = known[0]
    if len(known) == 1:
        return known[0]
    return st.segmented_control(
        "Shares by",
        known,
        format_func=lambda by: f"By {by}",
        required=True,
        label_visibility="collapsed",
        **state.in_url(state.GROUPED, unsaid=known[0]),
    ) or known[0]  # fmt: skip


def count(n: int, of: int) -> str:
    """Return a count with its share of the whole."""
    return f"{n:,} ({percent(n / of)})" if of else f"{n:,}"


def downloads(file: str, key: str, table: Callable[[], pd.DataFrame]) -> None:
    """Draw the buttons that download a table as CSV and as Parquet; it is made on the click.

    file: the name of the file, without its ending. key: the buttons are <key>-csv, <key>-parquet.
    """
    for kind, name, write in (("csv", "CSV", as_csv), ("parquet", "Parquet", as_parquet)):
        st.download_button(
            name,
            lambda write=write: write(table()),
            file_name=f"{file}.{kind}",
            key=f"{key}-{kind}",
            on_click="ignore",
            icon=":material/download:",
        )


def download_csv(words: str, file: str, table: pd.DataFrame, key: str | None = None) -> None:
    """Draw a quiet button that downloads a table as CSV. file: its name, without the ending."""
    st.download_button(
        words,
        lambda: as_csv(table),
        file_name=f"{file}.csv",
        mime="text/csv",
        key=key,
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )
