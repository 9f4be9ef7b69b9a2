"""How far contributors agree with their generated image, by k and by distance."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from gmv_core.plots.look import ACCENT, BETWEEN, QUIET, WARNING, framed, label

_BAND = "rgba(13,148,136,.16)"
_OTHERS = ((BETWEEN, "solid"), (WARNING, "dash"))


def shares_by_k(orders: Mapping[str, pd.DataFrame], *, what: str, chance: str) -> go.Figure:
    """Draw the share of contributors that agree against k, the first order with its interval.

    orders: by name, each with k, share, low, high and by_chance, from 0 to 1, k rising.
    what: what they agree in. chance: the name of the line of random training images.
    """
    names = list(orders)
    first = orders[names[0]]
    figure = go.Figure()
    figure.add_scatter(
        x=[*first["k"], *first["k"][::-1]], y=100 * pd.concat([first["high"], first["low"][::-1]]),
        fill="toself", fillcolor=_BAND, line={"width": 0}, mode="lines", hoverinfo="skip",
        name="95 % interval",
    )  # fmt: skip
    looks = [(ACCENT, "solid"), *_OTHERS]
    for name, (colour, dash) in zip(names, looks, strict=False):
        table = orders[name]
        figure.add_scatter(
            x=table["k"], y=100 * table["share"], mode="lines+markers", name=label(name),
            line={"color": colour, "width": 3 if name == names[0] else 2, "dash": dash},
            marker={"size": 7},
            hovertemplate=f"%{{y:.3g}} % at k = %{{x}}<extra>{label(name)}</extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=first["k"], y=100 * first["by_chance"], mode="lines", name=label(chance),
        line={"color": QUIET, "dash": "dot", "width": 2},
        hovertemplate=f"%{{y:.3g}} %<extra>{label(chance)}</extra>",
    )  # fmt: skip
    framed(figure, x="k, the closest training images (logarithmic)", y=f"of the same {what}",
            height=360)  # fmt: skip
    figure.update_xaxes(type="log", tickvals=first["k"], ticktext=[str(k) for k in first["k"]])
    return figure.update_yaxes(ticksuffix=" %", range=[0, 104])
