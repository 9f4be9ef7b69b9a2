"""Figures of quality, and of what it does to the values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from gmv_core.plots.look import ACCENT, QUIET, framed, label, thin
from gmv_core.plots.values import histogram
from gmv_core.types import Float64


def quality_histogram(quality: Float64, metric: str) -> go.Figure:
    """Draw how q is distributed. quality: (m,) in [0, 1], nan where it could not be judged."""
    judged = quality[np.isfinite(quality)]
    figure = histogram(
        judged, np.linspace(0, 1, 26), "q %{customdata[0]:.2f} to %{customdata[1]:.2f}"
    )
    if len(judged):
        figure.add_vline(float(np.median(judged)), line_dash="dot", line_color=QUIET)
    framed(figure, x=f"quality q by {label(metric)} (dotted: the median)", y="generated images")
    return figure.update_xaxes(range=[0, 1])


def weighting_scatter(names: Sequence[str], without: Float64, weighted: Float64) -> go.Figure:
    """Draw φ with quality weighting against φ without, a point a training image.

    without, weighted: (n,) φ; images with neither are left out. The line is where all points would
    lie if every generated image had the mean quality.
    """
    there = np.flatnonzero(without > 0)
    # Evenly over the range of values: the few most valuable are always drawn.
    there = there[np.argsort(without[there], kind="stable")]
    kept = there[thin(len(there))]
    figure = go.Figure()
    if len(there):
        ends = np.array([0, without[there].max()])
        figure.add_scatter(
            x=ends, y=ends * weighted[there].sum() / without[there].sum(), mode="lines",
            name="all of mean quality", hoverinfo="skip",
            line={"color": QUIET, "dash": "dot", "width": 1.5},
        )  # fmt: skip
    figure.add_scatter(
        x=without[kept], y=weighted[kept], mode="markers", name="a training image",
        marker={"color": ACCENT, "size": 7, "opacity": 0.55},
        customdata=[label(names[i]) for i in kept],
        hovertemplate="%{customdata}<br>%{x:.3g} without, %{y:.3g} with<extra></extra>",
    )  # fmt: skip
    framed(figure, x="value φ without weighting", y="value φ with weighting", height=360)
    return figure.update_layout(xaxis_rangemode="tozero", yaxis_rangemode="tozero")
