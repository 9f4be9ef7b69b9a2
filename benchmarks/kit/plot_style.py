"""How the plots of the truth scripts look: colours, marks, names beside the ends of lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

Told = dict[str, Any]
# Okabe and Ito's colours, which the colour-blind tell apart; shapes tell them apart as well.
BLUE, RED, GREEN, PINK, SKY, AMBER, GREY, BLACK = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6b6b6b", "#222222",
)  # fmt: skip
MARKS = "osD^vP"
plt.rcParams.update({
    "font.size": 10, "axes.titlesize": 10.5, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.color": "#e4e4e4", "axes.axisbelow": True, "axes.edgecolor": "#888888",
})  # fmt: skip


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]], *, gap: float = 0.075) -> None:
    """Write the name of each line beside its last point: (y, name, colour), pushed apart.

    gap: least distance between names as a share of the axis.
    """
    low, high = axes.get_ylim()
    ordered = sorted(ends)
    at = [(y - low) / (high - low) for y, _, _ in ordered]
    for _ in range(200):  # neighbours that are too near push each other away by the same amount
        for i in range(len(at) - 1):
            lacking = gap - (at[i + 1] - at[i])
            if lacking > 1e-6:
                at[i], at[i + 1] = at[i] - lacking / 2, at[i + 1] + lacking / 2
    for place, (_, name, colour) in zip(at, ordered, strict=True):
        axes.text(1.03, place, name, color=colour, transform=axes.transAxes, va="center")
