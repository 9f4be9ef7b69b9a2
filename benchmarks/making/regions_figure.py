"""The figure of docs/influence.md: which regions, on mosaics and on generated images of the demo.

A row an image: two mosaics of four training images, whose sources are known, then two generated
images, none picked (the first of the run and the one in its middle). The run has predicted
influence, which is computed where it is missing.

    python -m benchmarks.making.regions_figure docs/figures/regions.png --workspace WORKSPACE
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from benchmarks.kit.plot_style import plt
from gmv_core import Workspace, open_run, predict_influence
from gmv_core.demo.make import DEMO_RUN, make_demo
from gmv_core.images.maps import COLOURS, coloured, heat
from gmv_core.results.regions.maps import RegionReader, Regions, open_regions, regions_of_pixels
from gmv_core.runs.regions import prepare_regions
from gmv_core.store.columns import previews_of
from gmv_core.types import UInt8

SOURCES = 4
TITLES = ("image", "regions by source", *(f"source {i + 1}" for i in range(SOURCES)),
          "differs, blue", "helps, blue")  # fmt: skip
PALETTE = 128  # colours of the PNG


def mosaic(reader: RegionReader, *, seed: int) -> UInt8:
    """Return a mosaic of a quadrant each of four training images drawn at random."""
    drawn = np.random.default_rng(seed).permutation(reader.matcher.ids)[:SOURCES]
    previews = previews_of(reader.result.training, drawn)
    made, half = np.zeros_like(previews[0]), len(previews[0]) // 2
    for q, preview in enumerate(previews):
        there = tuple(slice(half * at, half * (at + 1)) for at in divmod(q, 2))
        made[there] = preview[there]
    return made


def draw_row(row: list[Axes], reader: RegionReader, found: Regions) -> None:
    """Draw one image, its regions, its sources framed in the regions' colours, and its maps."""
    best = found.explained[:SOURCES]
    row[0].imshow(found.pixels)
    row[1].imshow(coloured(found.sources, [one.row for one in best]))
    rows = np.array([one.row for one in best])
    for axes, one, preview, colour in zip(
        row[2:], best, previews_of(reader.result.training, rows), COLOURS, strict=False
    ):
        axes.imshow(preview)
        axes.set_xlabel(f"{one.share:.0%}, {one.owner}", fontsize=6.5, labelpad=2)
        for spine in axes.spines.values():
            spine.set(visible=True, color=np.array(colour) / 255, linewidth=3)
    row[2 + SOURCES].imshow(heat(found.alike))
    if found.influence is not None:
        row[3 + SOURCES].imshow(heat(found.influence.by_pixel))


def figure(reader: RegionReader) -> bytes:
    """Return the figure as a PNG with a palette."""
    generated = reader.result.generated
    first = np.array([0, len(generated.images) // 2])
    images = [mosaic(reader, seed=seed) for seed in (0, 1)] + previews_of(generated, first)
    drawn, grid = plt.subplots(len(images), len(TITLES), figsize=(9, 5.2), squeeze=False)
    for axes in grid.ravel():
        axes.set(xticks=[], yticks=[])
        axes.grid(visible=False)
        for spine in axes.spines.values():
            spine.set_visible(False)
    for axes, title in zip(grid[0], TITLES, strict=True):
        axes.set_title(title, fontsize=8)
    for row, pixels in zip(grid, images, strict=True):
        draw_row(list(row), reader, regions_of_pixels(reader, pixels))
    drawn.tight_layout(pad=0.4, w_pad=0.3, h_pad=0.3)
    file, packed = io.BytesIO(), io.BytesIO()
    drawn.savefig(file, dpi=130)
    Image.open(file).convert("RGB").quantize(PALETTE).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def main() -> None:
    """Make the demo where it is missing and write the figure."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("path", type=Path)
    made.add_argument("--workspace", type=Path, default=None, help="make the demo here and keep it")
    options = made.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(options.workspace or Path(folder))
        make_demo(workspace)
        predict_influence(workspace, DEMO_RUN)
        prepare_regions(workspace, DEMO_RUN)
        content = figure(open_regions(open_run(workspace, DEMO_RUN)))
    options.path.write_bytes(content)
    print(options.path, f"{len(content) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
