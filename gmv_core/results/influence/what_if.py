"""What if some training images had not been there: the linear denoiser refitted without them.

For a group the first order is not enough: each image's influence assumes that all others stay. So
the statistics are down-dated exactly and the denoiser is fitted again, at the same noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from gmv_core.errors import SettingsError
from gmv_core.measures.bootstrap import mean_interval
from gmv_core.method.denoiser import left_out, nearest_classes
from gmv_core.method.scales import relative_change
from gmv_core.results.influence.fitted import fitted
from gmv_core.results.result import Result
from gmv_core.sets.linear import LinearModel
from gmv_core.sets.pixels import BLOCK, pixel_blocks, pixels_of_rows
from gmv_core.store.columns import labels_of
from gmv_core.types import OK, Float64

MOST_OWNERS = 20
NAMED = 10


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
    rest = model.statistics
    for first in range(0, len(rows), BLOCK):
        some = rows[first : first + BLOCK]
        rest = left_out(rest, pixels_of_rows(model.training, model.form, some), model.codes[some])
    labels, changes = labels_of(result.generated), []
    for ids, x in pixel_blocks(result.generated, model.form):
        codes = model.classes_of(x, labels[ids])
        after, gone = codes.copy(), rest.counts[codes] == 0
        after[gone] = nearest_classes(rest, x[gone])
        changes.append(100 * relative_change(model.scales, rest, x, codes, after))
    by_image = np.concatenate(changes)
    mean, low, high = mean_interval(by_image[:, None], seed=seed)
    return PredictedChange(len(rows), float(mean[0]), float(low[0]), float(high[0]), by_image)


def largest_owners(result: Result, most: int = MOST_OWNERS) -> list[str]:
    """Return the owners of the most training images, without one that has all of them."""
    owners = _owners(result)
    sizes = owners[owners != ""].value_counts()
    return [str(name) for name, size in sizes.head(most).items() if size < len(owners)]


def owner_change(
    result: Result, owner: str, *, model: LinearModel | None = None
) -> PredictedChange:
    """Predict what leaving out an owner's images does.

    model: as for `predicted_change`, which see for what is raised; SettingsError for an owner that
    no training image has.
    """
    owners = _owners(result)
    rows = owners.index[owners == owner]
    if not owner or rows.empty:
        names = ", ".join(sorted(set(owners) - {""})[:NAMED])
        known = f"one of: {names}" if names else "another set; it has no owners"
        raise SettingsError(f"No training image has the owner {owner!r}; choose {known}.")
    return predicted_change(replace(result, without=frozenset(rows.tolist())), model=model)


def _owners(result: Result) -> pd.Series:
    """Return the owner of every training image that was not rejected, "" for none, by row."""
    table = result.training.images.read(["owner", "status"]).to_pandas()
    owners: pd.Series = table["owner"][table["status"] == OK].fillna("")
    return owners
