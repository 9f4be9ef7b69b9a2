"""Plotly figures from arrays and tables, all in one look; no screen is known here.

The ground is transparent and the colours stand out on white and on black alike, so that one figure
serves both themes. Shares are given from 0 to 1 and drawn in percent. What is drawn is thinned to
about MOST_POINTS, whatever the size of the set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gmv_core.types import Float64, Int64

MOST_POINTS = 2000
MOST_NAME = 22  # signs of a name on an axis; on a phone more would push the figure aside

# At least 3 : 1 on #ffffff and on #121817 (WCAG 2.2, 1.4.11).
ACCENT, QUIET, BETWEEN, WARNING = "#0d9488", "#7f8f8a", "#5b8def", "#d97706"
GRID = "rgba(128,140,136,.22)"
STANDING = {"never a candidate": QUIET, "never a contributor": BETWEEN, "contributor": ACCENT}


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
    figure = _histogram(some, edges, "value %{customdata[0]:.3g} to %{customdata[1]:.3g}")
    _framed(figure, x="value φ (logarithmic)", y="training images")
    ticks = _log_ticks(low, high)
    return figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{t:.3g}" for t in ticks])


def quality_histogram(quality: Float64, metric: str) -> go.Figure:
    """Draw how q is distributed. quality: (m,) in [0, 1], nan where it could not be judged."""
    judged = quality[np.isfinite(quality)]
    figure = _histogram(
        judged, np.linspace(0, 1, 26), "q %{customdata[0]:.2f} to %{customdata[1]:.2f}"
    )
    if len(judged):
        figure.add_vline(float(np.median(judged)), line_dash="dot", line_color=QUIET)
    _framed(figure, x=f"quality q by {escape(metric)} (dotted: the median)", y="generated images")
    return figure.update_xaxes(range=[0, 1])


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
    _framed(figure, x="training images, least valuable first", y="their share of the value")
    return figure.update_xaxes(ticksuffix=" %").update_yaxes(ticksuffix=" %")


def share_bars(
    groups: Sequence[str],
    shares: Mapping[str, Float64],
    *,
    interval: tuple[Float64, Float64] | None = None,
) -> go.Figure:
    """Draw shares of groups as bars side by side, the first group on top.

    shares: by its name in the legend, (g,) from 0 to 1; the first one is the coloured one.
    interval: low and high of the first, (g,) each.
    """
    places = np.arange(len(groups))
    figure = go.Figure()
    for (name, share), colour in zip(shares.items(), (ACCENT, QUIET), strict=False):
        error = None
        if interval is not None and colour == ACCENT:
            error = {
                "array": 100 * np.maximum(interval[1] - share, 0),
                "arrayminus": 100 * np.maximum(share - interval[0], 0),
                "color": WARNING, "thickness": 2, "width": 4,
            }  # fmt: skip
        figure.add_bar(
            y=places, x=100 * share, name=name, orientation="h", marker_color=colour,
            error_x=error, customdata=[escape(g) for g in groups],
            hovertemplate=f"%{{customdata}}: %{{x:.3g}} % {name}<extra></extra>",
        )  # fmt: skip
    _framed(figure, x="share of the whole", y="", height=90 + 44 * len(groups))
    figure.update_layout(barmode="group", bargap=0.3)
    figure.update_xaxes(ticksuffix=" %", rangemode="tozero")
    return figure.update_yaxes(
        tickvals=places, ticktext=[_short(g) for g in groups], autorange="reversed", showgrid=False
    )


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
        customdata=[escape(names[i]) for i in kept],
        hovertemplate="%{customdata}<br>%{x:.3g} without, %{y:.3g} with<extra></extra>",
    )  # fmt: skip
    _framed(figure, x="value φ without weighting", y="value φ with weighting", height=360)
    return figure.update_layout(xaxis_rangemode="tozero", yaxis_rangemode="tozero")


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
        (name, np.flatnonzero((kinds == name) & ~flags), {"color": colour, "size": 5})
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
    _framed(figure, x="", y="value φ", height=500)
    figure.update_layout(margin_t=76)  # four names take two lines on a phone
    _headed(figure, "distance to the nearest generated image", top=figure.layout.yaxis2.domain[1])
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
    _framed(figure, x="images looked at, from the bottom", y="of the known noise")
    return figure.update_yaxes(ticksuffix=" %")


def thin(n: int, most: int = MOST_POINTS) -> Int64:
    """Return at most `most` places of n, evenly spread, with the first and the last."""
    if n <= most:
        return np.arange(n)
    return np.unique(np.linspace(0, n - 1, most).round().astype(np.int64))


def _histogram(values: Float64, edges: Float64, bin_words: str) -> go.Figure:
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


def _log_ticks(low: float, high: float) -> list[float]:
    """Return up to six round numbers between low and high, fewer per decade the more decades."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [s * 10.0**e for e in decades for s in steps if low <= s * 10.0**e <= high]
        if len(ticks) <= 6:
            break
    return ticks[:: -(-len(ticks) // 6)] if ticks else [low, high]


def _short(name: str) -> str:
    """Return a user's name as plain text for an axis; Plotly reads tags otherwise."""
    return escape(name if len(name) <= MOST_NAME else name[: MOST_NAME - 1] + "…")


def _framed(figure: go.Figure, *, x: str, y: str, height: int = 300) -> go.Figure:
    """Give a figure the one look: transparent, few ticks, legend on top, axes that stay put."""
    clear = "rgba(0,0,0,0)"
    figure.update_layout(
        height=height, margin={"l": 4, "r": 12, "t": 56 if y else 30, "b": 4}, paper_bgcolor=clear,
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
    return _headed(figure, y) if y else figure


def _headed(figure: go.Figure, words: str, *, top: float = 1.0) -> go.Figure:
    """Write what a y axis measures above it: upright it would take a phone's width."""
    return figure.add_annotation(
        text=words, x=0, xref="paper", xanchor="left", y=top, yref="paper", yanchor="bottom",
        yshift=6, showarrow=False, font={"size": 13, "color": QUIET},
    )  # fmt: skip
