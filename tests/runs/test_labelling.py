"""Labels that are given to a run's generated images after it was valued."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core import SourceError, Workspace, WorkspaceError, open_run, value
from gmv_core.criteria.report import criteria_of
from gmv_core.runs.labelling import label_generated
from gmv_core.store.columns import attributes, labels_of
from gmv_core.store.tables.damage import damage_of
from tests.built import write_csv, write_run
from tests.fakes import fake_embedder


@pytest.fixture
def home(workspace: Workspace, copied: Callable[..., None]) -> Workspace:
    copied(write_run, "run", 5)
    return workspace


def names(home: Workspace) -> list[str]:
    return list(home.image_set("run-generated").images.read(["name"])["name"].to_pylist())


def table(home: Workspace, tmp_path: Path) -> Path:
    first, second = names(home)[:2]
    rows = [["name", "label", "hat"], [first, "bear", "yes"], [second, "", "no"]]
    write_csv(tmp_path / "later.csv", rows)
    return tmp_path / "later.csv"


def test_labels_and_attributes_come_later_and_the_rest_stays(
    home: Workspace, tmp_path: Path
) -> None:
    images = home.image_set("run-generated")
    before, result = images.images.read(images.images.columns()).to_pylist(), open_run(home, "run")
    value_before, digest = result.values_table(), result.digest
    stamp, held = images.manifest().stamp, labels_of(images)
    fit = label_generated(home, "run", table(home, tmp_path))
    assert (fit.images_without_row, fit.rows_without_image) == (len(held) - 2, 0)
    assert labels_of(images).tolist() == ["bear", *held[1:]], "an empty cell says nothing"
    assert attributes(images)["hat"] == ["yes", "no", *[""] * (len(held) - 2)]
    after = images.images.read(images.images.columns()).to_pylist()
    for old, new in zip(before, after, strict=True):
        changed = {key for key in old if old[key] != new[key]}
        assert changed <= {"label", "attributes", "digest"}
    assert damage_of(images.images) == [], "each row has its digest anew"
    assert images.manifest().stamp == stamp, "the run stays valid"
    again = open_run(home, "run")
    assert again.values_table().equals(value_before)
    assert again.digest != digest, "what is kept of it is computed anew"
    counts = images.manifest().counts
    assert counts is not None and counts.labels == len(set(labels_of(images)))


def test_the_criteria_know_the_labels_that_came_later(home: Workspace, tmp_path: Path) -> None:
    before = criteria_of(home, open_run(home, "run")).classes
    assert before is not None and before.unknown_value == 0
    label_generated(home, "run", table(home, tmp_path))
    after = criteria_of(home, open_run(home, "run")).classes
    assert after is not None and after.unknown == ("bear",)


def test_a_table_of_other_images_is_refused(home: Workspace, tmp_path: Path) -> None:
    write_csv(tmp_path / "other.csv", [["name", "label"], ["elsewhere.png", "bear"]])
    with pytest.raises(SourceError, match="fits none of the images"):
        label_generated(home, "run", tmp_path / "other.csv")


def test_the_labels_of_a_training_set_belong_to_its_build(home: Workspace, tmp_path: Path) -> None:
    value(home, "run-set", against="run-set", name="self", embedder=fake_embedder())
    with pytest.raises(WorkspaceError, match="given when it is built"):
        label_generated(home, "self", table(home, tmp_path))
