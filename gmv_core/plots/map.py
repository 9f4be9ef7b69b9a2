"""The map of a training set: its images as points, the generated images over them.

What is drawn is thinned by density to MOST_DRAWN points, and written as numbers of four bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from gmv_core.plots.look import (
    ACCENT,
    ALARM,
    BETWEEN,
    GRID,
    OWNER_COLOURS,
    QUIET,
    WARNING,
    label,
    short,
)
from gmv_core.types import Float32, Floats, Int64

MOST_DRAWN = 50_000
MOST_GENERATED = 5_000
TRAINING, GENERATED = "training", "generated"  # the meta of their traces
CELLS = 256  # a side of the grid in which points are thinned
MOST_KINDS = 10  # that have a colour of their own; the others share one
KINDS = (BETWEEN, WARNING, ACCENT, *OWNER_COLOURS, ALARM)
RISING = [[0.0, BETWEEN], [0.5, ACCENT], [1.0, WARNING]]
SIGNED = [[0.0, WARNING], [0.5, QUIET], [1.0, ACCENT]]


@dataclass(frozen=True)
class Kinds:
    """Points of a few kinds. codes: (n,) places in names, −1 for none. colours: by name."""

    codes: Int64
    names: Sequence[str]
    colours: Mapping[str, str]


@dataclass(frozen=True)
class Amounts:
    """Points by a number. amounts: (n,). signed: below 0 means the opposite, else 0 means none."""

    amounts: Floats
    title: str
    signed: bool = False


def kinds(codes: Int64, names: Sequence[str], colours: Mapping[str, str] | None = None) -> Kinds:
    """Return points by kind, the most frequent ones with colours of their own.

    codes: (n,) places in names, −1 for none; a name "" is none, too. colours: of names that have
    theirs already, as owners do.
    """
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    counts = np.where([name == "" for name in names], 0, counts)
    often = np.sort(np.argsort(-counts, kind="stable")[:MOST_KINDS])
    often = often[counts[often] > 0]
    place_of = np.full(len(names) + 1, -1)  # the last one: of none
    place_of[often] = np.arange(len(often))
    chosen = [str(names[place]) for place in often]
    own = dict(zip(chosen, KINDS, strict=False)) if colours is None else dict(colours)
    return Kinds(place_of[codes], chosen, own)


def thin_by_density(points: Floats, most: int = MOST_DRAWN, *, seed: int = 0) -> Int64:
    """Return at most `most` places of (n, 2) points, in order: what lies alone stays.

    Every cell of a grid keeps its first points before any keeps one more.
    """
    if len(points) <= most:
        return np.arange(len(points))
    low, span = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    cells = np.minimum((CELLS * (points - low) / span).astype(np.int64), CELLS - 1)
    order = np.random.default_rng(seed).permutation(len(points))
    cell = (cells[:, 0] * CELLS + cells[:, 1])[order]
    by_cell = np.argsort(cell, kind="stable")
    starts = np.flatnonzero(np.diff(cell[by_cell], prepend=-1))
    turn = np.empty(len(points), np.int64)
    turn[by_cell] = np.arange(len(points)) - np.repeat(starts, np.diff(starts, append=len(points)))
    return np.sort(order[np.argsort(turn, kind="stable")[:most]])


def map_figure(
    points: Float32,
    ids: Int64,
    colour: Kinds | Amounts | None = None,
    *,
    generated: Float32 | None = None,
    generated_ids: Int64 | None = None,
    selected: np.ndarray | None = None,
    generated_selected: np.ndarray | None = None,
    kept: Int64 | None = None,
    dropped: Float32 | None = None,
    dropped_names: Sequence[str] = (),
    revision: str = "",
    height: int = 620,
) -> go.Figure:
    """Draw training images, (n, 2), and generated ones over them, (m, 2) or None.

    ids, generated_ids: their rows, each point's customdata. selected, generated_selected: (n,) and
    (m,) bool; where any is selected, the others fade. kept: of `thin_by_density`, where that is
    known. dropped: (d, 2) of images that are in no set, nan for one without a place. revision: with
    another one, what was drawn by hand around points is gone.
    """
    kept = thin_by_density(points) if kept is None else kept
    if selected is not None and selected.any():
        ours = np.flatnonzero(selected)
        kept = np.union1d(kept, ours[thin_by_density(points[ours], MOST_DRAWN // 5)])
    figure = go.Figure()
    size = 3.5 if len(kept) > 20_000 else 5 if len(kept) > 2_000 else 7
    for layer in _layers(kept, colour):
        _points(figure, points, ids, layer, size, selected)
    if generated is not None and generated_ids is not None:
        _generated(figure, generated, generated_ids, generated_selected)
    if dropped is not None:
        figure.add_scattergl(  # an SVG trace would lie below the others
            x=dropped[:, 0], y=dropped[:, 1], mode="markers", name="dropped images",
            hovertext=[label(name) for name in dropped_names], hoverinfo="text",
            marker={"symbol": "star", "size": 18, "color": ALARM,
                    "line": {"width": 1.5, "color": "#ffffff"}},
        )  # fmt: skip
    return _framed(figure, revision, height)


@dataclass(frozen=True)
class _Layer:
    places: Int64
    name: str
    marker: dict[str, object]


def _layers(kept: Int64, colour: Kinds | Amounts | None) -> list[_Layer]:
    """Return the training points that are drawn alike, those without a colour first."""
    if colour is None:
        return [_Layer(kept, "training images", {"color": QUIET})]
    if isinstance(colour, Kinds):
        codes = colour.codes[kept]
        found = [_Layer(kept[codes < 0], "others", {"color": QUIET, "opacity": 0.6})]
        for code, name in enumerate(colour.names):
            shade = {"color": colour.colours.get(name, QUIET), "opacity": 0.8}
            found.append(_Layer(kept[codes == code], name, shade))
        return [layer for layer in found if len(layer.places)]
    amounts = np.asarray(colour.amounts, float)[kept]
    none = ~np.isfinite(amounts) | (amounts == 0)
    return [
        _Layer(kept[none], f"no {colour.title}", {"color": QUIET, "opacity": 0.5}),
        _Layer(kept[~none], colour.title, _scale(amounts[~none], colour)),
    ]


def _scale(amounts: Floats, colour: Amounts) -> dict[str, object]:
    if not len(amounts):
        return {}
    # Inside the frame: beside it, a phone would have no room for the points.
    bar = {"title": {"text": colour.title, "side": "top"}, "thickness": 10, "len": 0.5,
           "outlinewidth": 0, "x": 0.99, "xanchor": "right", "y": 0.98,
           "yanchor": "top"}  # fmt: skip
    if colour.signed:
        most = float(np.quantile(np.abs(amounts), 0.98))
        return {"color": amounts.astype(np.float32), "colorscale": SIGNED, "cmin": -most,
                "cmax": most, "colorbar": bar, "opacity": 0.85}  # fmt: skip
    logs = np.log10(amounts).astype(np.float32)
    low, high = np.quantile(logs, (0.02, 0.98))
    ticks = np.linspace(float(low), float(high), 4)
    bar |= {"tickvals": ticks, "ticktext": [f"{10**tick:.2g}" for tick in ticks]}
    return {"color": logs, "colorscale": RISING, "cmin": ticks[0], "cmax": ticks[-1],
            "colorbar": bar, "opacity": 0.85}  # fmt: skip


def _points(
    figure: go.Figure,
    points: Float32,
    ids: Int64,
    layer: _Layer,
    size: float,
    selected: np.ndarray | None,
) -> None:
    at = layer.places
    ours = None if selected is None or not selected.any() else np.flatnonzero(selected[at])
    figure.add_scattergl(
        x=points[at, 0], y=points[at, 1], customdata=ids[at].astype(np.int32), mode="markers",
        name=short(layer.name), meta=TRAINING, hoverinfo="none",
        marker={"size": size, **layer.marker}, selectedpoints=ours,
        selected_marker_opacity=0.95, unselected_marker_opacity=0.12,
    )  # fmt: skip


def _generated(figure: go.Figure, points: Float32, ids: Int64, selected: np.ndarray | None) -> None:
    there = np.flatnonzero(np.isfinite(points[:, 0]))
    there = there[thin_by_density(points[there], MOST_GENERATED)]
    ours = None if selected is None or not selected.any() else np.flatnonzero(selected[there])
    figure.add_scattergl(
        x=points[there, 0], y=points[there, 1], customdata=ids[there].astype(np.int32),
        mode="markers", name="generated images", meta=GENERATED, hoverinfo="none",
        marker={"symbol": "diamond", "size": 9, "color": "#ffffff",
                "line": {"width": 1.5, "color": "#111817"}},
        selectedpoints=ours, selected_marker_opacity=1,
        unselected_marker_opacity=1 if ours is None else 0.3,
    )  # fmt: skip


def _framed(figure: go.Figure, revision: str, height: int) -> go.Figure:
    clear = "rgba(0,0,0,0)"
    # Neither axis has a unit: only who is near whom means anything.
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(showticklabels=False, ticks="", zeroline=False, showgrid=False)
    return figure.update_layout(
        height=height, margin={"l": 0, "r": 0, "t": 34, "b": 0}, paper_bgcolor=clear,
        plot_bgcolor=clear, font_size=13, dragmode="lasso", hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top",
                "itemsizing": "constant", "title_text": "", "traceorder": "normal"},
        modebar={"bgcolor": clear, "color": QUIET, "activecolor": ACCENT},
        uirevision="stay", selectionrevision=revision,
        newselection={"line": {"color": ACCENT, "width": 2}},
        shapes=[{"type": "rect", "xref": "paper", "yref": "paper", "x0": 0, "x1": 1, "y0": 0,
                 "y1": 1, "line": {"color": GRID, "width": 1}}],
    )  # fmt: skip
