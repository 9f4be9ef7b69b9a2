"""The commands map and selections."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, open_run
from gmv_core.results.explore.share import share_of
from gmv_core.store.selections import rows_of, save_selection
from tests.built import write_run
from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def run(copied: Callable[..., None]) -> None:
    copied(write_run, "run", 5)


def test_a_map_is_made_and_told(command: Command) -> None:
    told = command("map", "run-set", "--json")
    assert told.json == {"set": "run-set", "images": 24, "fitted": 24}
    assert "run-set: 24 images laid out." in command("map", "run-set").out


def test_selections_are_listed_shown_and_forgotten(command: Command, tmp_path: Path) -> None:
    images = Workspace(tmp_path / "home").image_set("run-set")
    assert "No selection of run-set is saved yet" in command("selections", "run-set").out
    save_selection(images, "mine", np.arange(12))
    assert command("selections", "run-set", "--json").json["selections"] == {"mine": 12}
    told = command("selections", "run-set", "mine")
    assert "mine of run-set: 12 images." in told.out and "… and 2 more." in told.out
    assert command("selections", "run-set", "mine", "--delete").status == 0
    told = command("selections", "run-set", "mine")
    assert (told.status, "no selection 'mine'; there is: none yet" in told.err) == (1, True)


def test_a_selection_is_saved_valued_and_written_out(command: Command, tmp_path: Path) -> None:
    result = open_run(Workspace(tmp_path / "home"), "run")
    names = result.training.images.read(["name"])["name"].to_pylist()[4:9]
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n")
    told = command(
        "selections", "run-set", "mine", "--from", tmp_path / "names.txt", "--run", "run",
        "--table", tmp_path / "mine.csv", "--zip", tmp_path / "mine.zip", "--json",
    ).json  # fmt: skip
    assert told["images"] == names
    wanted = share_of(result, rows_of(result.training, names))
    assert told["share"]["share_of_value"] == pytest.approx(wanted.share_of_value)
    assert told["zip"]["originals"] == 5
    with zipfile.ZipFile(tmp_path / "mine.zip") as made:
        assert sorted(made.namelist()) == sorted(names)
    assert len((tmp_path / "mine.csv").read_text().splitlines()) == 6
    said = command("selections", "run-set", "mine", "--run", "run").out
    assert "Share of the value: " in said and "95 % interval" in said


def test_what_cannot_be_is_a_sentence(command: Command, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("nope.png")
    told = command("selections", "run-set", "mine", "--from", tmp_path / "names.txt")
    assert (told.status, "has no image 'nope.png'" in told.err) == (1, True)
    told = command("selections", "run-set", "mine", "--from", tmp_path / "gone.txt")
    assert (told.status, "gone.txt cannot be read" in told.err) == (1, True)
    with (tmp_path / "endless.txt").open("wb") as file:
        file.truncate(1 << 40)
    told = command("selections", "run-set", "mine", "--from", tmp_path / "endless.txt")
    assert (told.status, "endless.txt has more than 536,870,912 bytes" in told.err) == (1, True)
    told = command("selections", "run-set", "--delete")
    assert (told.status, "Name the selection of 'run-set'" in told.err) == (1, True)
    save_selection(Workspace(tmp_path / "home").image_set("run-generated"), "g", np.arange(2))
    told = command("selections", "run-generated", "g", "--run", "run")
    assert (told.status, "not against 'run-generated'" in told.err) == (1, True)
