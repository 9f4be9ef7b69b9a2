"""Seconds that predicted influence takes, beside the machine's own limit for matrix products.

n training and m generated images of random pixels, already averaged (their decoding is measured
by speed/embed.py): fitting the linear model, all pairs with their lists and sums, and one image
against all, warm. "products": the floating-point operations of the matrix products alone, over
what this machine does in a large one of single precision (fitting: double) in the same run; the
share is that time over the time taken.

    python -m benchmarks.speed.influence --json
    python -m benchmarks.speed.influence --million  # 1,000,000 images at the product's 16 px
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.kit.reporting import Row, finish, median_seconds, parser, print_table
from gmv_core.results.influence.fitted import influences_on_pixels
from gmv_core.results.influence.tables import InfluenceRecord
from gmv_core.runs.influence import fill_tables
from gmv_core.sets.linear import fit_linear
from gmv_core.sets.pixels import PixelForm, pixel_table
from gmv_core.sets.provenance import peak_memory_mb
from gmv_core.settings import InfluenceSettings
from gmv_core.store.columns import IMAGES, fixed
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.types import silent

CLASSES = 10
ROWS = 4096  # written at once
WARM_RUNS = 7
MILLION = 10**6
FORMS = (PixelForm(16, True), PixelForm(16, False), PixelForm(32, True), PixelForm(32, False))


def make_set(images: ImageSet, form: PixelForm, count: int, *, seed: int) -> None:
    """Write a set of `count` images without previews, smooth random pixels around class means."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(99).uniform(60, 190, (CLASSES, form.size))
    smooth = np.random.default_rng(98).normal(size=(64, form.size)) * 40 / 8
    empty = {field.name: None for field in IMAGES}
    for start in range(0, count, ROWS):
        rows = np.arange(start, min(start + ROWS, count))
        about = [{**empty, "id": i, "name": f"{i}.png", "status": "ok", "label": str(i % CLASSES),
                  "owner": "", "sha256": f"{seed}-{i}"} for i in rows.tolist()]  # fmt: skip
        images.images.append(pa.Table.from_pylist(about, schema=IMAGES))
        noise = rng.normal(size=(len(rows), 64)) @ smooth + rng.normal(0, 5, (len(rows), form.size))
        pixels = np.clip(means[rows % CLASSES] + noise, 0, 255).astype(np.uint8)
        pixel_table(images, form).append(pa.table({"id": rows, "pixels": fixed(pixels)}))
    images.images.tidy()
    pixel_table(images, form).tidy()


def product_rate(dtype: type, side: int = 2048) -> float:
    """Return how many floating-point operations a second a large matrix product does here."""
    a = np.random.default_rng(0).random((side, side)).astype(dtype)
    return 2 * side**3 / median_seconds(lambda: a @ a, 5)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def measure(workspace: Workspace, form: PixelForm, n: int, m: int, *, seed: int) -> Row:
    """Return one row of the table."""
    training = workspace.image_set(f"training-{form.key}")
    generated = workspace.image_set(f"generated-{form.key}")
    make_set(training, form, n, seed=seed)
    make_set(generated, form, m, seed=seed + 1)
    run = workspace.run(f"run-{form.key}")
    run.folder.mkdir(parents=True)
    d, single, double = form.size, product_rate(np.float32), product_rate(np.float64)
    kept = InfluenceSettings(form.side_px)
    fitting, model = timed(lambda: fit_linear(training, form, generated=generated))
    record = InfluenceRecord("", "", kept, form.grey)
    pairs, _ = timed(lambda: fill_tables(run, generated, model, record, silent))
    spread = model.spread()
    pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8)
    one = median_seconds(lambda: influences_on_pixels(model, spread, pixels), WARM_RUNS)
    # Products: the scatter; the rotation for `spread`, z times the sums, and two for all pairs of
    # each denoiser; those of the blocks take few operations for what is not a pair.
    scatter = 2 * n * d * d / double
    of_pairs = 2 * n * d * d / single + 2 * n * d * d / double
    of_pairs += len(model.scales) * 4 * n * m * d / single
    return {
        "form": form.key.replace("-", " px, "),
        "numbers": d,
        "detail": round(model.detail or 0.0, 2),
        "fit, s": round(fitting, 2),
        "fit, share of products": f"{scatter / fitting:.0%}",
        "all pairs, s": round(pairs, 2),
        "pairs, share of products": f"{of_pairs / pairs:.0%}",
        "together, s": round(fitting + pairs, 1),
        "one image warm, s": round(one, 3),
    }


def main() -> None:
    """Measure and print the table."""
    made = parser(__doc__ or "")
    made.add_argument("--million", action="store_true", help="so many images, and peak memory")
    options = made.parse_args()
    n, m = (1000, 40) if options.quick else (MILLION if options.million else 50_000, 1000)
    forms = FORMS[:1] if options.quick else FORMS[1:2] if options.million else FORMS
    load, before = os.getloadavg()[0], peak_memory_mb()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        rows = [measure(workspace, form, n, m, seed=options.seed) for form in forms]
    if options.million:  # of one form alone: a process's peak never falls
        memory = {"memory before, MB": round(before), "peak, MB": round(peak_memory_mb())}
        rows = [{**row, **memory} for row in rows]
    print_table(f"Predicted influence: n = {n:,}, m = {m:,}, load at the start {load:.1f}", rows)
    finish(options, "speed.influence", {"n": n, "m": m, "load": load, "rows": rows})


if __name__ == "__main__":
    main()
