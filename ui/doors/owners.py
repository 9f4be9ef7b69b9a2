"""Cached doors to what one owner, or another group of training images, gets in a run."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from gmv_core import Result
from gmv_core.audit.statement import statement
from gmv_core.results.influence.what_if import PredictedChange
from gmv_core.results.owners.answer import (
    OwnerAnswer,
    columns_of,
    owner_answer,
    rows_of,
    with_copies_as_one,
)
from gmv_core.results.owners.pictures import best_images, closest_generated
from gmv_core.results.owners.without import shares_without
from ui.doors import influence, readings
from ui.doors.cached import data, resource


@data(max_entries=8)
def columns(result: Result) -> list[str]:
    """Return the columns by which the training images can be grouped."""
    return columns_of(result)


@data(max_entries=64)
def answer(result: Result, name: str, by: str) -> OwnerAnswer:
    """Return what a group gets."""
    return owner_answer(result, name, by, shares=readings.shares(result, by))


@data(max_entries=64)
def as_one(result: Result, name: str, by: str) -> float | None:
    """Return its share where near copies count as one image, None where that changes nothing."""
    return with_copies_as_one(answer(result, name, by), result)


@resource(max_entries=16)
def best(result: Result, name: str, by: str) -> pd.DataFrame:
    """Return its images that earned anything, the most valuable first."""
    return best_images(result, name, by)


@resource(max_entries=16)
def closest(result: Result, name: str, by: str) -> pd.DataFrame:
    """Return the generated images that give it credit, those that give it most first."""
    return closest_generated(result, name, by)


@data(max_entries=16, show_spinner="Counting again without these images …")
def without(result: Result, name: str, by: str) -> pd.DataFrame:
    """Return what the others get without it."""
    return shares_without(result, name, by, shares=readings.shares(result, by))


@data(max_entries=4)
def page(result: Result, name: str, by: str) -> str:
    """Return its statement, as an HTML document."""
    return statement(result, name, by)


def predicted(result: Result, name: str, by: str) -> PredictedChange:
    """Return what is predicted without its images."""
    rows = frozenset(rows_of(result, name, by).tolist())
    return influence.without(replace(result, without=result.without | rows))
