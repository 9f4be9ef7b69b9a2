"""Plotly figures from arrays and tables, all in one look; no screen is known here.

The ground is transparent and the colours stand out on white and on black alike, so that one figure
serves both themes. Shares are given from 0 to 1 and drawn in percent. What is drawn is thinned to
about MOST_POINTS, whatever the size of the set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from gmv_core.plots.look import ACCENT, QUIET, framed, label, short, thin
from gmv_core.types import Float64


def value_histogram(values: Float64) -> go.Figure:
    """Draw how φ is distributed over the training images that have any, bins even in log φ.

    values: (n,) φ ≥ 0; the zeros are left out, for they would hide the rest.
    """
    some = values[values > 0]
    low, high = (some.min(), some.max()) if len(some) else (0.1, 1.0)
    if low == high:
        low, high = low / 1.2, high * 1.2
    edges = np.geomspace(low, high, 31)
    edges[0], edges[-1] = low, high  # rounding would push the extremes out
    figure = histogram(some, edges, "value %{customdata[0]:.3g} to %{customdata[1]:.3g}")
    framed(figure, x="value φ (logarithmic)", y="training images")
    ticks = log_ticks(low, high)
    return figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{t:.3g}" for t in ticks])


def lorenz_curve(images: Float64, value: Float64) -> go.Figure:
    """Draw the Lorenz curve. images, value: (n + 1,) cumulative shares, least valuable first."""
    kept = thin(len(images))
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100], y=[0, 100], name="all equal", mode="lines",
        line={"color": QUIET, "dash": "dot", "width": 1.5}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=100 * images[kept], y=100 * value[kept], name="this training set", mode="lines",
        line={"color": ACCENT, "width": 3}, fill="tozeroy", fillcolor="rgba(13,148,136,.12)",
        hovertemplate="the least valuable %{x:.3g} % of the images"
        "<br>earn %{y:.3g} % of the value<extra></extra>",
    )  # fmt: skip
    framed(figure, x="training images, least valuable first", y="their share of the value")
    return figure.update_xaxes(ticksuffix=" %").update_yaxes(ticksuffix=" %")


def share_dots(
    groups: Sequence[str],
    share: Float64,
    interval: tuple[Float64, Float64],
    of_images: Float64,
    colours: Sequence[str],
) -> go.Figure:
    """Draw each group's share of the value as a dot with its interval, a tick at that of images.

    share, of_images: (g,) from 0 to 1, the first group on top. interval: low and high, (g,) each.
    colours: of the dots.
    """
    places, (low, high) = np.arange(len(groups)), interval
    figure = go.Figure()
    for place, colour in zip(places, colours, strict=True):
        name, at = label(groups[int(place)]), 100 * share[place]
        figure.add_scatter(
            x=[at], y=[place], mode="markers", showlegend=False, name=name,
            marker={"size": 11, "color": colour},
            error_x={"array": [max(100 * high[place] - at, 0)], "width": 5, "thickness": 2.5,
                     "arrayminus": [max(at - 100 * low[place], 0)], "color": colour},
            hovertemplate=f"{name}<br>%{{x:.3g}} % of the value, {100 * low[place]:.3g} to "
            f"{100 * high[place]:.3g} %<br>{100 * of_images[place]:.3g} % of the images"
            "<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=100 * of_images, y=places, mode="markers", name="share of the images", hoverinfo="skip",
        marker={"symbol": "line-ns-open", "size": 20, "color": QUIET, "line": {"width": 2.5}},
    )  # fmt: skip
    figure.add_scatter(
        x=[None], y=[None], mode="markers", name="share of the value, 95 % interval",
        marker={"size": 11, "color": QUIET}, hoverinfo="skip",
    )  # fmt: skip
    return _by_group(framed(figure, x="share of the whole", y="", height=96 + 40 * len(groups)),
                     groups)  # fmt: skip


def share_bars(groups: Sequence[str], shares: Mapping[str, Float64]) -> go.Figure:
    """Draw shares of groups as bars side by side, the first group on top.

    shares: by its name in the legend, (g,) from 0 to 1; the first one is the coloured one.
    """
    places = np.arange(len(groups))
    figure = go.Figure()
    for (name, share), colour in zip(shares.items(), (ACCENT, QUIET), strict=False):
        figure.add_bar(
            y=places, x=100 * share, name=name, orientation="h", marker_color=colour,
            customdata=[label(g) for g in groups],
            hovertemplate=f"%{{customdata}}: %{{x:.3g}} % {name}<extra></extra>",
        )  # fmt: skip
    framed(figure, x="share of the whole", y="", height=90 + 44 * len(groups))
    return _by_group(figure.update_layout(barmode="group", bargap=0.3), groups)


def _by_group(figure: go.Figure, groups: Sequence[str]) -> go.Figure:
    figure.update_xaxes(ticksuffix=" %", rangemode="tozero")
    return figure.update_yaxes(
        tickvals=np.arange(len(groups)), ticktext=[short(g) for g in groups], showgrid=False,
        range=[len(groups) - 0.5, -0.5],
    )  # fmt: skip


def parts_bar(parts: Mapping[str, int], colours: Sequence[str]) -> go.Figure:
    """Draw counts as one bar of parts. parts: by their names, from the left."""
    whole = max(sum(parts.values()), 1)
    figure = go.Figure()
    for (name, count), colour in zip(parts.items(), colours, strict=True):
        figure.add_bar(
            y=[0], x=[100 * count / whole], name=f"{name}: {count:,}", orientation="h",
            marker_color=colour, customdata=[count],
            hovertemplate=f"{name}: %{{customdata:,}} images, %{{x:.3g}} %<extra></extra>",
        )  # fmt: skip
    framed(figure, x="training images", y="", height=132).update_layout(barmode="stack", bargap=0)
    figure.update_xaxes(ticksuffix=" %", range=[0, 100])
    return figure.update_yaxes(visible=False)


def histogram(values: Float64, edges: Float64, bin_words: str) -> go.Figure:
    """Return bars counted here: the browser never gets the values."""
    counts = np.histogram(values, edges)[0]
    low, high = edges[:-1], edges[1:]
    figure = go.Figure()
    figure.add_bar(
        x=(low + high) / 2, y=counts, width=high - low, marker_color=ACCENT, showlegend=False,
        marker_line={"color": "rgba(0,0,0,0)", "width": 1}, customdata=np.stack([low, high], 1),
        hovertemplate=f"%{{y:,}} images with {bin_words}<extra></extra>",
    )  # fmt: skip
    return figure.update_layout(bargap=0)


def log_ticks(low: float, high: float) -> list[float]:
    """Return up to six round numbers between low and high, fewer per decade the more decades."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [s * 10.0**e for e in decades for s in steps if low <= s * 10.0**e <= high]
        if len(ticks) <= 6:
            break
    return ticks[:: -(-len(ticks) // 6)] if ticks else [low, high]
