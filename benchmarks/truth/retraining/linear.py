"""Predicted influence against retraining: the product's form, its parts, its rivals.

`linear_matrix` is what `gmv influence` stores, of all pairs. The table varies one thing at a time,
more of them in linear_choices.py. "Refit on each half" is no sum: the denoisers are fitted to each
half and the share by which their error grows is the prediction, as `predicted_change` does for an
owner's images.
"""

from __future__ import annotations

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
ABLATIONS: dict[str, tuple[str, ...]] = {
    "directions alone": ("directions",),
    "spread alone": ("spread",),
    "the class's mean alone": ("mean",),
    "directions and mean": ("directions", "mean"),
    "directions and spread": ("directions", "spread"),
    "mean and spread": ("mean", "spread"),
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
