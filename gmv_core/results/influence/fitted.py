"""What needs a run's linear model again: an image of no set, and the influence of all pairs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from gmv_core.errors import SettingsError, SourceError
from gmv_core.images.decode import decode
from gmv_core.method.scales import relative_probes
from gmv_core.results.influence.tables import HARMFUL, HELPFUL, Influence, named, ready_record
from gmv_core.results.result import Result
from gmv_core.sets.linear import LinearModel, fit_linear
from gmv_core.sets.pixels import pixel_blocks, pixels_of_rows, small_pixels
from gmv_core.sources.source import file_content
from gmv_core.store.columns import labels_of, statuses
from gmv_core.types import OK, Float32, Float64, Int64, UInt8

MOST_PAIRS = 10**8
PAIRS_AT_ONCE = 10**7  # 40 MB, and as much again for each of their two names


def fitted(result: Result, *, one_mean: bool = False) -> LinearModel:
    """Fit the training set's linear model again, as the run's influence has it.

    one_mean: without classes, for images whose class is not known. Raises WorkspaceError where the
    run has no predicted influence yet.
    """
    record = ready_record(result.run)
    by_label = record.by_class and not one_mean
    kept, detail = record.settings.kept_directions, record.detail
    return fit_linear(result.training, record.form, detail=detail, kept=kept, by_label=by_label)


def influences_on_pixels(
    model: LinearModel, spread: Float64, pixels: UInt8, *, label: str = ""
) -> list[Influence]:
    """Return the most helpful and most harmful training images for an image that is in no set.

    pixels: (h, w, 3) uint8, a preview. model: of `fitted`, and spread: of its method of that name,
    both kept to answer more than once. label: the image's; without, the model is one with one mean.
    """
    x = small_pixels(pixels, model.form)[None] / 255
    codes = model.classes_of(x, np.array([label], object))
    asked = relative_probes(model.scales, x, codes)
    helpful, harmful = model.lists(asked, spread, helpful=HELPFUL, harmful=HARMFUL)
    best, worst = ((values[0], rows[0]) for values, rows in (helpful, harmful))
    return named(model.training, best, worst)


def influences_on_file(result: Result, path: Path) -> list[Influence]:
    """Return the same for an image file.

    Raises SourceError as `pixels_of_file` does, WorkspaceError as `fitted` does.
    """
    ready_record(result.run)
    pixels = pixels_of_file(result, path)
    model = fitted(result, one_mean=True)
    return influences_on_pixels(model, model.spread(), pixels)


def pixels_of_file(result: Result, path: Path) -> UInt8:
    """Return the preview of an image file, (h, w, 3), read as the run's own images were.

    Raises SourceError where it is no image that can be read.
    """
    decoded = decode(file_content(path), result.training.manifest().ingest)
    if decoded.status != OK or decoded.pixels is None:
        raise SourceError(f"{str(path)!r}: {decoded.status}; give another image.")
    return decoded.pixels


def influences_of(
    result: Result, model: LinearModel, spread: Float64, training_row: int
) -> pd.DataFrame:
    """Return a training image's influence on every generated image, the most helped first.

    Columns: generated, id, influence, percent. model: of `fitted`, spread: of
    its method of that name.
    """
    labels, at = labels_of(result.generated), np.array([training_row])
    one = pixels_of_rows(model.training, model.form, at)
    parts = []
    for ids, x in pixel_blocks(result.generated, model.form):
        codes = model.classes_of(x, labels[ids])
        found = model.influence(relative_probes(model.scales, x, codes), one, at, spread)[:, 0]
        parts.append(pd.DataFrame({"id": ids, "influence": found, "percent": 100 * found}))
    table = pd.concat(parts, ignore_index=True)
    names = result.generated.images.take(table["id"].to_numpy(), ["name"])["name"].to_pylist()
    table.insert(0, "generated", names)
    return table.sort_values("percent", ascending=False, kind="stable", ignore_index=True)


def pair_blocks(result: Result) -> Iterator[tuple[Int64, Int64, Float32]]:
    """Return an iterator of all pairs, in order.

    It yields generated rows (c,), training rows (n,) and their influence (c, n), at most
    PAIRS_AT_ONCE at once, without images that were rejected or left out. Raises
    SettingsError where there are more than MOST_PAIRS, WorkspaceError as `fitted` does.
    """
    ready_record(result.run)
    mine = statuses(result.training)
    mine[list(result.without)] = False
    rows, columns = np.flatnonzero(statuses(result.generated)), np.flatnonzero(mine)
    pairs = len(rows) * len(columns)
    if pairs > MOST_PAIRS:
        raise SettingsError(
            f"There are {pairs:,} pairs of a generated and a training image, and at most "
            f"{MOST_PAIRS:,} are written; without all pairs the export has the longest "
            "lists of each image and the totals."
        )
    return _pair_blocks(result, rows, columns)


def _pair_blocks(
    result: Result, rows: Int64, columns: Int64
) -> Iterator[tuple[Int64, Int64, Float32]]:
    model = fitted(result)
    spread, labels = model.spread(), labels_of(result.generated)
    kept = np.zeros(len(model.codes), bool)
    kept[columns] = True
    step = max(1, PAIRS_AT_ONCE // max(len(columns), 1))
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        x = pixels_of_rows(result.generated, model.form, some)
        asked = relative_probes(model.scales, x, model.classes_of(x, labels[some]))
        pairs = np.empty((len(some), len(columns)), np.float32)
        done = 0
        for ids, y in model.blocks():
            own = ids[kept[ids]]
            found = model.influence(asked, y[kept[ids]], own, spread)
            pairs[:, done : done + len(own)] = found
            done += len(own)
        yield some, columns, pairs
