"""Value generated images against Fashion-MNIST's 60,000, and draw their contributors.

python -m benchmarks.truth.generators.train --work WORK --only fashion/flow
python -m benchmarks.choices.fashion_run WORK/generated/fashion/flow --workspace WORKSPACE --figure docs/figures/fashion-contributors.png
"""  # noqa: E501

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.kit.datasets import FASHION_CLASSES, fashion_set, workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core import Result, open_run, open_source, value
from gmv_core.store.columns import previews_of

TILE_PX, GAP_PX, LEFT_PX, TEXT_PX = 84, 10, 110, 20
SHOWN = 8


def contact_sheet(result: Result, names: list[str]) -> Image.Image:
    """One row a generated image: itself, then its nearest contributors with their distances."""
    high, wide = TILE_PX + TEXT_PX + GAP_PX, TILE_PX + GAP_PX
    sheet = Image.new("RGB", (LEFT_PX + (SHOWN + 1) * wide + 3 * GAP_PX, len(names) * high + 40),
                      "white")  # fmt: skip
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    draw.text((LEFT_PX, 12), "generated", "#222222", font)
    draw.text((LEFT_PX + wide + 2 * GAP_PX, 12), "contributors by similarity: training image, "
              "distance", "#222222", font)  # fmt: skip
    order = result.generated.images.read(["name"])["name"].to_pylist()
    for line, name in enumerate(names):
        top = 40 + line * high
        asked = FASHION_CLASSES[int(name.split("/")[0])]
        draw.text((GAP_PX, top + TILE_PX // 2 - 8), asked, "#222222", font)
        own = previews_of(result.generated, np.array([order.index(name)]))[0]
        sheet.paste(_tile(own), (LEFT_PX, top))
        near = result.contributors(name)[:SHOWN]
        images = previews_of(result.training, np.array([c.row for c in near]))
        for place, (contributor, pixels) in enumerate(zip(near, images, strict=True)):
            left = LEFT_PX + wide + 2 * GAP_PX + place * wide
            sheet.paste(_tile(pixels), (left, top))
            draw.text((left + 2, top + TILE_PX + 2), f"{contributor.distance:.2f}", "#555555", font)
    return sheet


def _tile(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels).resize((TILE_PX, TILE_PX), Image.Resampling.BICUBIC)


def main() -> None:
    """Value, draw, print the table and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("generated", type=Path, help="class folders of generated images")
    made.add_argument("--figure", type=Path, default=None)
    options = made.parse_args()
    with workspace_of(options) as workspace:
        training = fashion_set(options, workspace, 2000 if options.quick else 60_000).training
        manifest = value(workspace, open_source(options.generated), against=training.name,
                         name=f"{training.name}-generated", say=print)  # fmt: skip
        result = open_run(workspace, manifest.name)
        # The generated set's labels are the classes asked for, from the folders.
        images = result.generated.images.read(["name", "label"]).to_pylist()
        shares = [
            np.mean([c.label == image["label"] for c in result.contributors(image["name"])])
            for image in images
        ]
        quality = result.generated_table()["quality"]
        row: Row = {
            "generated": len(images), "training": len(result.training.images),
            "distance": manifest.matching.distance,
            "C1 at k=10 %": round(100 * float(np.mean(shares)), 1),
            "± standard error": round(100 * float(np.std(shares) / len(shares) ** 0.5), 1),
            "total value": round(manifest.totals.value, 2),
            "total quality": round(manifest.totals.quality, 2),
            "median quality": round(float(quality.median()), 3),
            "effective contributors": round(manifest.totals.effective_contributors, 2),
            "contributors": manifest.totals.contributors,
            "seconds": round(sum(manifest.seconds.values()), 1),
        }  # fmt: skip
        if options.figure is not None:
            options.figure.parent.mkdir(parents=True, exist_ok=True)
            names = [image["name"] for image in images]
            first = [next(n for n in names if n.startswith(f"{c}/")) for c in
                     sorted({n.split("/")[0] for n in names})]  # fmt: skip
            contact_sheet(result, first).save(options.figure, optimize=True)
    print_table("Generated images against Fashion-MNIST", [row])
    finish(options, "fashion_run", {"rows": [row]})


if __name__ == "__main__":
    main()
