"""A run as files: its tables as Parquet and CSV, and its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from gmv_core.errors import WorkspaceError
from gmv_core.results.influence.fitted import pair_blocks
from gmv_core.results.influence.tables import has_influence, influence_batches
from gmv_core.results.result import Result
from gmv_core.results.selection import for_spreadsheets
from gmv_core.results.shares import value_intervals
from gmv_core.results.tables import MATCH_COLUMNS
from gmv_core.store.files import write_json
from gmv_core.store.manifest_files import as_json
from gmv_core.store.outputs import check_output
from gmv_core.trust.duplicates import has_clusters, read_clusters
from gmv_core.types import Float32, Int64

PAIRS = "influence.parquet"
EXPORTED = (
    "training", "rank", "value", "value_low", "value_high", "times_contributor", "times_candidate",
    "standing", "nearest_distance", "label", "owner", "cluster",
)  # fmt: skip


def export(
    result: Result, folder: Path, *, all_pairs: bool = False, raw: bool = False
) -> list[Path]:
    """Write a run's tables into a folder, as Parquet and CSV, and return the files.

    matches, generated and values; influence_lists and influence_totals where influence was
    predicted; manifest.json. all_pairs: also PAIRS, with the columns generated, training and
    influence; raises as `pair_blocks` does, before anything is written. raw: the CSV files hold
    texts as they are, even such as a spreadsheet takes for formulas. Raises WorkspaceError where
    the folder cannot be written, or is the workspace's own.
    """
    check_output(result.run, folder)
    try:
        return _export(result, folder, all_pairs=all_pairs, raw=raw)
    except OSError as error:
        raise WorkspaceError(
            f"{folder} cannot be written ({error.strerror or error}); give another folder."
        ) from error


def _export(result: Result, folder: Path, *, all_pairs: bool, raw: bool) -> list[Path]:
    pairs = pair_blocks(result) if all_pairs else None
    tables: dict[str, Iterable[pd.DataFrame]] = {
        "matches": result.matches_batches(),
        "generated": [result.generated_table()],
        "values": [values_of(result)],
    }
    if has_influence(result.run):
        images = (result.training, result.generated)
        tables["influence_lists"] = influence_batches(result.run, *images, result.without)
        tables["influence_totals"] = [result.influence_totals()]
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, batches in tables.items():
        written += _write(folder / name, batches, raw=raw)
    if pairs is not None:
        written.append(_write_pairs(result, folder / PAIRS, pairs))
    write_json(folder / "manifest.json", as_json(result.told()))
    return [*written, folder / "manifest.json"]


def values_of(result: Result) -> pd.DataFrame:
    """Return one row a training image, in the order of the set: all that is known of its value.

    The same on the command line and in the app: rank (1: the most valuable), value, value_low,
    value_high, times_contributor, times_candidate, standing, nearest_distance, label, owner, and
    cluster: the name of the first of its near copies, "" where it has none or none were looked for.
    """
    table = result.noisy().sort_values("id", ignore_index=True)
    low, high = value_intervals(result)
    ids = table["id"].to_numpy()
    cluster = np.full(len(table), "", object)
    if has_clusters(result.training):
        found = read_clusters(result.training)
        copied = found.sizes[ids] > 1
        names = result.training.images.read(["name"])["name"].take(found.of[ids[copied]])
        cluster[copied] = names.to_pylist()
    table = table.assign(value_low=low[ids], value_high=high[ids], cluster=cluster)
    return table[list(EXPORTED)]


def matches_of(result: Result) -> pd.DataFrame:
    """Return one row a generated image and contributor, as "matches" is exported, in memory."""
    batches = list(result.matches_batches())
    return pd.concat(batches, ignore_index=True) if batches else pd.DataFrame(columns=MATCH_COLUMNS)


def _write(path: Path, batches: Iterable[pd.DataFrame], *, raw: bool) -> tuple[Path, Path]:
    """Write a table batch by batch as <path>.parquet and <path>.csv."""
    from pyarrow.parquet import ParquetWriter

    parquet, csv = path.with_suffix(".parquet"), path.with_suffix(".csv")
    writer = None
    with csv.open("w", encoding="utf-8", newline="") as text:
        for batch in batches:
            table = pa.Table.from_pandas(batch, preserve_index=False)
            cells = batch if raw else for_spreadsheets(batch)
            cells.to_csv(text, index=False, header=writer is None)
            writer = writer or ParquetWriter(parquet, table.schema)
            writer.write_table(table)
    if writer is not None:
        writer.close()
    return parquet, csv


def _write_pairs(
    result: Result, path: Path, blocks: Iterator[tuple[Int64, Int64, Float32]]
) -> Path:
    from pyarrow.parquet import ParquetWriter

    made, known = (
        images.images.read(["name"])["name"].combine_chunks()
        for images in (result.generated, result.training)
    )
    names = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema([("generated", names), ("training", names), ("influence", pa.float32())])
    with ParquetWriter(path, schema) as writer:
        for rows, columns, influence in blocks:
            generated = np.repeat(rows.astype(np.int32), len(columns))
            training = np.tile(columns.astype(np.int32), len(rows))
            writer.write_table(
                pa.table(
                    [
                        pa.DictionaryArray.from_arrays(generated, made),
                        pa.DictionaryArray.from_arrays(training, known),
                        influence.ravel(),
                    ],
                    schema=schema,
                )
            )
    return path
