"""The standing of every generated image of a run, from its stored lists and its null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from gmv_core.images.decode import pixels_of
from gmv_core.matching.dropped import Dropped
from gmv_core.results.candidate_lists import blocks
from gmv_core.store.manifests import NullEntry, RunManifest
from gmv_core.store.workspace import ImageSet, Run
from gmv_core.trust.identical import identical_rows
from gmv_core.trust.null import first_rows, nearest_of, read_null
from gmv_core.trust.sentences import image_sentences, run_sentences
from gmv_core.trust.standing import copied_rows, no_standings, standings_of, together
from gmv_core.types import Int64


def standings_table(run: Run, manifest: RunManifest, training: ImageSet, m: int) -> pd.DataFrame:
    """Return one row a generated image: the fields of `Standings`, and same_pixels.

    same_pixels: the name of the training image that has its pixels, copy_of: of the one that a near
    copy is closest to, both "" for none. m: how many there are; without a null, standing is "" and
    the numbers are nan.
    """
    found, copied = no_standings(m), np.full(m, -1)
    if manifest.null is not None:
        parts = [
            (nearest_of(lists), first_rows(lists))
            for lists in (block.matches for block in blocks(run))
        ]
        nearest, rows = together([part[0] for part in parts]), [part[1] for part in parts]
        found = standings_of(nearest, read_null(training, manifest.null))
        copied = copied_rows(found, np.concatenate(rows))
    return pd.DataFrame({**asdict(found), "same_pixels": _identical(run, training, m),
                         "copy_of": _names(training, copied)})  # fmt: skip


def _identical(run: Run, training: ImageSet, m: int) -> list[str]:
    table = run.table("identical")
    rows = table.read(["identical"])["identical"].to_numpy() if table.columns() else np.full(m, -1)
    return _names(training, rows)


def _names(training: ImageSet, rows: Int64) -> list[str]:
    names = np.full(len(rows), "", object)
    found = rows >= 0
    if found.any():
        names[found] = training.images.take(rows[found], ["name"])["name"].to_pylist()
    return list(names)


def standing_of_dropped(
    dropped: Dropped, training: ImageSet, null: NullEntry | None
) -> pd.DataFrame:
    """Return the same rows for images dropped in just now, each judged by itself."""
    if dropped.matches is None or dropped.near is None:
        return pd.DataFrame()
    found = no_standings(len(dropped.names))
    if null is not None:
        found = standings_of(nearest_of(dropped.matches), read_null(training, null), alone=True)
    copied = _names(training, copied_rows(found, first_rows(dropped.matches)))
    rows = identical_rows(dropped.near, lambda j: pixels_of(dropped.previews[j]), training)
    same = _names(training, rows)
    return pd.DataFrame({**asdict(found), "same_pixels": same, "copy_of": copied})


def sentences_of(about: Mapping[str, Any], null: NullEntry | None) -> list[str]:
    """Say how one generated image stands. about: a row of the table, with `same_pixels`."""
    numbers = (about["nearer_than"], about["p_copy"], about["p_far"])
    names = (about["same_pixels"], about["copy_of"])
    return image_sentences(about["standing"], *numbers, *names, null)


def sentences_of_all(table: pd.DataFrame, null: NullEntry | None) -> list[str]:
    """Say how the generated images stand together. table: with standing and same_pixels."""
    counts = {str(k): int(n) for k, n in table["standing"].value_counts().items()}
    return run_sentences(counts, int((table["same_pixels"] != "").sum()), null)
