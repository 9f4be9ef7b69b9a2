"""How one image's quality is shared out among its contributors, as bars."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from gmv_core.matching.contributors import Contributor
from gmv_core.plots.look import ACCENT, GRID, QUIET, label, owner_colours

ROW_PX, MOST_ROWS_PX = 24, 480


def weight_bars(contributors: Sequence[Contributor], owners: Sequence[str]) -> go.Figure:
    """Draw the part of an image's quality that each contributor gets, the nearest on top.

    owners: all owners of the training set in a fixed order, so that a colour means the same on
    every image; with none, all bars have the one colour.
    """
    colours = owner_colours(owners) | {"": QUIET if owners else ACCENT}
    shown: dict[str, list[Contributor]] = {}
    for one in contributors:
        shown.setdefault(one.owner if one.owner in colours else "", []).append(one)
    figure = go.Figure()
    for owner, own in shown.items():
        figure.add_bar(
            y=[one.rank for one in own], x=[100 * one.weight for one in own], orientation="h",
            name=label(owner) or "no owner", marker_color=colours[owner],
            showlegend=bool(owners),
            customdata=[[label(one.training), one.value] for one in own],
            hovertemplate="%{y}. %{customdata[0]}<br>%{x:.3g} % of the quality: "
            f"value %{{customdata[1]:.3g}}<extra>{label(owner)}</extra>",
        )  # fmt: skip
    legend_px = 21 * len(shown) if owners else 0
    rows_px = min(ROW_PX * len(contributors), MOST_ROWS_PX)
    clear = "rgba(0,0,0,0)"
    figure.update_layout(
        barmode="stack", bargap=0.25, height=rows_px + legend_px + 56, paper_bgcolor=clear,
        plot_bgcolor=clear, margin={"l": 4, "r": 8, "t": 8 + legend_px, "b": 40}, dragmode=False,
        font_size=12,
        legend={"orientation": "v", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
    )  # fmt: skip
    figure.update_xaxes(
        title_text="share of the quality", ticksuffix=" %", nticks=4, rangemode="tozero",
        gridcolor=GRID, zeroline=False, fixedrange=True,
    )  # fmt: skip
    ticks = {"dtick": 1} if len(contributors) <= 20 else {"nticks": 10}
    return figure.update_yaxes(
        autorange="reversed", showgrid=False, zeroline=False, fixedrange=True, **ticks
    )
