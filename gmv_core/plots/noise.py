"""Figures of the ranking from the bottom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gmv_core.plots.look import (
    ACCENT,
    MOST_POINTS,
    QUIET,
    STANDING,
    STANDING_WORDS,
    WARNING,
    framed,
    headed,
    thin,
)
from gmv_core.types import Float64, Int64


def ranking(
    value: Float64, distance: Float64, standing: Sequence[str], noise: np.ndarray | None = None
) -> go.Figure:
    """Draw the ranking from the bottom: value, and below it the distance that breaks ties.

    value, distance: (n,), lowest rank first. standing: a key of STANDING each.
    noise: (n,) bool, known noise, marked above its place.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.16)
    kinds = np.asarray(standing)
    flags = np.zeros(len(value), bool) if noise is None else noise
    layers: list[tuple[str, Int64, dict[str, object]]] = [
        (
            STANDING_WORDS[name],
            np.flatnonzero((kinds == name) & ~flags),
            {"color": colour, "size": 5},
        )
        for name, colour in STANDING.items()
    ]
    marked = {"color": WARNING, "size": 8, "symbol": "x-thin", "line": {
        "color": WARNING, "width": 2}}  # fmt: skip
    layers.append(("known noise", np.flatnonzero(flags), marked))
    most = MOST_POINTS // (2 * len(layers))
    for name, places, marker in layers:
        kept = places[thin(len(places), most)]
        for row, heights in ((1, value), (2, distance)):
            figure.add_scatter(
                x=kept + 1, y=heights[kept], mode="markers", marker=marker, name=name,
                legendgroup=name, showlegend=row == 1 and len(places) > 0, row=row, col=1,
                hovertemplate=f"%{{x:,}} from the bottom: %{{y:.3g}}<extra>{name}</extra>",
            )  # fmt: skip
    framed(figure, x="", y="value φ", height=500)
    figure.update_layout(margin_t=76)  # four names take two lines on a phone
    headed(figure, "distance to the nearest generated image", top=figure.layout.yaxis2.domain[1])
    return figure.update_xaxes(title_text="rank from the bottom", row=2, col=1)


def noise_found(noise: np.ndarray) -> go.Figure:
    """Draw how much of the known noise is among the first so many. noise: (n,) bool by rank."""
    found = np.concatenate([[0], np.cumsum(noise)]) / max(int(noise.sum()), 1)
    seen = np.arange(len(found))
    kept = thin(len(found))
    figure = go.Figure()
    figure.add_scatter(
        x=[0, len(noise)], y=[0, 100], name="by chance", mode="lines", hoverinfo="skip",
        line={"color": QUIET, "dash": "dot", "width": 1.5},
    )  # fmt: skip
    figure.add_scatter(
        x=seen[kept], y=100 * found[kept], name="this ranking", mode="lines",
        line={"color": ACCENT, "width": 3},
        hovertemplate="the first %{x:,} hold %{y:.3g} % of the noise<extra></extra>",
    )  # fmt: skip
    framed(figure, x="images looked at, from the bottom", y="of the known noise")
    return figure.update_yaxes(ticksuffix=" %")
