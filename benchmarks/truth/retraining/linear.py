"""Predicted influence against retraining: the product's form, its parts, its choices, its rivals.

`linear_matrix` is what `gmv influence` stores, of all pairs. The tables vary one thing at a time;
what the product's numbers are is also chosen on one part of the retrainings and measured on the
other. "Refit on each half" is no sum: the denoisers are fitted to each half and the share by which
their error grows is the prediction, as `predicted_change` does for an owner's images.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.kit.data import Images
from benchmarks.kit.reporting import Row
from benchmarks.truth.retraining.rank_scores import Score, score
from gmv_core.method.denoiser import (
    BROAD,
    Denoiser,
    denoiser,
    keeping,
    left_out,
    square_blocks,
    statistics,
)
from gmv_core.method.influence import PARTS
from gmv_core.method.scales import (
    Scale,
    Scales,
    detail_of,
    relative_change,
    relative_influence,
    relative_probes,
    scales_of,
)
from gmv_core.sets.pixels import PixelForm, small_pixels
from gmv_core.settings import InfluenceSettings
from gmv_core.types import Float64

if TYPE_CHECKING:
    from benchmarks.truth.retraining.lds import Judge

INFLUENCE = "predicted influence"
SIDES_PX = (8, 12, 16, 24, 28)
KEPT = (4.0, 8.0, 16.0, 24.0, 32.0)
BROADEST, NARROWEST = (12.0, 16.0, 24.0, 32.0), (4.0, 8.0, 12.0, 16.0)  # without and with detail
BLOCKS = ((2, 2.0), (2, 4.0), (4, 4.0), (4, 8.0))  # side, px, and directions
ABLATIONS: dict[str, tuple[str, ...]] = {
    "directions alone": ("directions",),
    "the class's mean alone": ("mean",),
    "directions and mean": ("directions", "mean"),
}


@dataclass(frozen=True)
class Linear:
    """Both sets as the linear models see them. one_mean: as if there were no labels."""

    training: Images
    generated: Images
    settings: InfluenceSettings = InfluenceSettings()  # noqa: RUF009  # it is frozen
    one_mean: bool = False

    def arrays(self, images: Images) -> tuple[Float64, np.ndarray]:
        """Return images (n, d) in 0…1 and their classes."""
        form = PixelForm(self.settings.side_px, images.pixels.shape[-1] == 1)
        x = np.stack([small_pixels(pixels, form) for pixels in images.pixels])
        classes = np.zeros_like(images.classes) if self.one_mean else images.classes
        return x.astype(np.float64) / 255, classes

    @cached_property
    def both(self) -> tuple[tuple[Float64, np.ndarray], tuple[Float64, np.ndarray]]:
        return self.arrays(self.training), self.arrays(self.generated)

    @cached_property
    def whole(self) -> Denoiser:
        classes = 1 if self.one_mean else len(self.training.names)
        return denoiser(statistics([self.both[0]], classes), kept=BROAD)

    @cached_property
    def detail(self) -> float:
        return detail_of(self.whole, [self.both[1]])

    @property
    def scales(self) -> Scales:
        """Return the product's denoisers, or the whole-image one that keeps what was asked for."""
        kept = self.settings.kept_directions
        if kept is not None:
            return (Scale(keeping(self.whole, kept), 1.0),)
        return scales_of(self.whole, self.settings.side_px, self.detail)

    def blocks(self, side_px: int, kept: float) -> Scales:
        """Return a denoiser of blocks that stands alone."""
        side, channels = self.settings.side_px, self.training.pixels.shape[-1]
        blocks = square_blocks(side, channels, side_px)
        return (Scale(denoiser(self.whole.statistics, kept=kept, blocks=blocks), 1.0),)

    def matrix(self, parts: Collection[str] = PARTS, scales: Scales | None = None) -> Float64:
        """Return the relative influence of all pairs, (m, n)."""
        scales = scales or self.scales
        mine, asked = self.both
        held = relative_probes(scales, *asked)
        return relative_influence(scales, held, *mine, parts=parts).astype(np.float64)

    def without(self, chosen: np.ndarray) -> Float64:
        """Return by which share each generated image gets worse on each part alone, (parts, m).

        chosen: (parts, n) bool, the images that stay. The noise is that of all images.
        """
        (x, codes), asked = self.both
        every = self.whole.statistics
        return np.stack([
            relative_change(
                self.scales, left_out(every, x[~part], codes[~part]), *asked, asked[1]
            )
            for part in chosen.astype(bool)
        ])  # fmt: skip


def linear_matrix(training: Images, generated: Images) -> Float64:
    """Return what the product predicts under its own settings, (m, n)."""
    return Linear(training, generated).matrix()


def influence_rows(
    judge: Judge, training: Images, generated: Images, rivals: dict[str, Float64]
) -> list[Row]:
    """Score the product's form, its parts, no labels and refitting; and each rival less it."""
    linear = Linear(training, generated)
    own = judge.images(linear.matrix())
    alone = {f"whole image alone, {kept:g} directions": Linear(
        training, generated, InfluenceSettings(kept_directions=kept)).matrix()
        for kept in (8.0, 16.0, 24.0)}  # fmt: skip
    scores = {
        INFLUENCE: own,
        **{name: judge.images(matrix) for name, matrix in alone.items()},
        "blocks alone": judge.images(linear.matrix(scales=linear.blocks(2, 4.0))),
        **{name: judge.images(linear.matrix(parts)) for name, parts in ABLATIONS.items()},
        "one mean, no labels": judge.images(Linear(training, generated, one_mean=True).matrix()),
        "refit on each half": score(-linear.without(judge.chosen), judge.outputs, judge.draws),
        **{name: judge.images(matrix) for name, matrix in rivals.items() if name != INFLUENCE},
    }
    return [_row(name, found, own) for name, found in scores.items()]


def _row(name: str, found: Score, own: Score) -> Row:
    return {
        "method": name,
        "LDS": round(found.value, 3),
        "95 %": found.interval(),
        f"less {INFLUENCE}": found.less(own).told() if found is not own else "",
    }


def side_rows(judge: Judge, training: Images, generated: Images) -> list[Row]:
    """Score the whole-image denoiser alone by side and kept directions."""
    return [
        {"side, px": side, **{
            f"tr D = {kept:g}": round(judge.images(Linear(
                training, generated, InfluenceSettings(side, kept)).matrix()).value, 3)
            for kept in KEPT}}
        for side in SIDES_PX
    ]  # fmt: skip


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
                name: _mean_rank_correlation(chosen @ matrix.T, outputs)
                for name, (chosen, outputs) in parts.items()
            }
            side, directions = block or (0, 0.0)
            found.append({"broad": broad, "with detail": narrow, "block, px": side,
                          "of a block": directions, **scores})  # fmt: skip
    return found


def _mean_rank_correlation(predicted: Float64, measured: Float64) -> float:
    from scipy.stats import rankdata

    ranks = [rankdata(each, axis=0) for each in (predicted, measured)]
    a, b = (each - each.mean(0) for each in ranks)
    return float(((a * b).sum(0) / np.sqrt((a * a).sum(0) * (b * b).sum(0))).mean())
