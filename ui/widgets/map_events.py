"""What a mouse does on the map: hover shows the image, a click opens it, a lasso selects.

Streamlit's own `on_select` sends every point that lies inside, with all that is known of it, and
again with every rerun: megabytes for 50,000 points. Here the browser sends the outline, and the
server decides for all points, those that are not drawn too. On hovering Streamlit is silent.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from gmv_core.plots.map import GENERATED, TRAINING
from gmv_core.types import Float64

ASSETS = Path(__file__).parent
MOST_CORNERS = 5_000
KINDS = (TRAINING, GENERATED)
Point = tuple[str, int]  # one of KINDS, and the row

_mount = st.components.v2.component(
    "gmv_map_events",
    css=(ASSETS / "map_events.css").read_text(encoding="utf-8"),
    js=(ASSETS / "map_events.js").read_text(encoding="utf-8"),
)


def map_events(
    *,
    key: str,
    chart: str,
    tip: dict[str, Any] | None,
    on_hover: Callable[[Point], None],
    on_click: Callable[[Point], None],
    on_outline: Callable[[Float64], None],
) -> None:
    """Listen to the chart of that key, drawn by plots/map.py.

    tip: of the image under the mouse: "id" (its Point as text), "src", "title" and "lines".
    The callbacks get checked values: a Point, or the outline's corners, (v, 2).
    """

    def told(name: str) -> Any:  # noqa: ANN401  (what a browser sends)
        return st.session_state[key].get(name)

    def hover() -> None:
        point = checked_point(told("hovered"))
        if point:
            on_hover(point)

    def click() -> None:
        point = checked_point(told("clicked"))
        if point:
            on_click(point)

    def outline() -> None:
        corners = checked_corners(told("outline"))
        if corners is not None:
            on_outline(corners)

    _mount(
        key=key,
        data={"chart": chart, "tip": tip},
        on_hovered_change=hover,
        on_clicked_change=click,
        on_outline_change=outline,
    )


def text_of(point: Point) -> str:
    """Return a point as the browser names it."""
    return f"{point[0]}:{point[1]}"


def checked_point(sent: Any) -> Point | None:  # noqa: ANN401
    """Return what a browser sent as a point, None where it is none."""
    kind, _, row = str(sent or "").partition(":")
    return (kind, int(row)) if kind in KINDS and row.isdecimal() and len(row) < 12 else None


def checked_corners(sent: Any) -> Float64 | None:  # noqa: ANN401
    """Return what a browser sent as an outline, None where it is none."""
    try:
        corners = np.array(sent, float)
    except (TypeError, ValueError):
        return None
    fine = corners.ndim == 2 and corners.shape[1:] == (2,) and 3 <= len(corners) <= MOST_CORNERS
    return corners if fine and np.isfinite(corners).all() else None
