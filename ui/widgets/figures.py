"""What several pages draw alike: a row of figures in words, and a chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from gmv_core.words import percent

LEAST_PX = 165  # "Never a contributor" and its ⓘ


def metric_row(metrics: Sequence[tuple[str, str, str]]) -> None:
    """Show figures beside each other: label, value, and what it means behind the ⓘ ("": none)."""
    with st.grid(min_column_width=LEAST_PX):
        for label, value, meaning in metrics:
            st.metric(label, value, help=meaning or None)


def chart(figure: Any, alt: str) -> None:  # noqa: ANN401  (plotly ships no types)
    """Show a figure of `gmv_core.plots.values`. alt: what it shows, for a screen reader."""
    st.plotly_chart(figure, theme="streamlit", config={"displayModeBar": False}, alt=alt)


def count(n: int, of: int) -> str:
    """Return a count with its share of the whole."""
    return f"{n:,} ({percent(n / of)})" if of else f"{n:,}"
