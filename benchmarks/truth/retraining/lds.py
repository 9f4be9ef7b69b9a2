"""Linear datamodeling score: does the summed value of a random half predict its retrained model?

Fashion-MNIST, a class-conditional β-VAE trained on n images, m images that it generated (ten a
class). The VAE is trained again on random halves S, several times each; the measured output of
generated image j is −loss. The score of a method (Park et al., ICML 2023, arXiv 2303.14186, §3) is
the rank correlation over the halves of Σ_{i∈S} V_ij with the output, averaged over j. Set level:
of Σ_{i∈S} φ_i with the mean output of all generated images. "beyond the label": the rank
correlation left when the number of images of the asked class in S is known. Intervals resample
halves and images together. The ceiling is what the outputs of other seeds say of the same halves.

    python -m benchmarks.truth.retraining.lds --workspace WORKSPACE --json
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.kit import work
from benchmarks.kit.datasets import workspace_of
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.retraining.compared import LABEL, OURS, Compared, compare
from benchmarks.truth.retraining.linear import influence_rows
from benchmarks.truth.retraining.linear_choices import embedded_rows, side_rows, sigma_rows
from benchmarks.truth.retraining.methods import nearest_matrix, product_matrix
from benchmarks.truth.retraining.rank_scores import Score, ceiling, resamples, score
from benchmarks.truth.retraining.retraining import half_outputs, halves
from benchmarks.truth.retraining.setting import (
    Setting,
    make_setting,
    parser,
    results_name,
    sizes,
    write_arrays,
)
from gmv_core.settings import ValueSettings
from gmv_core.types import Float64

TEMPERATURES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, "auto")
KS = (1, 5, 10, 30, 100)
DRAWS = 1000
PAPER = ValueSettings(k=10, temperature=1.0)  # what the paper and the product begin with


class Judge:
    """Scores methods on one set of retrainings, all on the same resamples, so that they pair."""

    def __init__(self, chosen: np.ndarray, outputs: Float64, *, seed: int) -> None:
        self.chosen = chosen.astype(np.float64)
        self.by_level = outputs.mean(0)  # (halves, levels, m)
        self.outputs = self.by_level.mean(1)  # (halves, m)
        self.draws = resamples(*self.outputs.shape, draws=DRAWS, seed=seed)
        self.set_draws = replace(self.draws, images=np.ones((DRAWS, 1)))

    def images(self, matrix: Float64, *, beyond: Float64 | None = None) -> Score:
        known = None if beyond is None else self.chosen @ beyond.T
        return score(self.chosen @ matrix.T, self.outputs, self.draws, beyond=known)

    def whole(self, matrix: Float64) -> Score:
        summed = self.chosen @ matrix.sum(0)
        return score(summed[:, None], self.outputs.mean(1)[:, None], self.set_draws)

    def band(self, levels: slice, matrix: Float64) -> Score:
        return score(self.chosen @ matrix.T, self.by_level[:, levels].mean(1), self.draws)

    def part(self, halves: slice, matrix: Float64) -> Score:
        outputs = self.outputs[halves]
        draws = resamples(*outputs.shape, draws=DRAWS, seed=1)
        return score(self.chosen[halves] @ matrix.T, outputs, draws)


def method_rows(judge: Judge, compared: Compared) -> list[Row]:
    """Score every method, its difference from ours, and what it knows beyond the label."""
    ours = judge.images(compared.matrices[OURS])
    label = compared.matrices[LABEL]
    rows: list[Row] = []
    for name, matrix in compared.matrices.items():
        found, whole = judge.images(matrix), judge.whole(matrix)
        rows.append({
            "method": name, "LDS": round(found.value, 3), "95 %": found.interval(),
            "less ours": found.less(ours).told() if name != OURS else "",
            "beyond the label": judge.images(matrix, beyond=label).told() if name != LABEL else "",
            "set level": round(whole.value, 3), "set level 95 %": whole.interval(),
        })  # fmt: skip
    return rows


def ceiling_rows(outputs: Float64) -> list[Row]:
    """Tell how far the outputs of other seeds agree on the halves, (seeds, halves, levels, m)."""
    every = outputs.mean(2)
    told = {"image": every, "set": every.mean(2, keepdims=True)}
    told |= {f"image, {name}": outputs[:, :, band].mean(2) for name, band in bands(outputs).items()}
    return [
        {"level": level, "seeds": len(outputs), **ceiling(values)} for level, values in told.items()
    ]


def bands(outputs: Float64) -> dict[str, slice]:
    """Return the thirds of the levels of noise by name, none where there is one level."""
    levels = outputs.shape[2]
    third = levels // 3
    names = ("low noise", "middle", "high noise") if levels > 1 else ()
    return {name: slice(k * third, (k + 1) * third) for k, name in enumerate(names)}


def band_rows(judge: Judge, compared: Compared, outputs: Float64) -> list[Row]:
    """Score every method on each third of the levels of noise."""
    return [
        {"method": name, **{
            band: judge.band(levels, matrix).told() for band, levels in bands(outputs).items()}}
        for name, matrix in compared.matrices.items()
    ]  # fmt: skip


def sweep_rows(judge: Judge, compared: Compared) -> tuple[list[Row], dict[str, Any]]:
    """Score our method by τ and k; and what the best of them has over the paper's choice.

    k = all is exhaustive: every training image gets a share. Quality is the same factor for all of
    a row of V and so cannot change an image's score.
    """
    n = compared.features.shape[1]
    cells = {
        (tau, k): nearest_matrix(compared.features, ValueSettings(n, tau), compared.quality)
        if k == "all"
        else product_matrix(compared.deep, ValueSettings(int(k), tau))
        for tau in TEMPERATURES
        for k in (*[k for k in KS if k <= n // 2], "all")
    }
    found = {cell: judge.images(matrix) for cell, matrix in cells.items()}
    paper = found[PAPER.temperature, PAPER.k]
    rows: list[Row] = [
        {"τ": str(tau), **{f"k={k}": round(found[tau, k].value, 3) for t, k in cells if t == tau}}
        for tau in TEMPERATURES
    ]
    told = {f"τ={tau} k={k}": {"lds": one.value, "low": one.low, "high": one.high,
                               "less τ=1 k=10": one.less(paper).figures()}
            for (tau, k), one in found.items()}  # fmt: skip
    return rows, {"cells": told, "chosen": _chosen(judge, cells)}


def _chosen(judge: Judge, cells: dict[tuple[float | str, int | str], Float64]) -> list[Row]:
    """Choose τ and k on one part of the halves and measure the gain on the other, both ways."""
    middle = len(judge.chosen) // 2
    parts = (slice(None, middle), slice(middle, None))
    rows: list[Row] = []
    for mine, other in (parts, parts[::-1]):
        best = max(cells, key=lambda cell: judge.part(mine, cells[cell]).value)
        gain = judge.part(other, cells[best]).less(
            judge.part(other, cells[PAPER.temperature, PAPER.k])
        )
        rows.append({"chosen on half of the retrainings": f"τ={best[0]} k={best[1]}",
                     "gain over τ=1 k=10 on the others": gain.told()})  # fmt: skip
    return rows


def gain_rows(told: dict[str, Any]) -> list[Row]:
    """List the settings whose gain is largest, and those of the paper's k, with intervals."""
    cells = told["cells"]
    best = sorted(cells, key=lambda cell: -cells[cell]["lds"])[:6]
    shown = [*best, *(cell for cell in cells if cell.endswith("k=10") and cell not in best)]
    rows: list[Row] = []
    for cell in shown:
        low, middle, high = cells[cell]["less τ=1 k=10"]
        rows.append({"setting": cell, "LDS": round(cells[cell]["lds"], 3),
                     "less τ=1 k=10": f"{middle:+.3f} ({low:+.3f} … {high:+.3f})"})  # fmt: skip
    return rows


def quality_rows(judge: Judge, compared: Compared) -> list[Row]:
    """Score the set level with and without quality, by τ, at the paper's k."""
    rows: list[Row] = []
    for tau in TEMPERATURES:
        on, off = (
            judge.whole(product_matrix(compared.deep, ValueSettings(10, tau, weighting)))
            for weighting in (True, False)
        )
        rows.append({"τ": str(tau), "with quality": round(on.value, 3),
                     "without": round(off.value, 3), "with less without": on.less(off).told()})  # fmt: skip  # noqa: E501
    return rows


def keep(setting: Setting, name: str, chosen: np.ndarray, outputs: Float64) -> None:
    """Write what was measured as one file, so that nothing has to be trained again to read it."""
    write_arrays(
        setting.folder / f"{name}.npz", chosen=chosen, outputs=outputs,
        training=setting.training.pixels, training_classes=setting.training.classes,
        generated=setting.generated.pixels, generated_classes=setting.generated.classes,
    )  # fmt: skip


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Retrain where that is not done yet, score everything, print the tables."""
    size = sizes(options)
    setting = make_setting(options)
    chosen = halves(size.n, size.halves, seed=options.seed)
    outputs = half_outputs(setting, chosen, size.seeds, seed=options.seed)
    keep(setting, results_name("halves", options), chosen, outputs)
    judge = Judge(chosen, outputs, seed=options.seed)
    with workspace_of(options) as workspace:
        compared = compare(setting, workspace, size, seed=options.seed)
        methods, top = method_rows(judge, compared), ceiling_rows(outputs)
        sweep, told = sweep_rows(judge, compared)
        quality = quality_rows(judge, compared)
        pair = (setting.training, setting.generated)
        linear = influence_rows(judge, *pair, compared.matrices)
        sides, sigmas = side_rows(judge, *pair), sigma_rows(judge, *pair)
        embedded = embedded_rows(judge, *pair, compared.vectors)
        by_band = band_rows(judge, compared, outputs)
    title = f"{size.halves} random halves of {size.n:,}, {size.seeds} seeds each, m = {size.m}"
    print_table(f"How far retraining with other seeds agrees: {title}", top)
    print_table(f"Linear datamodeling score: {title}", methods)
    print_table("Ours (features, R = 300) by temperature and k: LDS", sweep)
    gains = gain_rows(told)
    print_table("Gain over the paper's τ = 1 and k = 10", gains)
    print_table("Chosen on half of the retrainings, measured on the others", told["chosen"])
    print_table(f"Predicted influence: {title}", linear)
    print_table("The whole-image denoiser alone by side and kept directions: LDS", sides)
    print_table("The same at fixed levels of noise, 16 px", sigmas)
    print_table("The same form on embeddings", embedded)
    if len(outputs[0, 0]) > 1:
        print_table(f"By thirds of the levels of noise: {title}", by_band)
    print_table("Set level, with and without quality weighting, k = 10", quality)
    return {"sizes": {"n": size.n, "m": size.m, "halves": size.halves, "seeds": size.seeds},
            "ceiling": top, "methods": methods, "sweep": sweep, "gains": gains, **told,
            "quality": quality, "influence": linear, "influence_sides": sides,
            "influence_sigmas": sigmas, "influence_embedded": embedded,
            "bands": by_band}  # fmt: skip


def main() -> None:
    """Measure, print the tables and save the figures."""
    options = parser(__doc__).parse_args()
    work.save(options, results_name("lds", options), run(options))


if __name__ == "__main__":
    main()
