"""Seconds that the regions of one image take against 50,000, beside the matrix products' own.

Images of CIFAR-10, mirrored, against the built set, warm: recall (one forward pass, the index, the
quadrants), the pixels of the recalled, their nearest patches, the posterior with patches at every
pixel of those that are left, and where a pair looks alike. "CPU":
processor seconds of all threads, which other work on the machine does not lengthen. "Products":
the floating-point operations of the patches' matrix product over what this machine does in a large
one of single precision in the same run.

    python -m benchmarks.speed.regions --json
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.kit.datasets import cifar_set, held_out, workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.speed.influence import product_rate
from gmv_core.matching.regions import COLOUR, REFINED, SIDE_PX, RegionMatcher, load_regions
from gmv_core.method.patches import evidence, nearest
from gmv_core.sets.pixels import ensure_pixels, pixel_form, pixels_of_rows
from gmv_core.types import UInt8


def timed(work: Callable[[UInt8], object], images: list[UInt8]) -> tuple[float, float, float]:
    """Return the median wall clock, the least, and the median processor seconds of an image."""
    work(images[0])
    wall, processor = [], []
    for image in images:
        started, used = time.perf_counter(), time.process_time()
        work(image)
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    return statistics.median(wall), min(wall), statistics.median(processor)


def measure(matcher: RegionMatcher, images: list[UInt8]) -> list[Row]:
    """Return one row a step."""
    recalled = matcher.recall(images[0])
    shape = (SIDE_PX, SIDE_PX, -1)
    training = pixels_of_rows(matcher.training, matcher.form, recalled).reshape(
        len(recalled), *shape
    )
    own = training[:1] + np.float32(0.01)
    positions = COLOUR.positions(SIDE_PX) ** 2
    dense = (SIDE_PX - COLOUR.patch_px + 1) ** 2
    numbers = COLOUR.patch_px**2 * own.shape[3] + 1
    products = [2 * positions * pairs * numbers for pairs in (positions * len(recalled),
                                                              dense * REFINED)]  # fmt: skip
    rate = product_rate(np.float32)
    limits = {"patches": products[0] / rate, "patches, every pixel": products[1] / rate}
    steps: dict[str, Callable[[UInt8], object]] = {
        "recall": matcher.recall,
        "pixels of the recalled": lambda _: pixels_of_rows(
            matcher.training, matcher.form, recalled
        ),
        "patches": lambda _: nearest(own, training, COLOUR),
        "patches, every pixel": lambda _: evidence(own, training[:REFINED], COLOUR, step_px=1),
        "regions of one image (target 0.5)": matcher.explain,
        "alike, one pair": lambda image: matcher.alike(image, images[0]),
    }
    rows: list[Row] = []
    for name, work in steps.items():
        wall, least, processor = timed(work, images)
        row = {"step": name, "s": round(wall, 3), "least, s": round(least, 3),
               "CPU, s": round(processor, 3)}  # fmt: skip
        if name in limits:
            share = f"{limits[name] / wall:.0%}"
            row |= {"products, s": round(limits[name], 3), "share of products": share}
        rows.append(row)
    return rows


def main() -> None:
    """Measure and print the table."""
    options = parser(__doc__ or "").parse_args()
    n, m = (1000, 3) if options.quick else (50_000, 15)
    load = os.getloadavg()[0]
    with workspace_of(options) as workspace:
        made = cifar_set(options, workspace, n)
        started = time.perf_counter()
        with workspace.writing():
            ensure_pixels(made.training, pixel_form(made.training, SIDE_PX))
        stored = time.perf_counter() - started
        started = time.perf_counter()
        matcher = load_regions(made.training)
        loaded = time.perf_counter() - started
        asked = held_out(made, m, seed=options.seed).previews
        images = [np.ascontiguousarray(image[:, ::-1]) for image in asked]
        rows = measure(matcher, images)
    once = {"pixels stored, s": round(stored, 1), "loaded, s": round(loaded, 1)}
    print_table(f"Regions of one image against {n:,}, load at the start {load:.1f}", rows)
    print_table("Once a set, and once a start (0 where the pixels were stored before)", [once])
    finish(options, "speed.regions", {"n": n, "load": load, "rows": rows, **once})


if __name__ == "__main__":
    main()
