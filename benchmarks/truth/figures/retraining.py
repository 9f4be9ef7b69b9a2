"""Plots of what was held against retraining, from saved figures."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import t as student

from benchmarks.kit.plot_style import (
    AMBER,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    MARKS,
    PINK,
    RED,
    SKY,
    Told,
    label_ends,
    plt,
)

OURS = "ours"
RANDOM = "random"


def datamodeling(told: Told) -> Figure:
    """LDS of every method with its interval and the ceiling: by image, and of the whole set."""
    rows = sorted(told["methods"], key=lambda row: row["LDS"])
    figure, grid = plt.subplots(1, 2, figsize=(9, 1.2 + 0.3 * len(rows)), sharey=True)
    panels = (("LDS", "95 %", "each generated image"),
              ("set level", "set level 95 %", "all generated images together"))  # fmt: skip
    for axes, (value, interval, title), top in zip(grid, panels, told["ceiling"], strict=True):
        for place, row in enumerate(rows):
            low, high = map(float, row[interval].split(" … "))
            colour = BLUE if row["method"] == OURS else GREY
            axes.plot([low, high], [place, place], color=colour, linewidth=1.5)
            axes.plot(row[value], place, "o", color=colour, markersize=6)
        axes.axvline(0, color=GREY, linestyle=":", linewidth=1)
        most = top["highest LDS to expect"]
        axes.axvline(most, color=RED, linewidth=1.5)
        axes.text(most, len(rows) - 0.4, f"ceiling {most:.2f} ", color=RED, ha="right", va="bottom")
        axes.set(xlabel="linear datamodeling score", ylim=(-0.6, len(rows) + 0.4))
        axes.set_yticks(range(len(rows)), [row["method"] for row in rows])
        axes.grid(axis="y", visible=False)
        axes.set_title(title, loc="left")
    return figure


def temperature(told: Told) -> Figure:
    """LDS of our method by temperature, a line for each k, with the interval of k = 10."""
    figure, axes = plt.subplots(figsize=(9, 3.6))
    taus = [row["τ"] for row in told["sweep"]]
    ends = []
    looks = (PINK, GREEN, BLUE, AMBER, RED, BLACK)
    for name, colour, mark in zip(list(told["sweep"][0])[1:], looks, MARKS, strict=False):
        values = [row[name] for row in told["sweep"]]
        axes.plot(taus[:-1], values[:-1], f"{mark}-", color=colour, markersize=5)
        axes.plot(taus[-1], values[-1], mark, color=colour, markersize=5)  # "auto" is no number
        ends.append((values[-1], name, colour))
        if name == "k=10":
            cells = [told["cells"][f"τ={tau} {name}"] for tau in taus[:-1]]
            axes.fill_between(taus[:-1], [c["low"] for c in cells], [c["high"] for c in cells],
                              color=colour, alpha=0.12, linewidth=0)  # fmt: skip
    axes.set(xlabel="temperature τ (1 is the paper's)", ylabel="linear datamodeling score")
    label_ends(axes, ends)
    return figure


def removal(told: Told) -> Figure:
    """Change of the loss by share removed and arm, with Student's interval over the seeds."""
    looks = (BLUE, SKY, GREEN, GREY, AMBER, PINK, RED, BLACK)
    figure, axes = plt.subplots(figsize=(9, 4.4))
    full = np.array(told["full"])
    portions = list(told["losses"])
    arms = list(told["losses"][portions[0]])
    ends = []
    for i, arm in enumerate(arms):
        colour = looks[i % len(looks)]
        line = ":" if arm == RANDOM else "-" if i < len(looks) else "--"
        changes = [np.array(told["losses"][share][arm]) - full for share in portions]
        means = [float(change.mean()) for change in changes]
        at = np.arange(len(portions)) + 0.05 * (i - (len(arms) - 1) / 2)
        axes.errorbar(at, means, [_half_width(change) for change in changes], color=colour,
                      marker=MARKS[i % len(MARKS)], markersize=5, linewidth=1.3,
                      linestyle=line)  # fmt: skip
        ends.append((means[-1], arm, colour))
    axes.axhline(0, color=GREY, linewidth=1)
    axes.set_xticks(range(len(portions)), [f"{share.rstrip('%')} % removed" for share in portions])
    axes.set_ylabel("loss on the valued images,\nless that with all training images, nats")
    label_ends(axes, ends, gap=0.06)
    return figure


def _half_width(changes: np.ndarray) -> float:
    """Return half the width of the 95 % interval of a mean of paired differences."""
    n = len(changes)
    return float(student.ppf(0.975, n - 1) * changes.std(ddof=1) / n**0.5)
