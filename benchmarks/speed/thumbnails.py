"""Time and memory of the search for the images that are nearest in pixels, by their thumbnails.

Thumbnails of drawn pixels in colour, searched exactly: for one image, as one that is dropped in,
for a block of a run, and for a thousand.

    python -m benchmarks.speed.thumbnails --json
"""

from __future__ import annotations

import os
import resource
import time

import numpy as np

from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core.matching.closest import CLOSEST
from gmv_core.matching.thumbnails import STORED_PX, Thumbnails
from gmv_core.runs.valuation import BLOCK
from gmv_core.sets.pixels import PixelForm

SIZES, QUICK_SIZES = (50_000, 1_000_000), (2_000,)
ASKED = (1, BLOCK, 1000)


def row_of(thumbnails: Thumbnails, images: int, seed: int) -> Row:
    """Search once, after a search that is not counted."""
    drawn = np.random.default_rng(seed).integers(0, 256, (images, 32, 32, 3), np.uint8)
    queries = thumbnails.of_previews(list(drawn))
    thumbnails.search(queries[:1], CLOSEST)
    clock, worked = time.perf_counter(), time.process_time()
    thumbnails.search(queries, CLOSEST)
    return {
        "training images": len(thumbnails),
        "images": images,
        "processor, s": round(time.process_time() - worked, 2),
        "clock, s": round(time.perf_counter() - clock, 2),
    }


def main() -> None:
    options = parser(__doc__ or "").parse_args()
    rows: list[Row] = []
    for n in QUICK_SIZES if options.quick else SIZES:
        drawn = np.random.default_rng(options.seed).integers(0, 256, (n, 192), np.uint8)
        thumbnails = Thumbnails(PixelForm(STORED_PX, grey=False), np.arange(n), drawn)
        rows += [row_of(thumbnails, images, options.seed) for images in ASKED]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print_table(f"nearest in pixels: peak {peak} MB, load {os.getloadavg()[0]:.0f}", rows)
    finish(options, "speed.thumbnails", {"rows": rows, "peak, MB": peak})


if __name__ == "__main__":
    main()
