"""Does the ranking from the bottom find noised training images?

Fashion-MNIST: 10,000 training images of which 500 get Gaussian noise, 2,000 clean test images stand
for the generated ones, k = 10, no re-ranking, q = 1. AUROC by value alone (ties count one half) and
with the tie rule (mean distance to the generated images, farthest first).

    python -m benchmarks.choices.noisy --json
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.choices.quality_corruption import lower_is
from benchmarks.kit.datasets import SETTINGS, fashion, save_npz
from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core import MatchSettings, RunSettings, Workspace, build, open_run, open_source, value
from gmv_core.measures.detection import auroc
from gmv_core.method.value import rank_from_bottom
from gmv_core.types import Int64, UInt8


def spoilt(images: UInt8, rows: Int64, sigma: float, *, seed: int) -> UInt8:
    """Return the images with noise of standard deviation σ (of 1) on the rows."""
    rng = np.random.default_rng(seed)
    made = images.copy()
    noise = rng.normal(0, 255 * sigma, made[rows].shape)
    made[rows] = np.clip(np.rint(made[rows] + noise), 0, 255).astype(np.uint8)
    return made


def main() -> None:
    """Measure, print the table and the figures."""
    options = parser(__doc__ or "").parse_args()
    n, planted, m = (1000, 50, 200) if options.quick else (10_000, 500, 2000)
    images, labels = fashion(options.fashion, "train")
    tests, test_labels = fashion(options.fashion, "t10k")
    rows = np.random.default_rng(options.seed).permutation(n)[:planted]
    flags = np.zeros(n, bool)
    flags[rows] = True
    settings = RunSettings(MatchSettings(distance="none", quality="none"))
    told: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "workspace")
        clean = save_npz(Path(folder) / "clean.npz", tests[:m], test_labels[:m])
        build(workspace, open_source(clean), name="clean", settings=SETTINGS)
        for sigma in (0.5, 0.2):
            name = f"noised-{sigma}"
            made = spoilt(images[:n], rows, sigma, seed=options.seed)
            source = save_npz(Path(folder) / f"{name}.npz", made, labels[:n])
            build(workspace, open_source(source), name=name, settings=SETTINGS)
            value(workspace, "clean", against=name, name=f"run-{sigma}", settings=settings)
            table = open_run(workspace, f"run-{sigma}").values_table(("value", "nearest_distance"))
            values, distance = table["value"].to_numpy(), table["nearest_distance"].to_numpy()
            zero = values == 0
            told.append({
                "σ": sigma, "at zero": int(zero.sum()),
                f"noised at zero (of {planted})": int((zero & flags).sum()),
                "AUROC value alone": round(lower_is(values[~flags], values[flags]), 3),
                "AUROC with the tie rule": round(auroc(rank_from_bottom(values, distance), flags),
                                                 4),
            })  # fmt: skip
    print_table(f"Noised training images among {n:,}, k = 10", told)
    finish(options, "noisy", {"rows": told})


if __name__ == "__main__":
    main()
