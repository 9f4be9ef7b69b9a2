"""The values of a run, computed from its stored candidate lists and qualities, and its totals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gmv_core.method.value import Values, add_values, no_values
from gmv_core.results.candidate_lists import blocks
from gmv_core.settings import ValueSettings
from gmv_core.store.manifests import Totals
from gmv_core.store.workspace import Run


def value_all(
    run: Run, n: int, settings: ValueSettings, without: frozenset[int] = frozenset()
) -> tuple[Values, pa.Table]:
    """Return the values of n training images, and one row a generated image."""
    values = no_values(n)
    parts = []
    for block in blocks(run, without):
        handed = block.handed_out(settings)
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
                }
            )
        )
    return values, pa.concat_tables(parts)


def totals_of(values: Values, rows: pa.Table) -> Totals:
    """Return what values and the rows of the generated images come to."""
    quality = rows["quality"].to_numpy(zero_copy_only=False)
    effective = rows["effective_contributors"].to_numpy()
    effective = effective[effective > 0]  # 0: rejected, or every candidate left out
    return Totals(
        value=float(values.value.sum()),
        quality=float(np.nansum(quality)),
        contributors=int((values.times_contributor > 0).sum()),
        never_contributor=int((values.times_contributor == 0).sum()),
        effective_contributors=float(effective.mean()) if len(effective) else 0.0,
    )
