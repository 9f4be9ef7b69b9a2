"""The values of a run, computed from its stored candidate lists and qualities, and its totals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gmv_core.method.value import ALL_EARN, Basis, Values, add_values, no_values, shared_within
from gmv_core.results.candidate_lists import blocks
from gmv_core.settings import ValueSettings
from gmv_core.store.manifests import Totals
from gmv_core.store.workspace import Run
from gmv_core.types import Float64

ALIKE = 0.95  # a metric that gives so many images 0 or 1 tells them apart no more
FEWEST_JUDGED = 5
EDGE = 1e-3


def value_all(
    run: Run,
    n: int,
    settings: ValueSettings,
    without: frozenset[int] = frozenset(),
    basis: Basis = ALL_EARN,
) -> tuple[Values, pa.Table]:
    """Return the values of n training images, and one row a generated image."""
    values = no_values(n)
    parts = []
    for block in blocks(run, without, basis):
        handed = block.handed_out(settings, basis)
        values = add_values(values, block.matches.candidates, handed)
        nearest = np.min(block.matches.recall_distance, axis=1)
        parts.append(
            pa.table(
                {
                    "id": block.rows,
                    "quality": pa.array(block.quality, from_pandas=True),
                    "nearest_distance": pa.array(
                        np.where(np.isfinite(nearest), nearest, np.nan), from_pandas=True
                    ),
                    "effective_contributors": handed.effective,
                    "unattributed": handed.unattributed,
                }
            )
        )
    return shared_within(values, basis), pa.concat_tables(parts)


def totals_of(values: Values, rows: pa.Table, kept: int) -> Totals:
    """Return what values and the rows of the generated images come to.

    kept: training images that were neither rejected nor are left out.
    """
    quality = rows["quality"].to_numpy(zero_copy_only=False)
    effective = rows["effective_contributors"].to_numpy()
    contributors = int((values.times_contributor > 0).sum())
    effective = effective[effective > 0]  # 0: rejected, or every candidate left out
    return Totals(
        value=float(values.value.sum()),
        quality=float(np.nansum(quality)),
        contributors=contributors,
        never_contributor=kept - contributors,
        effective_contributors=float(effective.mean()) if len(effective) else 0.0,
        unattributed=float(rows["unattributed"].to_numpy().sum()),
    )


def quality_warnings(quality: Float64, metric: str) -> tuple[str, ...]:
    """Say in a sentence where a metric gives nearly all images 0 or 1.

    quality: (m,), nan where an image was not judged. metric: its key; with "none" all are 1.
    """
    judged = quality[np.isfinite(quality)]
    low, high = int((judged <= EDGE).sum()), int((judged >= 1 - EDGE).sum())
    if metric == "none" or len(judged) < FEWEST_JUDGED or low + high < ALIKE * len(judged):
        return ()
    found = [f"0 to {low:,}"] if low else []
    found += [f"1 to {high:,}"] if high else []
    effect = (
        "images of quality 0 hand out no credit, whatever they look like"
        if low
        else "the values are as good as unweighted"
    )
    return (
        f"The quality metric {metric} gives {' and '.join(found)} of {len(judged):,} generated "
        f"images, so it hardly tells them apart: {effect}. Value them with another --quality, or "
        "read the values without weighting by quality.",
    )
