"""Cached doors to the engine: the workspace, galleries and pictures.

Tables with a row an image are shared by all sessions and never changed: a copy of a million rows at
every rerun would cost seconds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gmv_core import Contributor, Result, ValueSettings, Workspace, open_run
from gmv_core.demo.first_look import FirstLook
from gmv_core.demo.first_look import first_look as first_look_of_the_demo
from gmv_core.images.thumbnails import thumbnail
from gmv_core.jobs.overview import Example, example, training_sets
from gmv_core.results.candidate_lists import Away
from gmv_core.results.influence.tables import has_influence
from gmv_core.results.tables import GENERATED_COLUMNS, VALUE_COLUMNS
from gmv_core.store import columns
from gmv_core.store.columns import previews
from gmv_core.store.manifests import READY, RunManifest, SetManifest
from gmv_core.store.records import newest_runs
from gmv_core.store.workspace import ImageSet, default_root
from ui.doors.cached import TABLES, data, resource


def workspace() -> Workspace:
    """Return the workspace that this app serves."""
    return Workspace(default_root())


def finished_runs() -> dict[str, RunManifest]:
    """Return the manifests of the runs that can be looked at by name, the newest first.

    Those made to judge another one come last; those that cannot be read are left out, the start
    page names them.
    """
    ready = [m for m in newest_runs(workspace().runs()) if m.state == READY]
    return {m.name: m for m in ready}


def finished_sets() -> dict[str, SetManifest]:
    """Return the manifests of the sets that images can be compared with, the newest first."""
    ready = [m for m in training_sets(workspace()) if m.state == READY and m.typical]
    return {m.name: m for m in ready}


def open_result(name: str, settings: ValueSettings) -> Result:
    """Open a run under these settings."""
    return open_run(workspace(), name, settings=settings)


@data(max_entries=256)
def contributors(result: Result, image: str) -> list[Contributor]:
    """Return the contributors of one generated image."""
    return result.contributors(image)


@resource(max_entries=16)
def generated_gallery(result: Result) -> pd.DataFrame:
    """Return the generated images that could be read, with their label, standing and row "id"."""
    wanted = (*GENERATED_COLUMNS, "id", "label", "status", "same_pixels", "same_first")
    table = result.generated_table(wanted)
    return table[table["status"] == "ok"].rename(columns={"generated": "name"})


@resource(max_entries=TABLES)
def training_gallery(result: Result) -> pd.DataFrame:
    """Return the training images that could be read, with their value and row "id".

    And with influence and percent, where influence was predicted.
    """
    table = result.values_table((*VALUE_COLUMNS, "id")).rename(columns={"training": "name"})
    if not has_influence(result.run):
        return table
    return table.join(result.influence_totals(("influence", "percent")))


@data(max_entries=64)
def generated_of(result: Result, training: str) -> list[Contributor]:
    """Return the generated images that a training image contributed to."""
    return result.generated_of(training)


@data(max_entries=256)
def distance(result: Result, generated: str, training: str) -> Away | None:
    """Return how far any training image is from a generated one, None where that is not stored."""
    return result.distance(generated, training)


@data(max_entries=256)
def row_named(images: ImageSet, name: str) -> int | None:
    """Return the row of an image by its name, None where there is none."""
    return columns.row_named(images, name)


@data(max_entries=64)
def thumbnails(images: ImageSet, rows: tuple[int, ...]) -> list[bytes]:
    """Return small encoded images of rows of a set."""
    return [thumbnail(preview) for preview in previews(images, np.array(rows, np.int64))]


@data(max_entries=64)
def preview(images: ImageSet, row: int) -> bytes:
    """Return the stored preview of one row of a set."""
    return previews(images, np.array([row], np.int64))[0]


@data(max_entries=8)
def owners(images: ImageSet) -> list[str]:
    """Return the owners of a set's images, in alphabetical order."""
    return sorted(set(images.images.read(["owner"])["owner"].unique().to_pylist()) - {"", None})


@data(max_entries=4)
def closest(result: Result, count: int) -> Example:
    """Return the generated image of the highest quality with its first contributors."""
    return example(result, count=count)


@resource(max_entries=1)
def first_look() -> FirstLook:
    """Return a generated image of the demo and its closest training images."""
    return first_look_of_the_demo()
