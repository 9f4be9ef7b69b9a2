"""How wide the Gaussian kernel should be that predicted influence is held against.

Reads what `benchmarks.truth.retraining.lds` kept of its generators in the work folder: the score of
the kernel over all training images of the class, by its σ over the square root of how many numbers
an image has. The rival is given the width that is best for the flows.

    python -m benchmarks.choices.kernel --work WORK --json
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.choices.influence import read
from benchmarks.kit import work
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.retraining.methods import KERNEL_WIDTH, kernel_matrix
from benchmarks.truth.retraining.rank_scores import spearman

WIDTHS = (0.018, 0.036, 0.054, 0.072, 0.09, KERNEL_WIDTH, 0.144, 0.18, 0.216)


def scores_of(path: Path) -> dict[float, float]:
    """Return the score of each width on one generator's retrainings."""
    chosen, outputs, training, generated = read(path)
    return {
        width: spearman(chosen @ kernel_matrix(training, generated, per_number=width).T, outputs)
        for width in WIDTHS
    }


def main() -> None:
    """Score, print the table and save the figures."""
    options = work.parser(__doc__).parse_args()
    paths = sorted((options.work / "retraining").glob("halves*.npz"))
    found = {path.stem: scores_of(path) for path in paths}
    rows: list[Row] = [
        {"σ/√numbers": width, **{stem: round(one[width], 3) for stem, one in found.items()}}
        for width in WIDTHS
    ]
    print_table("Score of the kernel over the class by its width", rows)
    figures: dict[str, Any] = {"rows": rows}
    work.save(options, "kernel-choices", figures)


if __name__ == "__main__":
    main()
