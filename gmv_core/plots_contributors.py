"""How one image's quality is shared out among its contributors, as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from gmv_core.contributors import Contributor
from gmv_core.plots import ACCENT, BETWEEN, QUIET, WARNING

# After the first four, owners' colours come again in a second, lighter round.
OWNERS = (ACCENT, BETWEEN, WARNING, QUIET, "#b45cc4", "#5f9e3e", "#c2556b", "#8a6fd1")


def share_bar(contributors: Sequence[Contributor], owners: Sequence[str]) -> go.Figure:
    """Draw an image's quality as one bar, a part a contributor, the nearest at the left.

    owners: all owners of the training set in a fixed order, so that a colour means the same on
    every image; with none, all parts have the one colour.
    """
    colours = {owner: OWNERS[i % len(OWNERS)] for i, owner in enumerate(owners)}
    figure = go.Figure()
    told: set[str] = set()
    for one in contributors:
        owner = one.owner if one.owner in colours else ""
        whose = f" · {escape(owner)}" if owner else ""
        figure.add_bar(
            x=[100 * one.weight], y=[""], orientation="h", name=escape(owner) or "no owner",
            legendgroup=owner, showlegend=bool(owners) and owner not in told,
            marker={"color": colours.get(owner, QUIET if owners else ACCENT)},
            marker_line={"width": 1.5, "color": "rgba(255,255,255,.85)"},
            text=str(one.rank), textposition="inside", insidetextanchor="middle", textangle=0,
            textfont_color="white",
            hovertemplate=f"{one.rank}. {escape(one.training)}{whose}<br>{one.weight:.1%} of the "
            f"quality: value {one.value:.3g}<extra></extra>",
        )  # fmt: skip
        told.add(owner)
    clear = "rgba(0,0,0,0)"
    figure.update_layout(
        barmode="stack", bargap=0, height=96 if owners else 62, paper_bgcolor=clear,
        plot_bgcolor=clear, margin={"l": 4, "r": 4, "t": 4, "b": 24}, dragmode=False, font_size=12,
        uniformtext={"minsize": 10, "mode": "hide"},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "traceorder": "normal"},
    )  # fmt: skip
    figure.update_xaxes(
        range=[0, 100], ticksuffix=" %", nticks=6, showgrid=False, zeroline=False, fixedrange=True
    )
    return figure.update_yaxes(visible=False, fixedrange=True)
