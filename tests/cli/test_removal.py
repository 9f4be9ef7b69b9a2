"""The commands remove and vacuum."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmv_core.store.marks import mark
from gmv_core.store.selections import names_of, rows_of, save_selection, selections
from gmv_core.store.workspace import Workspace
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("small_commits")
NAMES = ["class0/0000.png", "class1/0001.png", "class2/0002.png"]


def test_images_are_removed_and_erased(ready: Command, sources: Path) -> None:
    told = ready("remove", "train", *NAMES[:2])
    assert told.status == 0
    assert "2 images of train are removed; it has 18 images now." in told.out
    assert "`gmv vacuum train` erases them" in told.out
    assert "The run run valued them: run its `value` command again." in " ".join(told.err.split())
    stale = ready("show", "run")
    assert (stale.status, "removed since the run 'run' valued it" in stale.err) == (1, True)
    shown = ready("show", "train", "--rejected", "--json").json
    assert [row["name"] for row in shown["removed"]] == NAMES[:2] and shown["rejected"] == []
    again = ready("remove", "train", NAMES[0])
    assert "1 image of train had been removed before; it has 18 images now." in again.out
    assert ready("vacuum", "train", "--json").json["erased"] == {"train": 2}
    assert "Erased: 0 removed images" in ready("vacuum").out
    assert "(removed 0)" in ready("show", "train", "--rejected").out
    assert ready("value", sources / "made", "--against", "train", "--name", "run").status == 0
    assert ready("show", "run", "--json").json["training"]["images"] == 20


@pytest.mark.parametrize(
    "content",
    ["\n".join(NAMES), "training;value\n" + ";0\n".join([*NAMES, ""]), "﻿" + "\r\n".join(NAMES)],
)
def test_a_list_says_which(ready: Command, tmp_path: Path, content: str) -> None:
    (tmp_path / "list.csv").write_text(content, encoding="utf-8")
    told = ready("remove", "train", "--file", tmp_path / "list.csv", "--json").json
    assert (told["counts"]["ok"], told["counts"]["removed"]) == (17, 3)


def test_the_marked_ones_go(ready: Command, workspace: Workspace) -> None:
    nothing = ready("remove", "train", "--marked")
    assert (nothing.status, "No image is named" in nothing.err) == (1, True)
    mark(workspace.image_set("train"), NAMES)
    assert ready("remove", "train", "--marked", "--json").json["counts"]["removed"] == 3


def test_a_selection_goes_and_the_others_lose_them(ready: Command, workspace: Workspace) -> None:
    train = workspace.image_set("train")
    save_selection(train, "odd", rows_of(train, NAMES[:2]))
    save_selection(train, "more", rows_of(train, NAMES))
    assert "has no selection 'none'" in ready("remove", "train", "--selection", "none").err
    told = ready("remove", "train", "--selection", "odd", "--json").json
    assert told["counts"]["removed"] == 2
    left = {name: names_of(train, rows) for name, rows in selections(train).items()}
    assert left == {"more": NAMES[2:], "odd": []}


def test_an_unknown_set_or_image_is_a_sentence(ready: Command) -> None:
    assert "no set named 'other'" in ready("remove", "other", "x.png").err
    told = ready("remove", "train", NAMES[0], "x.png")
    assert (told.status, "no image 'x.png', so nothing is removed" in told.err) == (1, True)
    assert ready("show", "run").status == 0
