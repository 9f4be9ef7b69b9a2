"""What if some training images had not been there: the linear denoiser refitted without them.

For a group the first order is not enough: each image's influence assumes that all others stay. So
the statistics are down-dated exactly and the denoiser is fitted again, at the same noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gmv_core.measures.bootstrap import mean_interval
from gmv_core.method.denoiser import left_out, nearest_classes, refitted_losses
from gmv_core.results.fitted import fitted
from gmv_core.results.result import Result
from gmv_core.sets.linear import LinearModel
from gmv_core.sets.pixels import BLOCK, pixel_blocks, pixels_of_rows
from gmv_core.store.columns import labels_of
from gmv_core.types import Float64, Progress, Report, silent

MOST_OWNERS = 20


@dataclass(frozen=True)
class PredictedChange:
    """How the linear model's error on the generated images is predicted to change, in percent.

    images: training images left out. percent: mean over generated images of each one's change,
    above 0 where it gets worse; low and high: its 95 % interval, from resampling them. by_image:
    (m,), in the order of the generated images that were not rejected.
    """

    images: int
    percent: float
    low: float
    high: float
    by_image: Float64


def predicted_change(
    result: Result, *, model: LinearModel | None = None, seed: int = 0
) -> PredictedChange:
    """Predict what leaving training images out does: those of `result.leaving_out(names)`.

    model: what `fitted` returned for this result, to answer more than once. A generated image whose
    whole class is gone is held against the nearest class that remains. Raises WorkspaceError where
    the run has no predicted influence yet, ModelError where no training image would remain.
    """
    model = model or fitted(result)
    rows = np.array(sorted(result.without), np.int64)
    rows = rows[model.codes[rows] >= 0]
    rest = model.denoiser.statistics
    for first in range(0, len(rows), BLOCK):
        some = rows[first : first + BLOCK]
        rest = left_out(rest, pixels_of_rows(model.training, model.form, some), model.codes[some])
    labels, changes = labels_of(result.generated), []
    for ids, x in pixel_blocks(result.generated, model.form):
        codes = model.classes_of(x, labels[ids])
        before = refitted_losses(model.denoiser.statistics, model.denoiser.sigma, x, codes)
        gone = rest.counts[codes] == 0
        codes[gone] = nearest_classes(rest, x[gone])
        after = refitted_losses(rest, model.denoiser.sigma, x, codes)
        changes.append(100 * (after / before - 1))
    by_image = np.concatenate(changes)
    mean, low, high = mean_interval(by_image[:, None], seed=seed)
    return PredictedChange(len(rows), float(mean[0]), float(low[0]), float(high[0]), by_image)


def owner_changes(
    result: Result,
    *,
    most: int = MOST_OWNERS,
    model: LinearModel | None = None,
    report: Report = silent,
) -> dict[str, PredictedChange]:
    """Predict what leaving out each of the largest owners does, the one of most images first.

    most: owners. An owner of all images is passed over. Raises as `predicted_change` does.
    """
    model = model or fitted(result)
    table = result.values_table(("id", "owner"))
    sizes = table["owner"].replace("", None).value_counts()
    names = [str(name) for name, size in sizes.head(most).items() if size < len(table)]
    changes = {}
    for done, name in enumerate(names):
        report(Progress("influence", done, len(names)))
        rows = frozenset(table["id"][table["owner"] == name].tolist())
        changes[name] = predicted_change(replace(result, without=rows), model=model)
    report(Progress("influence", len(names), len(names)))
    return changes
