"""Where yes ends: the verdicts of a review by distance."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from gmv_core.measures.half_point import HalfPoint
from gmv_core.plots.look import ACCENT, QUIET, WARNING, framed
from gmv_core.types import Float64
from gmv_core.words import number

BINS = 6
POINTS = 120


def by_distance(
    distance: Float64, yes: Float64, half: HalfPoint | None, reach: float | None
) -> go.Figure:
    """Draw the share of yes in equal parts of the verdicts, the curve, and both distances.

    distance: (n,). yes: (n,) 1 or 0. half: the curve, None where there is none. reach: up to where
    a match is convincing by the null.
    """
    figure, order = go.Figure(), np.argsort(distance, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    figure.add_scatter(
        x=[distance[part].mean() for part in parts], y=[100 * yes[part].mean() for part in parts],
        mode="markers", marker={"size": 10, "color": ACCENT}, name="verdicts, a sixth each",
        customdata=[len(part) for part in parts],
        hovertemplate="%{y:.3g} % yes of %{customdata} verdicts<extra></extra>",
    )  # fmt: skip
    ends = [float(distance.min()), float(distance.max())]
    if half is not None:
        x = np.linspace(ends[0], ends[1], POINTS)
        figure.add_scatter(
            x=x, y=100 / (1 + np.exp(-(half.intercept + half.slope * x))), mode="lines",
            line={"color": ACCENT, "width": 2}, name="fitted curve", hoverinfo="skip",
        )  # fmt: skip
    lines = [] if half is None or half.side else [("half are yes", half.at, ACCENT, "dot")]
    lines += [] if reach is None else [("convincing up to", reach, WARNING, "dash")]
    for name, at, colour, dash in lines:
        ends += [at]
        figure.add_scatter(
            x=[at, at], y=[0, 100], mode="lines", line={"color": colour, "dash": dash, "width": 2},
            name=f"{name}: {number(at)}", hoverinfo="name",
        )  # fmt: skip
    figure.add_hline(50, line={"color": QUIET, "width": 1, "dash": "dot"})
    framed(figure, x="distance between the two images", y="", height=340)
    figure.update_layout(margin_t=64)  # room for a legend of two lines
    room = 0.04 * (max(ends) - min(ends))
    figure.update_xaxes(range=[min(ends) - room, max(ends) + room])
    return figure.update_yaxes(ticksuffix=" %", range=[-4, 104])
