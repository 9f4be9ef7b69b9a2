"""The command compare."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core import Workspace
from gmv_core.store.marks import mark
from tests.built import write_runs_to_compare
from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def home(copied: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    copied(write_runs_to_compare)
    return Workspace(tmp_path / "home")


@pytest.fixture
def compare(command: Command, home: Workspace, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("GMV_HOME", str(home.root))
    return command


def test_two_runs(compare: Command) -> None:
    told = compare("compare", "run", "other", "--json").json
    assert {row["owner"] for row in told["shares"]["owner"]} == {"Ada", "Ben"}
    assert -1 <= told["rank_correlation"]["value"] <= 1
    assert told["exchanged"]["images"] == 3 and len(told["images"]) == 3
    said = compare("compare", "run", "other").out
    assert "The same 24 training images, 3 generated images in common, of 6 and 6" in said
    for title in ("Share of the value by owner", "Largest movers", "Mean quality", "What differs"):
        assert title in said


def test_one_run_read_in_two_ways(compare: Command) -> None:
    told = compare("compare", "run", "run", "--k", 3, "--temperature", "auto", "--no-weighting",
                   "--json").json  # fmt: skip
    changed = {row["what"]: (row["first"], row["second"]) for row in told["differences"]}
    assert changed["Contributors of each image (k)"] == ("10", "3")
    assert changed["Temperature"] == ("1.0", "auto")
    assert changed["Weighted by quality"] == ("yes", "no")


def test_the_marked_are_left_out(compare: Command, home: Workspace) -> None:
    training = home.image_set("run-set")
    names = training.images.read(["name"])["name"].to_pylist()
    mark(training, names[:2])
    told = compare("compare", "run", "run", "--without-marked", "--json").json
    assert "2 left out" in told["differences"][0]["second"]


def test_other_training_sets(compare: Command) -> None:
    said = compare("compare", "run", "foreign").out
    assert "have no image in common" in said and "by owner" not in said


def test_what_is_not_there_is_a_sentence(compare: Command) -> None:
    assert compare("compare", "run", "none").status == 1
    told = compare("compare", "run", "run", "--k", 0)
    assert (told.status, "k is 0" in told.err) == (1, True)
