"""The tables of a result: one row a generated image, a training image, or a contributor."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.method.value import Basis, Values, rank_from_bottom
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.stability import stability_columns
from gmv_core.results.standings import standings_table
from gmv_core.settings import ValueSettings
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import ImageSet, Run
from gmv_core.types import OK

MATCH_COLUMNS = (
    "generated", "training", "rank", "recall_rank", "distance", "weight", "value", "convincing",
)  # fmt: skip
GENERATED_COLUMNS = (
    "generated", "quality", "nearest_distance", "effective_contributors", "standing", "p_copy",
    "p_far", "nearer_than", "copy_of", "unattributed", "stability",
)  # fmt: skip
VALUE_COLUMNS = ("training", "value", "times_contributor", "nearest_distance", "label", "owner")
STANDINGS = ("never a candidate", "never a contributor", "contributor")  # the nearer, the later


def generated_rows(
    run: Run, manifest: RunManifest, training: ImageSet, generated: ImageSet, valued: pa.Table
) -> pd.DataFrame:
    """Return one row a generated image with all columns; see `Result.generated_table`.

    valued: one row a generated image, as `value_all` returns it.
    """
    about = generated.images.read(["name", "status", "label"]).to_pandas()
    about = about.rename(columns={"name": "generated"})
    standings = standings_table(run, manifest, training, len(valued))
    held = stability_columns(run, manifest, len(valued))
    return pd.concat([valued.to_pandas(), about, standings, held], axis=1)


def value_rows(
    run: Run,
    training: ImageSet,
    values: Values,
    without: Collection[int],
    columns: tuple[str, ...],
) -> pd.DataFrame:
    """Return one row a training image that is in use; see `Result.values_table`."""
    named = [("name" if c == "training" else c) for c in columns]
    # What is not asked for is not read: the names alone of a million images take 0.1 s.
    about = training.images.read(
        ["id", "status", *(c for c in ("name", "label", "owner") if c in named)]
    )
    kept = pc.equal(about["status"], OK).to_numpy()
    if without:
        kept = kept & ~np.isin(about["id"].to_numpy(), list(without))
    table = about.to_pandas().rename(columns={"name": "training"}).assign(**vars(values))
    distances = [c for c in ("nearest_distance", "mean_distance") if c in columns]
    if distances:
        table = pd.concat([table, run.table("values").read(distances).to_pandas()], axis=1)
    table = table[list(columns)]
    return table if kept.all() else table[kept].reset_index(drop=True)


def ranked_from_bottom(table: pd.DataFrame) -> pd.DataFrame:
    """Return training images by value, the lowest first; see `Result.noisy`.

    table: with "value", "nearest_distance", "times_contributor" and "times_candidate".
    """
    nearest = table["nearest_distance"].to_numpy(float)
    order = rank_from_bottom(table["value"].to_numpy(), nearest)
    table = table.iloc[order].reset_index(drop=True)
    near = np.where(table["times_contributor"] > 0, 2, table["times_candidate"] > 0)
    standing = pd.array(STANDINGS, dtype="str").take(near)
    return table.assign(rank=np.arange(len(table), 0, -1), standing=standing)


def match_batches(
    run: Run,
    training: ImageSet,
    generated: ImageSet,
    settings: ValueSettings,
    basis: Basis,
    without: Collection[int],
) -> Iterator[pd.DataFrame]:
    """Yield one row a contributor of a generated image, MATCH_COLUMNS, block by block.

    Where near copies earn as one it is a cluster, under the name of its first image, with the
    weight and value of all its images; `shares.credits_of` has each one's part.
    """
    names, made = (
        np.array(images.images.read(["name"])["name"].to_pylist(), object)
        for images in (training, generated)
    )
    for block in blocks(run, without, basis):
        handed, matches = block.handed_out(settings, basis), block.matches
        j, i = np.nonzero(handed.contributors >= 0)
        yield pd.DataFrame(
            {
                "generated": made[block.rows[j]],
                "training": names[handed.contributors[j, i]],
                "rank": i + 1,
                "recall_rank": matches.recall_rank[j, i],
                "distance": matches.distance[j, i],
                "weight": handed.weights[j, i],
                "value": handed.credit[j, i],
                "convincing": matches.distance[j, i] <= basis.reach,
            }
        )
