"""Predicted influence against retraining: the product's form, its parts, its choices, its rivals.

`linear_matrix` is what `gmv influence` stores, of all pairs. The tables vary one thing at a time;
side and kept directions are also chosen on one part of the retrainings and measured on the other.
"Refit on each half" is no sum: the linear model is fitted to each half and its error is the
prediction, as `predicted_change` does for an owner's images.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.kit.data import Images
from benchmarks.kit.reporting import Row
from benchmarks.truth.retraining.rank_scores import Score, score
from gmv_core.method.denoiser import denoiser, left_out, losses, statistics
from gmv_core.method.influence import PARTS, influence, probes
from gmv_core.sets.pixels import PixelForm, small_pixels
from gmv_core.settings import InfluenceSettings
from gmv_core.types import Float64

if TYPE_CHECKING:
    from benchmarks.truth.retraining.lds import Judge

INFLUENCE = "predicted influence"
SIDES_PX = (8, 12, 16, 24, 28)
KEPT = (4.0, 8.0, 16.0, 32.0, 64.0)
ABLATIONS: dict[str, tuple[str, ...]] = {
    "directions alone": ("directions",),
    "the class's mean alone": ("mean",),
    "directions and mean": ("directions", "mean"),
}


@dataclass(frozen=True)
class Linear:
    """Both sets as the linear model sees them. one_mean: as if there were no labels."""

    training: Images
    generated: Images
    settings: InfluenceSettings
    one_mean: bool = False

    def arrays(self, images: Images) -> tuple[Float64, np.ndarray]:
        """Return images (n, d) in 0…1 and their classes."""
        form = PixelForm(self.settings.side_px, images.pixels.shape[-1] == 1)
        x = np.stack([small_pixels(pixels, form) for pixels in images.pixels])
        classes = np.zeros_like(images.classes) if self.one_mean else images.classes
        return x.astype(np.float64) / 255, classes

    @property
    def classes(self) -> int:
        return 1 if self.one_mean else len(self.training.names)

    def matrix(self, parts: Collection[str] = PARTS) -> Float64:
        """Return I of all pairs, (m, n)."""
        x, codes = self.arrays(self.training)
        made = denoiser(statistics([(x, codes)], self.classes), kept=self.settings.kept_directions)
        return influence(made, probes(made, *self.arrays(self.generated)), x, codes, parts=parts)

    def refitted(self, chosen: np.ndarray) -> Float64:
        """Return −L of each generated image fitted to each half, (halves, m); σ is that of all."""
        x, codes = self.arrays(self.training)
        every = statistics([(x, codes)], self.classes)
        sigma = denoiser(every, kept=self.settings.kept_directions).sigma
        asked = self.arrays(self.generated)
        return np.stack([
            -losses(denoiser(left_out(every, x[~half], codes[~half]), sigma=sigma), *asked)
            for half in chosen.astype(bool)
        ])  # fmt: skip


def linear_matrix(training: Images, generated: Images) -> Float64:
    """Return what the product predicts under its own settings, (m, n)."""
    return Linear(training, generated, InfluenceSettings()).matrix()


def influence_rows(
    judge: Judge, training: Images, generated: Images, rivals: dict[str, Float64]
) -> list[Row]:
    """Score the product's form, its parts, no labels and refitting; and each rival less it."""
    linear = Linear(training, generated, InfluenceSettings())
    own = judge.images(linear.matrix())
    refitted = score(linear.refitted(judge.chosen), judge.outputs, judge.draws)
    scores = {
        INFLUENCE: own,
        **{name: judge.images(linear.matrix(parts)) for name, parts in ABLATIONS.items()},
        "one mean, no labels": judge.images(
            Linear(training, generated, linear.settings, one_mean=True).matrix()
        ),
        "refit on each half": refitted,
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


def choice_rows(judge: Judge, training: Images, generated: Images) -> tuple[list[Row], list[Row]]:
    """Score every side and number of kept directions; then choose on one part of the retrainings.

    Returns the table, and what the choice gains over the product's settings on the other part.
    """
    cells = {
        (side, kept): Linear(training, generated, InfluenceSettings(side, kept)).matrix()
        for side in SIDES_PX
        for kept in KEPT
    }
    table: list[Row] = [
        {"side, px": side, **{f"tr D = {kept:g}": round(judge.images(cells[side, kept]).value, 3)
                              for kept in KEPT}}
        for side in SIDES_PX
    ]  # fmt: skip
    product = linear_matrix(training, generated)
    middle = len(judge.chosen) // 2
    parts = (slice(None, middle), slice(middle, None))
    chosen: list[Row] = []
    for mine, other in (parts, parts[::-1]):
        best = max(cells, key=lambda cell: judge.part(mine, cells[cell]).value)
        there, own = judge.part(other, cells[best]), judge.part(other, product)
        chosen.append({
            "chosen on half of the retrainings": f"{best[0]} px, tr D = {best[1]:g}",
            "LDS on the others": round(there.value, 3),
            "gain over the product's settings there": there.less(own).told(),
        })  # fmt: skip
    return table, chosen
