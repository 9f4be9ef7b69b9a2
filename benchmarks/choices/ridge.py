"""The ridge that TRAK and D-TRAK are given: the best for them on the first half of the retrainings.

Reads the products of gradients that `benchmarks.truth.retraining.lds` kept in the work folder; they
are of full size alone. Mean score over the methods and generators that are there, on each half.

    python -m benchmarks.choices.ridge --work WORK --json
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.choices.influence import read
from benchmarks.kit import work
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.gradients.matrices import kept_kernels
from benchmarks.truth.gradients.products import trak
from benchmarks.truth.retraining.rank_scores import spearman
from benchmarks.truth.retraining.setting import FULL, Setting

RIDGES = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def scores_of(path: Path, generator: str, data: str) -> dict[str, dict[float, tuple[float, float]]]:
    """Return by method and ridge the scores on both halves of the retrainings."""
    chosen, outputs, training, generated = read(path)
    size, middle = FULL[generator, data], len(chosen) // 2
    setting = Setting(training, generated, None, size.recipe, path.parent, generator)
    found: dict[str, dict[float, tuple[float, float]]] = {}
    for name in ("TRAK", "D-TRAK"):
        kernels = kept_kernels(setting, name, size.ensemble)
        for ridge in RIDGES if kernels else ():
            matrix = trak(kernels, ridge=ridge)
            first, second = (
                spearman(chosen[part] @ matrix.T, outputs[part])
                for part in (slice(None, middle), slice(middle, None))
            )
            told = f"{name} ({len(kernels)}), {generator}, {data}"
            found.setdefault(told, {})[ridge] = (first, second)
    return found


def main() -> None:
    """Score, print the table and save the figures."""
    options = work.parser(__doc__).parse_args()
    found: dict[str, dict[float, tuple[float, float]]] = {}
    for generator, data in FULL:
        name = "halves" if (generator, data) == ("vae", "fashion") else f"halves-{generator}-{data}"
        path = options.work / "retraining" / f"{name}.npz"
        if path.exists():
            found |= scores_of(path, generator, data)
    rows: list[Row] = []
    for ridge in RIDGES if found else ():
        first, second = (np.mean([one[ridge][part] for one in found.values()]) for part in (0, 1))
        rows.append({"ridge": ridge, "mean, first half": round(float(first), 3),
                     "mean, second": round(float(second), 3),
                     **{name: f"{one[ridge][0]:.3f}, {one[ridge][1]:.3f}"
                        for name, one in found.items()}})  # fmt: skip
    print_table("Score by ridge, on the first and on the second half of the retrainings", rows)
    figures: dict[str, Any] = {"rows": rows}
    work.save(options, "ridge-choices", figures)


if __name__ == "__main__":
    main()
