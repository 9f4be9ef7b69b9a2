"""Cached doors to the map of a training set, and to what a selection is worth.

Tables with a row an image are shared by all sessions and never changed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gmv_core import Result
from gmv_core.plots.look import STANDING as STANDING_COLOURS
from gmv_core.plots.look import STANDING_WORDS, owner_colours
from gmv_core.plots.map import Amounts, Kinds, kinds, thin_by_density
from gmv_core.results.explore import placing
from gmv_core.results.explore.share import SelectionShare, share_of
from gmv_core.sets.layout import LayoutRecord, has_layout, read_record
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float32, Int64
from ui.doors.cached import data, resource
from ui.doors.readings import ranking

SIGNED = "predicted influence"


def layout(images: ImageSet) -> LayoutRecord | None:
    """Return what is known of a set's map, None where there is none of its present state."""
    return read_record(images) if has_layout(images) else None


def table(images: ImageSet, result: Result | None) -> pd.DataFrame:
    """Return the points of the map with what they can be coloured by, see `placing.map_table`."""
    return _table(images, result, str(layout(images)))


@resource(max_entries=4, show_spinner="Reading the map …")
def _table(images: ImageSet, result: Result | None, layout: str) -> pd.DataFrame:
    return placing.map_table(images, result)


def generated(result: Result) -> Float32:
    """Return where the generated images of a result lie."""
    return _generated(result, str(layout(result.training)))


@resource(max_entries=4)
def _generated(result: Result, layout: str) -> Float32:
    return placing.generated_positions(result)


def points(images: ImageSet, result: Result | None) -> tuple[Float32, Int64, Int64]:
    """Return positions, rows and the places that are drawn of the training images."""
    return _points(images, result, str(layout(images)))


@resource(max_entries=4)
def _points(images: ImageSet, result: Result | None, layout: str) -> tuple[Float32, Int64, Int64]:
    found = _table(images, result, layout)
    at = found[["x", "y"]].to_numpy(np.float32)
    return at, found["id"].to_numpy(np.int64), thin_by_density(at)


def colour(images: ImageSet, result: Result | None, column: str) -> Kinds | Amounts | None:
    """Return how the points are coloured by a column of the table, None for the column ""."""
    return _colour(images, result, column, str(layout(images)))


@resource(max_entries=8)
def _colour(
    images: ImageSet, result: Result | None, column: str, layout: str
) -> Kinds | Amounts | None:
    found = _table(images, result, layout)
    if column not in found:
        return None
    values = found[column]
    if column == placing.VALUE:
        return Amounts(values.to_numpy(float), "value")
    if column == placing.INFLUENCE:
        return Amounts(values.to_numpy(float), SIGNED, signed=True)
    names = values.cat.categories.tolist()
    colours = None
    if column == placing.STANDING:
        words = [STANDING_WORDS[name] for name in names]
        colours = {STANDING_WORDS[name]: shade for name, shade in STANDING_COLOURS.items()}
        return kinds(values.cat.codes.to_numpy(np.int64), words, colours)
    if column == placing.OWNER:
        colours = owner_colours(sorted(set(names) - {""}))
    return kinds(values.cat.codes.to_numpy(np.int64), names, colours)


@data(max_entries=64)
def about(images: ImageSet, row: int) -> dict[str, str]:
    """Return name, label and owner of one row of a set."""
    told = images.images.take(np.array([row]), ["name", "label", "owner"]).to_pylist()[0]
    return {key: text or "" for key, text in told.items()}


def share(result: Result, rows: Int64) -> SelectionShare:
    """Return what a selection is worth."""
    return _share(result, rows.tobytes())


@data(max_entries=16, show_spinner="Drawing the generated images anew …")
def _share(result: Result, rows: bytes) -> SelectionShare:
    return share_of(result, np.frombuffer(rows, np.int64), values=ranking(result))
