"""The numbers that predicted influence is made with, each varied alone against retraining.

Side and kept directions, and noise levels σ, of the whole-image denoiser alone; the same form on
embeddings instead of pixels; and all numbers together, chosen on one part of the retrainings and
measured on the other (benchmarks/choices/influence.py).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.kit.data import Images
from benchmarks.kit.reporting import Row
from benchmarks.truth.retraining.linear import Linear
from benchmarks.truth.retraining.rank_scores import spearman
from gmv_core.method.denoiser import denoiser, keeping, statistics
from gmv_core.method.scales import Scale, relative_influence, relative_probes
from gmv_core.settings import InfluenceSettings
from gmv_core.types import Float64

if TYPE_CHECKING:
    from benchmarks.truth.retraining.lds import Judge

SIDES_PX = (8, 12, 16, 24, 28)
KEPT = (4.0, 8.0, 16.0, 24.0, 32.0)
SIGMAS = (0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0)
BROADEST, NARROWEST = (12.0, 16.0, 24.0, 32.0), (4.0, 8.0, 12.0, 16.0)  # without and with detail
BLOCKS = ((2, 2.0), (2, 4.0), (4, 4.0), (4, 8.0))  # side, px, and directions


def side_rows(judge: Judge, training: Images, generated: Images) -> list[Row]:
    """Score the whole-image denoiser alone by side and kept directions."""
    return [
        {"side, px": side, **{
            f"tr D = {kept:g}": round(judge.images(Linear(
                training, generated, InfluenceSettings(side, kept)).matrix()).value, 3)
            for kept in KEPT}}
        for side in SIDES_PX
    ]  # fmt: skip


def sigma_rows(judge: Judge, training: Images, generated: Images) -> list[Row]:
    """Score the whole-image denoiser alone at fixed levels of noise."""
    linear = Linear(training, generated)
    rows: list[Row] = []
    for sigma in SIGMAS:
        made = denoiser(linear.whole.statistics, sigma=sigma)
        found = judge.images(linear.matrix(scales=(Scale(made, 1.0),)))
        rows.append({"σ": sigma, "tr D": round(float(made.kept.sum()), 1),
                     "LDS": round(found.value, 3), "95 %": found.interval()})  # fmt: skip
    return rows


def embedded_rows(
    judge: Judge, training: Images, generated: Images, vectors: tuple[Float64, Float64]
) -> list[Row]:
    """Score the whole-image form on embeddings: (n, d) of the training, (m, d) of the generated."""
    x, asked = vectors
    whole = denoiser(statistics([(x, training.classes)], len(training.names)))
    rows: list[Row] = []
    for kept in KEPT:
        scales = (Scale(keeping(whole, kept), 1.0),)
        held = relative_probes(scales, asked, generated.classes)
        found = judge.images(relative_influence(scales, held, x, training.classes))
        rows.append({"tr D of embeddings": kept, "LDS": round(found.value, 3),
                     "95 %": found.interval()})  # fmt: skip
    return rows


def choice_scores(
    parts: dict[str, tuple[np.ndarray, Float64]], training: Images, generated: Images
) -> list[dict[str, float]]:
    """Score each choice of the product's numbers on parts of the retrainings.

    parts: by name, the halves (h, n) and the outputs (h, m).
    """
    linear = Linear(training, generated)
    detail = linear.detail
    local = {block: linear.matrix(scales=linear.blocks(*block)) for block in BLOCKS}
    found = []
    for broad, narrow in itertools.product(BROADEST, NARROWEST):
        kept = broad + (narrow - broad) * detail
        alone = linear.matrix(scales=(Scale(keeping(linear.whole, kept), 1.0),))
        for block in (None, *BLOCKS):
            matrix = alone if block is None else alone + detail * local[block]
            scores = {
                name: spearman(chosen @ matrix.T, outputs)
                for name, (chosen, outputs) in parts.items()
            }
            side, directions = block or (0, 0.0)
            found.append({"broad": broad, "with detail": narrow, "block, px": side,
                          "of a block": directions, **scores})  # fmt: skip
    return found
