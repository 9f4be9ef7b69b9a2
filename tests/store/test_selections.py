"""Selections of a set: combined, saved, read again, and gone with the set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import SettingsError, Workspace, WorkspaceError
from gmv_core.store.files import now
from gmv_core.store.selections import (
    FOLDER,
    combine,
    delete_selection,
    inverted,
    names_of,
    read_selection,
    rows_of,
    save_selection,
    selections,
)
from gmv_core.store.workspace import ImageSet
from tests.built import TRAINING, run_by_hand
from tests.fakes import change_json


@pytest.fixture
def images(workspace: Workspace) -> ImageSet:
    return run_by_hand(workspace).training


@pytest.mark.parametrize(
    ("way", "wanted"),
    [("new", [2, 3, 5]), ("add", [0, 2, 3, 5]), ("intersect", [2]), ("remove", [0])],
)
def test_selections_are_combined(way: str, wanted: list[int]) -> None:
    old, chosen = np.array([0, 2]), np.array([5, 3, 2, 3])
    assert combine(old, chosen, way).tolist() == wanted


def test_an_unknown_way_is_a_sentence() -> None:
    with pytest.raises(SettingsError, match="Unknown way to combine selections 'xor'; choose one"):
        combine(np.array([1]), np.array([2]), "xor")


def test_what_is_saved_is_read_again(workspace: Workspace, images: ImageSet) -> None:
    assert images.selections() == {}
    save_selection(images, "dark-ones", np.array([3, 0, 3]))
    save_selection(images, "a", np.array([], np.int64))
    found = workspace.image_set("train").selections()
    assert {name: rows.tolist() for name, rows in found.items()} == {"a": [], "dark-ones": [0, 3]}
    assert names_of(images, found["dark-ones"]) == [TRAINING[0], TRAINING[3]]
    assert names_of(images, found["a"]) == []
    save_selection(images, "dark-ones", np.array([1]))
    assert read_selection(images, "dark-ones").tolist() == [1]
    delete_selection(images, "dark-ones")
    assert list(selections(images)) == ["a"]
    with pytest.raises(WorkspaceError, match="no selection 'dark-ones'; there is: a"):
        read_selection(images, "dark-ones")
    with pytest.raises(WorkspaceError, match="nothing was deleted"):
        delete_selection(images, "dark-ones")


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 80, "end."])
def test_a_name_that_is_none_writes_nothing(images: ImageSet, name: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be a name"):
        save_selection(images, name, np.array([0]))
    assert not (images.folder / FOLDER).exists()


def test_the_others_are_those_that_are_not_rejected(images: ImageSet) -> None:
    assert inverted(images, np.array([1, 5])).tolist() == [0, 2, 3]  # 4 is broken
    assert inverted(images, np.array([], np.int64)).tolist() == [0, 1, 2, 3, 5]


def test_rows_are_found_by_names(images: ImageSet) -> None:
    assert rows_of(images, ["dog/e.png", "cat/b.png"]).tolist() == [1, 5]
    with pytest.raises(WorkspaceError, match="has no image 'nope'"):
        rows_of(images, ["cat/b.png", "nope"])


def test_a_selection_of_another_set_is_refused(images: ImageSet) -> None:
    save_selection(images, "mine", np.array([1]))
    change_json(images, created=now())
    with pytest.raises(WorkspaceError, match="is of an earlier set 'train'; delete it"):
        read_selection(images, "mine")


def test_a_damaged_file_is_a_sentence(images: ImageSet) -> None:
    save_selection(images, "mine", np.array([1]))
    (images.folder / FOLDER / "mine.json").write_text('{"rows": "all"}')
    with pytest.raises(WorkspaceError, match="'mine' of 'train' is not readable"):
        read_selection(images, "mine")


def test_selections_go_with_their_set(
    workspace: Workspace, images: ImageSet, tmp_path: Path, copied: Callable[..., None]
) -> None:
    save_selection(images, "mine", np.array([1]))
    workspace.delete("run")
    workspace.delete("train")
    assert not images.folder.exists()
    with pytest.raises(WorkspaceError, match="no set named 'train'"):
        save_selection(images, "mine", np.array([1]))
    assert not images.folder.exists()
