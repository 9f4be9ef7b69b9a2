"""Cached doors to the part of a gallery that its filters leave, and to what they can be set to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core import Result
from gmv_core.results.candidate_lists import nearest_rows
from gmv_core.store import columns
from gmv_core.store.workspace import ImageSet
from ui.doors.cached import data, resource

MOST_VALUES = 30  # an attribute with more is a number or a text


@dataclass(frozen=True)
class Filters:
    """Which images of a gallery are shown; "" for all.

    find: part of the name. attribute: as "hat: yes". quality: the least and the most.
    """

    find: str = ""
    label: str = ""
    owner: str = ""
    attribute: str = ""
    standing: str = ""
    quality: tuple[float, float] | None = None


@resource(max_entries=4)  # to sort a million names takes seconds
def ordered(
    result: Result,
    kind: str,
    _table: pd.DataFrame,
    filters: Filters,
    column: str,
    rises: bool,
) -> pd.DataFrame:
    """Return the rows of a gallery's table that the filters leave, in order.

    kind: which of the result's two galleries it is. rises: the smallest of `column` first.
    """
    table = _table
    if filters.find:
        table = table[table["name"].str.contains(filters.find, case=False, regex=False)]
    for name in ("label", "standing"):
        if getattr(filters, name):
            table = table[table[name] == getattr(filters, name)]
    if filters.owner:
        table = table[_owners(result, kind, table) == filters.owner]
    if filters.attribute:
        images = result.generated if kind == "generated" else result.training
        name, _, value = filters.attribute.partition(": ")
        values = columns.attributes(images).get(name, [""] * len(images.images))
        table = table[np.array(values, object)[table["id"]] == value]
    if filters.quality:
        table = table[table["quality"].between(*filters.quality)]
    return table.sort_values(column, ascending=rises, kind="stable")


def _owners(result: Result, kind: str, table: pd.DataFrame) -> np.ndarray:
    """Return the owner of each row: of a generated image, that of its first contributor."""
    if kind == "training":
        return table["owner"].to_numpy(object)
    rows = nearest_rows(result.run, result.without, result.basis)[table["id"]]
    owners = result.training.images.read(["owner"])["owner"].to_pylist()
    return np.array([owners[row] if row >= 0 else "" for row in rows], object)


@data(max_entries=8)
def labels(images: ImageSet) -> list[str]:
    """Return the labels of a set's images, in alphabetical order."""
    return sorted(set(images.images.read(["label"])["label"].unique().to_pylist()) - {"", None})


@data(max_entries=8)
def attribute_values(images: ImageSet) -> list[str]:
    """Return what the attributes of a set's images are, as "hat: yes"."""
    found = {
        name: sorted(values - {""}) for name, values in columns.attribute_values(images).items()
    }
    return [f"{name}: {value}" for name, values in found.items() if len(values) <= MOST_VALUES
            for value in values]  # fmt: skip
