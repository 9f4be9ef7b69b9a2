"""The contact sheet of docs/influence.md: who looks alike, and who is predicted to matter.

A row a generated image, six in all, none picked: the first of each class of a run, then the second.
Left the closest training images with their share of the credit, then the most helpful and the most
harmful by predicted influence, in per cent of the linear models' error. Several runs share the six.

    python -m benchmarks.making.influence_figure docs/figures/influence.png --workspace WORKSPACE
    python -m benchmarks.making.influence_figure FLOWS.png --workspace WORK/ws --run RUN --run RUN
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from benchmarks.kit.plot_style import BLUE, GREY, RED, plt
from gmv_core import Result, Workspace, open_run, predict_influence
from gmv_core.demo.make import DEMO_RUN, make_demo
from gmv_core.store.columns import previews_of

IMAGES = 6
CLOSEST, HELPFUL, HARMFUL = 6, 6, 2
PALETTE = 256  # colours of the PNG


def first_of_each_class(result: Result, count: int) -> list[str]:
    """Return the names of the first image of each class, then of the second, `count` in all."""
    table = result.generated_table(("generated", "label"))
    turn = table.groupby("label").cumcount()
    order = table.assign(turn=turn).sort_values(["turn", "label"], kind="stable")
    return order["generated"].tolist()[:count]


def draw_row(row: Sequence[Axes], result: Result, name: str) -> None:
    """Draw one generated image and its three lists."""
    found = result.influence(name)
    closest = list(result.contributors(name))[:CLOSEST]
    helpful = [one for one in found if one.influence > 0][:HELPFUL]
    harmful = [one for one in found if one.influence < 0][:HARMFUL]
    (own,) = previews_of(result.generated, np.array([result.row_of(name)]))
    row[0].imshow(own)
    shown = [
        *((one.row, f"{100 * one.weight:.0f} %", GREY) for one in closest),
        *((one.row, f"+{one.percent:.2f} %", BLUE) for one in helpful),
        *((one.row, f"−{-one.percent:.2f} %", RED) for one in harmful),
    ]
    places = [
        *range(1, 1 + len(closest)),
        *range(1 + CLOSEST, 1 + CLOSEST + len(helpful)),
        *range(1 + CLOSEST + HELPFUL, 1 + CLOSEST + HELPFUL + len(harmful)),
    ]
    pictures = previews_of(result.training, np.array([at for at, _, _ in shown]))
    for place, picture, (_, caption, colour) in zip(places, pictures, shown, strict=True):
        row[place].imshow(picture)
        row[place].set_xlabel(caption, fontsize=6, labelpad=1.5, color=colour)


def figure(results: Sequence[Result]) -> bytes:
    """Return the figure as a PNG with a palette."""
    each = IMAGES // len(results)
    wanted = [(result, name) for result in results for name in first_of_each_class(result, each)]
    widths = [1.0] * (1 + CLOSEST + HELPFUL + HARMFUL)
    drawn, grid = plt.subplots(len(wanted), len(widths), figsize=(10.6, 5.2), squeeze=False)
    for axes in grid.ravel():
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
    for row, (result, name) in zip(grid, wanted, strict=True):
        draw_row(list(row), result, name)
    drawn.subplots_adjust(left=0.005, right=0.995, top=0.94, bottom=0.03, wspace=0.06, hspace=0.2)
    titles = ("generated", "looks alike: share of the credit", "predicted influence: helpful",
              "harmful")  # fmt: skip
    ends = np.cumsum([0, 1, CLOSEST, HELPFUL, HARMFUL])
    for group, title in enumerate(titles):
        first, last = grid[0][ends[group]], grid[0][ends[group + 1] - 1]
        _push(grid, ends, group)
        middle = (first.get_position().x0 + last.get_position().x1) / 2
        drawn.text(middle, 0.965, title, ha="center", va="center", fontsize=8)
    file, packed = io.BytesIO(), io.BytesIO()
    drawn.savefig(file, dpi=130)
    Image.open(file).convert("RGB").quantize(PALETTE).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def _push(grid: np.ndarray, ends: np.ndarray, group: int) -> None:
    """Narrow the columns a little and leave a gap before each group."""
    for column in range(ends[group], ends[group + 1]):
        for axes in grid[:, column]:
            at = axes.get_position()
            axes.set_position((at.x0 * 0.97 + 0.01 * group, at.y0, at.width * 0.97, at.height))


def main() -> None:
    """Make the demo where no run is named, predict what is missing, and write the figure."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("path", type=Path)
    made.add_argument("--workspace", type=Path, default=None, help="make the demo here and keep it")
    made.add_argument("--run", action="append", default=[], help="a run that is there already")
    options = made.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(options.workspace or Path(folder))
        if not options.run:
            make_demo(workspace)
        runs = options.run or [DEMO_RUN]
        for run in runs:
            predict_influence(workspace, run)
        content = figure([open_run(workspace, run) for run in runs])
    options.path.write_bytes(content)
    print(options.path, f"{len(content) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
