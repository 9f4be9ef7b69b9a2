"""What retraining says of credit for convincing matches alone, beside the paper's rule.

Reads what `benchmarks.truth.retraining.lds` kept of its generators in the work folder and scores
the product's values under both rules, and under other quantiles of the null for the reach. An image
all of whose quality stays unattributed predicts nothing, and counts as 0; so the images that still
hand something out are scored by themselves, too, and what the paper's rule says of the others.

    python -m benchmarks.choices.credit --work WORK --json
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.choices.influence import read
from benchmarks.kit import work
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.retraining.lds import DRAWS, Judge
from benchmarks.truth.retraining.methods import (
    DEFAULT,
    build_sets,
    product_matrix,
    run_product,
    settings_of,
)
from benchmarks.truth.retraining.rank_scores import Score, resamples, score
from gmv_core import Workspace
from gmv_core.method.value import Basis
from gmv_core.settings import CONVINCING
from gmv_core.trust.credit import QUANTILE
from gmv_core.trust.null import read_null
from gmv_core.types import Float64

QUANTILES = (0.5, 0.8, 0.9, 0.95, QUANTILE)


def rows_of(path: Path, workspace: Workspace, *, seed: int) -> list[Row]:
    """Return the scores of each rule on one generator's retrainings, less the paper's, paired."""
    _, _, training, generated = read(path)
    with np.load(path) as kept:
        judge = Judge(kept["chosen"], kept["outputs"], seed=seed)
    result = run_product(build_sets(workspace, training, generated), "default", settings_of())
    entry = result.manifest.null
    if entry is None:
        raise ValueError(f"the run {result.run.name} has no null")
    nearest = read_null(result.training, entry).nearest.distance[:, 0]
    paper = product_matrix(result)
    settings = replace(DEFAULT, credit=CONVINCING)
    rules = {"as the paper": paper} | {
        f"convincing, {q:g}": product_matrix(
            result, settings, Basis(float(np.quantile(nearest[np.isfinite(nearest)], q)))
        )
        for q in sorted(QUANTILES, reverse=True)
    }
    return [_row(path.stem, name, judge, matrix, paper) for name, matrix in rules.items()]


def _row(generator: str, rule: str, judge: Judge, matrix: Float64, paper: Float64) -> Row:
    found, whole = judge.images(matrix), judge.whole(matrix)
    other, kept = matrix is not paper, matrix.any(axis=1)
    both = _of(judge, matrix, kept).less(_of(judge, paper, kept))
    return {
        "generator": generator, "credit": rule,
        "unattributed, %": round(100 * (1 - float(matrix.sum() / paper.sum())), 1),
        "nothing handed out, %": round(100 * float((~kept).mean()), 1),
        "LDS": round(found.value, 3), "95 %": found.interval(),
        "less the paper's": found.less(judge.images(paper)).told() if other else "",
        "of those that hand out, less the paper's": both.told() if other else "",
        "the paper's, of the others": _of(judge, paper, ~kept).told() if not kept.all() else "",
        "set level": round(whole.value, 3),
        "set level, less the paper's": whole.less(judge.whole(paper)).told() if other else "",
    }  # fmt: skip


def _of(judge: Judge, matrix: Float64, images: np.ndarray) -> Score:
    """Return the score of a method on some of the images, (m,) bool; nan without any."""
    if not images.any():
        return Score(np.nan, np.full(DRAWS, np.nan))
    outputs = judge.outputs[:, images]
    draws = resamples(*outputs.shape, draws=DRAWS, seed=1)
    return score(judge.chosen @ matrix[images].T, outputs, draws)


def main() -> None:
    """Score, print the tables and save the figures."""
    options = work.parser(__doc__).parse_args()
    figures: dict[str, Any] = {}
    workspace = Workspace(options.workspace or options.work / "workspace")  # as benchmarks.truth
    for path in sorted((options.work / "retraining").glob("halves*.npz")):
        figures[path.stem] = rows_of(path, workspace, seed=options.seed)
        print_table(f"{path.stem}: credit by retraining", figures[path.stem])
    work.save(options, "credit-choices", figures)


if __name__ == "__main__":
    main()
