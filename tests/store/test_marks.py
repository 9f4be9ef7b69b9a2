"""Marks for removal: kept in the set's folder, safe against two sessions at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gmv_core import Workspace, WorkspaceError
from gmv_core.store.marks import FILE, mark, marked, unmark
from gmv_core.store.workspace import ImageSet
from tests.fakes import set_manifest


@pytest.fixture
def training(workspace: Workspace) -> ImageSet:
    images = workspace.image_set("train")
    images.write_manifest(set_manifest("train"))
    return images


def test_marks_add_up_and_go_away(training: ImageSet) -> None:
    assert marked(training) == frozenset()
    mark(training, ["a/1.png", "b.png"])
    mark(training, ["b.png", "ü.png"])
    assert marked(ImageSet(training.folder)) == {"a/1.png", "b.png", "ü.png"}
    unmark(training, ["b.png", "never marked"])
    assert marked(training) == {"a/1.png", "ü.png"}
    unmark(training)
    assert marked(training) == frozenset()


def test_marks_go_with_their_set(workspace: Workspace, training: ImageSet) -> None:
    mark(training, ["a.png"])
    workspace.drop(training)
    assert marked(training) == frozenset()
    with pytest.raises(WorkspaceError, match="no set named 'train'"):
        mark(training, ["a.png"])
    assert not training.folder.exists()


def test_sessions_at_once_lose_no_mark(training: ImageSet) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: mark(training, [f"{i}.png"]), range(40)))
    assert marked(training) == {f"{i}.png" for i in range(40)}


@pytest.mark.parametrize("text", ["", "[]", '{"marked": "a.png"}', '{"marked": [3]}', "{}"])
def test_a_file_that_is_not_ours_is_one_sentence(training: ImageSet, text: str) -> None:
    (training.folder / FILE).write_text(text)
    with pytest.raises(WorkspaceError, match="are not readable; delete that file"):
        marked(training)
