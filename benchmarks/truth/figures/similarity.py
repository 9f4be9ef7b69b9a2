"""Plots of the criteria and of how fast values settle, from saved figures."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.kit.plot_style import (
    AMBER,
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

TITLES = {"fashion": "Fashion-MNIST", "cifar10": "CIFAR-10", "vae": "β-VAE", "gan": "GAN",
          "flow": "rectified flow"}  # fmt: skip


def by_k(axes: Axes, lines: dict[str, list[Told]], *, named: bool) -> None:
    """Draw C1 against k, a line a distance; the product's own, "features", with its interval."""
    looks = {"features": BLUE, "stlpips": RED, "none": GREEN, "l2": PINK,
             "pixel L2, exhaustive": SKY, "chance": GREY}  # fmt: skip
    names = {"none": "no re-ranking", "l2": "pixel L2", "pixel L2, exhaustive": "pixel L2, all"}
    axes.set(xscale="log", ylim=(0, 102))
    ends = []
    for (distance, rows), mark in zip(lines.items(), MARKS, strict=False):
        ks, share = [row["k"] for row in rows], [row["share"] for row in rows]
        colour = looks[distance]
        look = ":" if distance == "chance" else f"{mark}-"
        axes.plot(ks, share, look, color=colour, markersize=4.5)
        if distance == "features":
            low, high = ([row[end] for row in rows] for end in ("low", "high"))
            axes.fill_between(ks, low, high, color=colour, alpha=0.15, linewidth=0)
        ends.append((share[-1], names.get(distance, distance), colour))
        axes.set_xticks(ks, [str(k) for k in ks])
    axes.minorticks_off()
    if named:
        label_ends(axes, ends)


def class_share(told: Told) -> Figure:
    """C1 by k, a panel a generator."""
    cells: dict[str, dict[str, dict[str, list[Told]]]] = {}
    for row in told["rows"]:
        panel = cells.setdefault(row["data"], {}).setdefault(row["generator"], {})
        panel.setdefault(row["distance"], []).append(row)
    wide = max(len(panels) for panels in cells.values())
    figure, grid = plt.subplots(len(cells), wide, figsize=(9, 0.8 + 2.9 * len(cells)),
                                sharex=True, sharey=True, squeeze=False)  # fmt: skip
    for line, (data, panels) in zip(grid, cells.items(), strict=True):
        for axes, (generator, lines) in zip(line, panels.items(), strict=False):
            last = generator == list(panels)[-1]
            by_k(axes, lines, named=last)
            axes.set_title(f"{TITLES[data]}, {TITLES[generator]}", loc="left")
        line[0].set_ylabel("contributors of the\nclass asked for, %")
        for axes in line[len(panels) :]:
            axes.set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel("k, contributors counted")
    return figure


def noise(told: Told) -> Figure:
    """AUROC by kind of noise, a panel a share of it: means over the seeds and their range."""
    readings = {
        "product": ("value, then distance", BLUE),
        "value": ("value alone", SKY),
        "nearest distance": ("nearest distance", AMBER),
        "mean distance": ("mean distance", RED),
        "own neighbours": ("own neighbours", GREEN),
        "random": ("random", GREY),
    }
    kinds = list(dict.fromkeys(f["kind"] for f in told["findings"]))
    portions = sorted({f["share"] for f in told["findings"]})
    figure, grid = plt.subplots(1, len(portions), figsize=(9, 1.6 + 0.75 * len(kinds)),
                                sharey=True, squeeze=False)  # fmt: skip
    for axes, share in zip(grid[0], portions, strict=True):
        for i, (reading, (name, colour)) in enumerate(readings.items()):
            for place, kind in enumerate(kinds):
                found = [f["generated"]["readings"][reading]["auroc"] for f in told["findings"]
                         if (f["kind"], f["share"]) == (kind, share)]  # fmt: skip
                y = place + 0.13 * (i - (len(readings) - 1) / 2)
                axes.plot([min(found), max(found)], [y, y], color=colour, linewidth=1.5)
                axes.plot(np.mean(found), y, MARKS[i], color=colour, markersize=6,
                          label=name if place == 0 else None)  # fmt: skip
        axes.axvline(0.5, color=GREY, linestyle=":", linewidth=1)
        axes.set(xlim=(0, 1.02), xlabel="AUROC")
        axes.set_title(f"{100 * share:g} % of the training images", loc="left")
        axes.set_yticks(range(len(kinds)), kinds)
        axes.grid(axis="y", visible=False)
    grid[0][0].invert_yaxis()
    figure.legend(*grid[0][0].get_legend_handles_labels(), loc="outside upper left", ncols=6,
                  frameon=False, handletextpad=0.1, columnspacing=0.9)  # fmt: skip
    return figure


def settling(told: Told) -> Figure:
    """Agreement of the values from m generated images with those from others."""
    by_generator: dict[str, list[Told]] = {}
    for row in told["settling"]:
        by_generator.setdefault(row["generator"], []).append(row)
    figure, grid = plt.subplots(1, 2, figsize=(9, 3.5))
    shown = (("spearman", "Spearman's ρ of all values", 1.0),
             ("top_in_common", "top 1 % of training images in common, %", 100.0))  # fmt: skip
    for axes, (name, title, most) in zip(grid, shown, strict=True):
        axes.set(xscale="log", ylim=(0, most), xlabel="m, generated images")
        for (generator, rows), colour in zip(by_generator.items(), (BLUE, RED), strict=False):
            ms, low, high = ([row[c] for row in rows] for c in ("m", f"{name}_low", f"{name}_high"))
            said = f"{TITLES[generator]}, against {rows[0]['against']:,} others"
            axes.plot(ms, [row[name] for row in rows], "o-", color=colour, label=said)
            axes.fill_between(ms, low, high, color=colour, alpha=0.15, linewidth=0)
            text = f"{rows[-1][name]:.2f}" if most == 1 else f"{rows[-1][name]:.0f}"
            axes.annotate(text, (ms[-1], rows[-1][name]), (8, -4), textcoords="offset points",
                          color=colour)  # fmt: skip
            axes.set_xticks([10, 100, 1000], ["10", "100", "1,000"])
        axes.margins(x=0.13)
        axes.set_title(title, loc="left")
    grid[0].legend(frameon=False, loc="upper left")
    return figure
