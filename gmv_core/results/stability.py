"""What is known of a run's stability: a table beside its others, and the record of its readings."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import numpy as np
import pandas as pd

from gmv_core.method.value import ALL_EARN, Basis
from gmv_core.results.candidate_lists import block_of, blocks
from gmv_core.settings import ValueSettings
from gmv_core.store.access import Right, require
from gmv_core.store.files import write_json
from gmv_core.store.manifests import RunManifest
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import Run
from gmv_core.trust.stability import first_shares
from gmv_core.types import Float64

RECORD = "stability.json"


class StabilityRecord(msgspec.Struct, frozen=True):
    """The readings that were compared, the run's own first, and the state of the run then."""

    readings: tuple[str, ...]
    run_updated: str | None


def stability_table(run: Run) -> Table:
    return run.table("stability")


def read_stability(run: Run, manifest: RunManifest) -> StabilityRecord | None:
    """Return what was compared, None where nothing was since the run was valued last."""
    try:
        record = msgspec.json.decode((run.folder / RECORD).read_bytes(), type=StabilityRecord)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return record if record.run_updated == manifest.updated else None


def write_stability(run: Run, record: StabilityRecord) -> None:
    require(Right.EDIT, "comparing distances")
    write_json(run.folder / RECORD, msgspec.to_builtins(record))


def stability_columns(run: Run, manifest: RunManifest, m: int) -> pd.DataFrame:
    """Return one row a generated image: stability in [0, 1], same_first; nan where not known.

    m: how many images there are.
    """
    if read_stability(run, manifest) is None:
        none = np.full(m, np.nan)
        return pd.DataFrame({"stability": none, "same_first": none})
    stored = stability_table(run).read(["stability", "same_first"]).to_pandas()
    return stored.astype(np.float64)


def share_ranges(
    run: Run,
    settings: ValueSettings,
    without: Collection[int] = (),
    basis: Basis = ALL_EARN,
    *,
    row: int | None = None,
) -> tuple[Float64, Float64]:
    """Return `trust.stability.first_shares` of each generated image, or of one alone: its row."""
    if row is None:
        found = [
            first_shares(block.matches.distance, settings) for block in blocks(run, without, basis)
        ]
        low, high = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return low, high
    return first_shares(block_of(run, row, without, basis).matches.distance, settings)
