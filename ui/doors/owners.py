"""Cached doors to what one owner, or another group of training images, gets in a run."""

from __future__ import annotations

import pandas as pd

from gmv_core import Result
from gmv_core.audit.statement.page import shared, statement
from gmv_core.results.influence.what_if import PredictedChange
from gmv_core.results.owners.answer import OwnerAnswer, owner_answer
from gmv_core.results.owners.grouped import Grouped, columns_of
from gmv_core.results.owners.pictures import best_images, closest_generated, copies_elsewhere
from gmv_core.results.owners.without import result_without, shares_without, short_sentence
from ui.doors import influence
from ui.doors.cached import data, resource


@data(max_entries=8)
def columns(result: Result) -> list[str]:
    """Return the columns by which the training images can be grouped."""
    return columns_of(result)


@resource(max_entries=4, show_spinner="Drawing the generated images anew …")
def grouped(result: Result, by: str) -> Grouped:
    """Return the result grouped by a column, which the doors below read once."""
    return Grouped(result, by)


@data(max_entries=64)
def answer(result: Result, name: str, by: str) -> OwnerAnswer:
    """Return what a group gets."""
    return owner_answer(result, name, by, of=grouped(result, by))


@resource(max_entries=16)
def best(result: Result, name: str, by: str) -> pd.DataFrame:
    """Return its images that earned anything, the most valuable first."""
    return best_images(result, name, by, of=grouped(result, by))


@resource(max_entries=16)
def closest(result: Result, name: str, by: str) -> pd.DataFrame:
    """Return the generated images that give it credit, those that give it most first."""
    return closest_generated(result, name, by, of=grouped(result, by))


@resource(max_entries=16)
def copies(result: Result, name: str, by: str) -> pd.DataFrame:
    """Return its images that have a near copy among the images of another."""
    return copies_elsewhere(result, name, by, of=grouped(result, by))


@data(max_entries=16, show_spinner="Counting again without these images …")
def without(result: Result, name: str, by: str) -> tuple[pd.DataFrame, str]:
    """Return what the others get without it, and where lists are too short for that."""
    of = grouped(result, by)
    return shares_without(result, name, by, of=of), short_sentence(result, name, by, of=of)


@data(max_entries=4)
def page(result: Result, name: str, by: str) -> str:
    """Return its statement, as an HTML document."""
    return statement(result, name, by, of=shared(result, by, of=grouped(result, by)))


def predicted(result: Result, name: str, by: str) -> PredictedChange:
    """Return what is predicted without its images."""
    return influence.without(result_without(grouped(result, by), name))
