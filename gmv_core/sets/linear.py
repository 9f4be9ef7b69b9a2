"""The best linear denoisers of a training set, from its stored pixels and labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from gmv_core.errors import ModelError
from gmv_core.method.denoiser import BROAD, Statistics, denoiser, nearest_classes, statistics
from gmv_core.method.influence import Probes, extremes
from gmv_core.method.scales import (
    Scale,
    Scales,
    detail_of,
    relative_influence,
    scales_of,
    spreads_of,
)
from gmv_core.sets.pixels import BLOCK, FEW, PixelForm, pixel_blocks
from gmv_core.store.columns import labels_of, statuses
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float32, Float64, Floats, Int64

FEW_ASKED = 8  # generated images: fewer products than bytes to fetch

Lists = tuple[Floats, Int64]  # influence and training rows, (m, count) each, largest first


@dataclass(frozen=True)
class LinearModel:
    """A training set's denoisers, for generated images of some detail.

    labels: of the classes, in order; ("",) for one mean for all. Images without a label among
    others with one are a class of their own. codes: (n,), each training row's class. detail: 0…1,
    None where the number of directions was given.
    """

    training: ImageSet
    form: PixelForm
    scales: Scales
    labels: tuple[str, ...]
    codes: Int64
    detail: float | None

    @property
    def statistics(self) -> Statistics:
        return self.scales[0].denoiser.statistics

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[Int64, Float32]]:
        """Yield (row ids, pixels) of the training images, in order, `size` at once."""
        return pixel_blocks(self.training, self.form, size=size)

    def classes_of(self, x: Floats, labels: np.ndarray) -> Int64:
        """Return the class of generated images, (m,): by label, else the nearest mean's.

        x: (m, d) in 0…1. labels: (m,) of objects, "" for none.
        """
        known = {label: code for code, label in enumerate(self.labels) if label}
        codes = np.array([known.get(label, -1) for label in labels], np.int64)
        unknown = codes < 0
        codes[unknown] = nearest_classes(self.statistics, x[unknown])
        return codes

    def spread(self) -> Float64:
        """Return the part of influence that is the same for all generated images, (scales, n).

        In one pass; 0 for a rejected image. It belongs to the training set: keep it for `lists`.
        """
        found = np.zeros((len(self.scales), len(self.codes)))
        for ids, x in self.blocks():
            found[:, ids] = spreads_of(self.scales, x, self.codes[ids])
        return found

    def influence(
        self, asked: tuple[Probes, ...], x: Floats, ids: Int64, spread: Float64
    ) -> Floats:
        """Return the relative influence of training rows on generated images, (m, b).

        asked: of `relative_probes`. x: (b, d), the rows' pixels. ids: (b,). spread: of `spread`.
        """
        return relative_influence(self.scales, asked, x, self.codes[ids], spread=spread[:, ids])

    def lists(
        self, asked: tuple[Probes, ...], spread: Float64, *, helpful: int, harmful: int
    ) -> tuple[Lists, Lists]:
        """Return the most helpful and the most harmful training rows of generated images.

        asked: of `relative_probes`. spread: of `spread`. helpful, harmful: how many of each.
        Memory: one block of training images and its pairs.
        """
        best: Lists | None = None
        worst: Lists | None = None
        for ids, x in self.blocks(FEW if len(asked[0].codes) <= FEW_ASKED else BLOCK):
            pairs = self.influence(asked, x, ids, spread)
            best = extremes(pairs, ids, helpful, best)
            worst = extremes(-pairs, ids, harmful, worst)
        if best is None or worst is None:
            raise ModelError(f"The set {self.training.name!r} has no image; build it again.")
        return best, (-worst[0], worst[1])


def label_share(training: ImageSet, generated: ImageSet) -> float:
    """Return the share of the generated images whose label some training image has."""
    known = set(labels_of(training)[statuses(training)]) - {""}
    asked = labels_of(generated)[statuses(generated)]
    return float(np.mean([label in known for label in asked])) if len(asked) else 0.0


def fit_linear(
    training: ImageSet,
    form: PixelForm,
    *,
    generated: ImageSet | None = None,
    detail: float | None = None,
    kept: float | None = None,
    by_label: bool = True,
) -> LinearModel:
    """Fit the denoisers in one pass over the stored pixels, which `ensure_pixels` made.

    One of `kept`, directions of the whole-image denoiser, which then stands alone; `detail`, which
    an earlier fit found; or `generated`, whose detail is measured. by_label: a mean for each label,
    else one mean for all. Memory: a block of images and four (d, d) matrices.
    """
    fine, every = statuses(training), labels_of(training)
    if not by_label:
        every[:] = ""
    labels, found = np.unique(every[fine].astype(str), return_inverse=True)
    codes = np.full(len(every), -1, np.int64)
    codes[fine] = found
    blocks = ((x, codes[ids]) for ids, x in pixel_blocks(training, form))
    broad = denoiser(statistics(blocks, len(labels)), kept=kept or BROAD)
    alone = LinearModel(training, form, (Scale(broad, 1.0),), tuple(map(str, labels)), codes, None)
    if kept is not None:
        return alone
    if detail is None and generated is not None:
        detail = _detail(alone, generated)
    if detail is None:
        raise TypeError("fit_linear needs kept, detail or generated")
    return replace(alone, scales=scales_of(broad, form.side_px, detail), detail=detail)


def _detail(model: LinearModel, generated: ImageSet) -> float:
    asked = labels_of(generated)
    blocks = (
        (x, model.classes_of(x, asked[ids])) for ids, x in pixel_blocks(generated, model.form)
    )
    return detail_of(model.scales[0].denoiser, blocks)
