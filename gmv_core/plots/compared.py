"""Figures of two results beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from gmv_core.plots.look import QUIET, framed, label, short
from gmv_core.types import Float64

RING_PX = 13
PALE = 0.6  # of a difference that may be none


def share_dumbbells(
    groups: Sequence[str],
    shares: tuple[Float64, Float64],
    interval: tuple[Float64, Float64],
    colours: Sequence[str],
    names: tuple[str, str],
) -> go.Figure:
    """Draw each group's share in two results as a ring and a dot with a line between, first on top.

    shares: in the first and the second, (g,) each from 0 to 1. interval: low and high of the
    difference; where it holds 0, the group is pale. colours: of the groups. names: of the results.
    """
    (first, second), (low, high) = shares, interval
    figure = go.Figure()
    for place, colour in enumerate(colours):
        clear = low[place] > 0 or high[place] < 0
        told = (
            f"{label(groups[place])}<br>{label(names[0])}: {100 * first[place]:.3g} %<br>"
            f"{label(names[1])}: {100 * second[place]:.3g} %<br>difference "
            f"{100 * (second[place] - first[place]):+.3g} points, {100 * low[place]:+.3g} to "
            f"{100 * high[place]:+.3g}<extra></extra>"
        )
        figure.add_scatter(
            x=[100 * second[place], 100 * first[place]], y=[place, place], mode="lines+markers",
            showlegend=False, opacity=1 if clear else PALE, hovertemplate=told,
            line={"color": colour, "width": 4, "backoff": RING_PX / 2},
            marker={"symbol": ["circle", "circle-open"], "size": RING_PX, "color": colour,
                    "opacity": 1, "line": {"width": 2.5, "color": colour}},
        )  # fmt: skip
    for name, symbol in zip(names, ("circle-open", "circle"), strict=True):
        figure.add_scatter(
            x=[None], y=[None], mode="markers", name=label(name), hoverinfo="skip",
            marker={"symbol": symbol, "size": 11, "color": QUIET, "line": {"width": 2.5}},
        )  # fmt: skip
    framed(figure, x="share of the value", y="", height=96 + 40 * len(groups))
    figure.update_xaxes(ticksuffix=" %", rangemode="tozero")
    return figure.update_yaxes(
        tickvals=np.arange(len(groups)), ticktext=[short(g) for g in groups], showgrid=False,
        range=[len(groups) - 0.5, -0.5],
    )  # fmt: skip
