"""The values of a run, computed from its stored candidate lists and qualities, and its totals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gmv_core.method.value import Values, add_values, no_values
from gmv_core.results.candidate_lists import blocks
from gmv_core.settings import ValueSettings
from gmv_core.store.columns import all_vectors, vector_blocks
from gmv_core.store.table import Table
from gmv_core.store.workspace import ImageSet, Manifest, Run
from gmv_core.types import Float32, Float64


def value_all(
    run: Run, n: int, settings: ValueSettings, without: frozenset[int] = frozenset()
) -> tuple[Values, pa.Table]:
    """Return the values of n training images, and one row a generated image."""
    values = no_values(n)
    parts = []
    for block in blocks(run, without):
        q = np.nan_to_num(block.quality)
        values, shares = add_values(values, block.candidates, block.distance, q, settings)
        nearest = np.min(block.recall_distance, axis=1)
        parts.append(
            pa.table(
                {
                    "id": block.rows,
                    "quality": pa.array(block.quality, from_pandas=True),
                    "nearest_distance": pa.array(
                        np.where(np.isfinite(nearest), nearest, np.nan), from_pandas=True
                    ),
                    "effective_contributors": shares.effective,
                }
            )
        )
    return values, pa.concat_tables(parts)


def distances_to_generated(training: Table, generated: Float32, n: int) -> tuple[Float64, Float64]:
    """Return each training image's smallest and mean embedding distance to the generated ones.

    generated: (m, d) unit rows. Both (n,), nan for a rejected image. Memory: one block of each.
    """
    nearest, mean = np.full(n, np.nan), np.full(n, np.nan)
    for ids, vectors in vector_blocks(training, size=4096):
        smallest, total = np.full(len(ids), np.inf), np.zeros(len(ids))
        own = np.einsum("nd,nd->n", vectors, vectors)[:, None]  # in half precision not quite 1
        for start in range(0, len(generated), 4096):
            other = generated[start : start + 4096]
            squared = own + np.einsum("md,md->m", other, other) - 2 * (vectors @ other.T)
            d = np.sqrt(np.maximum(squared, 0))
            smallest = np.minimum(smallest, d.min(axis=1))
            total += d.sum(axis=1)
        nearest[ids], mean[ids] = smallest, total / len(generated)
    return nearest, mean


def write_values(
    run: Run, training: ImageSet, generated: ImageSet, embedder: str, settings: ValueSettings
) -> Manifest:
    """Compute φ from the stored matches, write the tables and return the totals."""
    n = len(training.images)
    values, rows = value_all(run, n, settings)
    vectors = all_vectors(generated.embeddings(embedder))[1]
    nearest, mean = distances_to_generated(training.embeddings(embedder), vectors, n)
    run.table("generated").write(rows)
    run.table("values").write(
        pa.table(
            {
                "id": np.arange(n),
                "value": values.value,
                "times_contributor": values.times_contributor,
                "times_candidate": values.times_candidate,
                "nearest_distance": pa.array(nearest, from_pandas=True),
                "mean_distance": pa.array(mean, from_pandas=True),
            }
        )
    )
    return totals_of(values, rows)


def totals_of(values: Values, rows: pa.Table) -> Manifest:
    quality = rows["quality"].to_numpy(zero_copy_only=False)
    effective = rows["effective_contributors"].to_numpy()
    effective = effective[effective > 0]  # 0: rejected, or every candidate left out
    return {
        "value": float(values.value.sum()),
        "quality": float(np.nansum(quality)),
        "contributors": int((values.times_contributor > 0).sum()),
        "never_contributor": int((values.times_contributor == 0).sum()),
        "effective_contributors": float(effective.mean()) if len(effective) else 0.0,
    }
