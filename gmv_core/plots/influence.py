"""Figures of predicted influence: what is predicted without an owner, and the ranking by harm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from gmv_core.plots.look import (
    ACCENT,
    BETWEEN,
    MOST_POINTS,
    QUIET,
    WARNING,
    framed,
    label,
    short,
    thin,
)
from gmv_core.types import Float64


def change_dots(
    groups: Sequence[str],
    percent: Float64,
    interval: tuple[Float64, Float64],
    colours: Sequence[str],
) -> go.Figure:
    """Draw the predicted change without each group as a point with its interval, first on top.

    percent: (g,), above 0 where the generated images get worse. interval: low and high, (g,) each.
    colours: of the points.
    """
    places = np.arange(len(groups))
    low, high = interval
    figure = go.Figure()
    figure.add_scatter(
        y=places, x=percent, mode="markers", showlegend=False,
        marker={"size": 11, "color": list(colours)},
        error_x={"array": high - percent, "arrayminus": percent - low, "color": QUIET,
                 "thickness": 2, "width": 4},
        customdata=[[label(g), a, b] for g, a, b in zip(groups, low, high, strict=True)],
        hovertemplate="without %{customdata[0]}: %{x:+.3g} %"
        "<br>%{customdata[1]:+.3g} to %{customdata[2]:+.3g} %<extra></extra>",
    )  # fmt: skip
    figure.add_vline(x=0, line={"color": QUIET, "width": 1})
    framed(
        figure, x="predicted change of the error without them", y="", height=90 + 30 * len(groups)
    )
    figure.update_xaxes(ticksuffix=" %")
    return figure.update_yaxes(
        tickvals=places, ticktext=[short(g) for g in groups], autorange="reversed", showgrid=False
    )


def harm_ranking(percent: Float64, noise: np.ndarray | None = None) -> go.Figure:
    """Draw each training image's influence on the set by its rank, the most harmful first.

    percent: (n,) of the error, rising. noise: (n,) bool, known noise, marked.
    """
    flags = np.zeros(len(percent), bool) if noise is None else noise
    marked = {"color": WARNING, "size": 8, "symbol": "x-thin", "line": {
        "color": WARNING, "width": 2}}  # fmt: skip
    layers = (
        ("harmful", (percent < 0) & ~flags, {"color": BETWEEN, "size": 5}),
        ("helpful", (percent >= 0) & ~flags, {"color": ACCENT, "size": 5}),
        ("known noise", flags, marked),
    )
    figure = go.Figure()
    for name, mine, marker in layers:
        places = np.flatnonzero(mine)
        kept = places[thin(len(places), MOST_POINTS // len(layers))]
        figure.add_scatter(
            x=kept + 1, y=percent[kept], mode="markers", marker=marker, name=name,
            showlegend=len(places) > 0,
            hovertemplate=f"%{{x:,}} from the bottom: %{{y:+.3g}} %<extra>{name}</extra>",
        )  # fmt: skip
    framed(
        figure,
        x="rank, the most harmful first",
        y="predicted influence, mean over the set",
        height=340,
    )
    return figure.update_yaxes(ticksuffix=" %")
