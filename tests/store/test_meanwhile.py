"""What another process does between two looks at the workspace is no error of this one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace
from gmv_core.store import selections as kept
from gmv_core.store.files import sizes_below
from gmv_core.store.manifests import Part
from gmv_core.store.records import Unreadable, newest, newest_runs
from tests.built import run_by_hand
from tests.fakes import run_manifest, set_manifest


@pytest.fixture
def place(workspace: Workspace) -> Workspace:
    """Two sets and a run of one of them."""
    for name in ("one", "two"):
        workspace.image_set(name).write_manifest(set_manifest(name))
    part = Part("one", 0)
    workspace.run("run").write_manifest(run_manifest("run", part, part))
    return workspace


def test_what_was_deleted_since_it_was_listed_is_passed_over(place: Workspace) -> None:
    sets, runs, unreadable = place.sets(), place.runs(), Unreadable()
    place.drop(place.run("run"))
    place.drop(place.image_set("one"))
    assert [one.name for one in newest(sets, unreadable)] == ["two"]
    assert newest_runs(runs, unreadable) == [] and unreadable == {}


def test_a_run_that_was_deleted_since_uses_no_set(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = place.runs()
    assert place.users("one") == ["run"]
    monkeypatch.setattr(Workspace, "runs", lambda _: runs)
    place.drop(place.run("run"))
    assert place.users("one") == []


def test_a_selection_that_was_deleted_since_is_passed_over(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = run_by_hand(workspace).training
    for name in ("mine", "other"):
        kept.save_selection(images, name, np.array([1]))
    monkeypatch.setattr(kept, "saved_names", lambda _: ["mine", "other"])
    kept.delete_selection(images, "mine")
    assert list(images.selections()) == ["other"]


def test_files_that_vanish_while_they_are_counted_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b/c", "b.x", "gone/d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    is_file: Callable[[Path], bool] = Path.is_file

    def vanishing(path: Path) -> bool:
        found = is_file(path)
        if path.name == "d":
            path.unlink()
        return found

    monkeypatch.setattr(Path, "is_file", vanishing)
    assert list(sizes_below(tmp_path).items()) == [("a", 1), ("b/c", 3), ("b.x", 3)]
    assert sizes_below(tmp_path / "none") == {}
