"""The one look of all figures: colours, thinning, frame.

The ground is transparent and the colours stand out on white and on black alike, so that one figure
serves both themes. What is drawn is thinned to about MOST_POINTS, whatever the size of the set.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from gmv_core.types import Int64
from gmv_core.words import visible

MOST_POINTS = 2000
MOST_NAME = 22  # signs of a name on an axis; on a phone more would push the figure aside
# At least 3 : 1 on #ffffff and on #121817 (WCAG 2.2, 1.4.11), and all told apart, by the
# colour-blind, too: tests/plots/test_look.py.
ACCENT, QUIET, BETWEEN, WARNING, ALARM = "#0d9488", "#646e6a", "#5b8def", "#d97706", "#dc2626"
OWNER_COLOURS = ("#9c4890", "#9c9060", "#e44884", "#906c54", "#6c60cc", "#a884b4")
LEGEND_PX = 26  # a line of the legend, or of the words above an axis
GRID = "rgba(128,140,136,.22)"
# By what the tables hold; beside it, what is written for it where a person reads.
STANDING = {"never a candidate": QUIET, "never a contributor": BETWEEN, "contributor": ACCENT}
STANDING_WORDS = {
    "never a candidate": "never near",
    "never a contributor": "candidate only",
    "contributor": "contributor",
}


def owner_colours(owners: Sequence[str]) -> dict[str, str]:
    """Return the colour of each owner, the same on every page.

    owners: all owners of the training set, in alphabetical order. Past the palette's end colours
    repeat: then a name stands beside them.
    """
    return {owner: OWNER_COLOURS[i % len(OWNER_COLOURS)] for i, owner in enumerate(owners)}


def thin(n: int, most: int = MOST_POINTS) -> Int64:
    """Return at most `most` places of n, evenly spread, with the first and the last."""
    if n <= most:
        return np.arange(n)
    return np.unique(np.linspace(0, n - 1, most).round().astype(np.int64))


def short(name: str) -> str:
    """Return a user's name as plain text for an axis, cut where it is long."""
    return label(name if len(name) <= MOST_NAME else name[: MOST_NAME - 1] + "…")


def label(text: str) -> str:
    """Return a user's text for a figure: Plotly reads tags, and %{…} in what a point is told by."""
    return escape(visible(text)).replace("%{", "%\u2060{")


def framed(figure: go.Figure, *, x: str, y: str, height: int = 300) -> go.Figure:
    """Give a figure the one look: transparent, few ticks, legend on top, axes that stay put.

    figure: with all its traces; where only one has a name, no room is left for a legend.
    """
    clear = "rgba(0,0,0,0)"
    named = sum(trace.showlegend is not False for trace in figure.data)
    top = (
        4 + (LEGEND_PX if named > 1 else 0) + (LEGEND_PX if y else 0)
    )  # Plotly names no single one
    figure.update_layout(
        height=height, margin={"l": 4, "r": 12, "t": top, "b": 4}, paper_bgcolor=clear,
        plot_bgcolor=clear, font_size=13, dragmode=False, hovermode="closest",
        legend={"orientation": "h", "x": 0, "xref": "container", "y": 1, "yref": "container",
                "yanchor": "top", "title_text": "", "traceorder": "normal"},
    )  # fmt: skip
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(
            automargin=True, nticks=6, gridcolor=GRID, zeroline=False, title_standoff=8,
            fixedrange=True,  # a finger that scrolls the page must not zoom the figure
        )  # fmt: skip
    figure.update_xaxes(title_text=x)
    return headed(figure, y) if y else figure


def headed(figure: go.Figure, words: str, *, top: float = 1.0) -> go.Figure:
    """Write what a y axis measures above it: upright it would take a phone's width."""
    return figure.add_annotation(
        text=words, x=0, xref="paper", xanchor="left", y=top, yref="paper", yanchor="bottom",
        yshift=6, showarrow=False, font_size=13, opacity=0.75,
    )  # fmt: skip
