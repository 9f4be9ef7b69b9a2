"""The commands list, delete, demo and models."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmv_core.demo import make
from gmv_core.store.workspace import Workspace
from gmv_core.types import Progress, Report
from tests.cli.conftest import Command
from tests.fakes import write_images

pytestmark = pytest.mark.usefixtures("small_commits")


def test_list_and_delete(ready: Command) -> None:
    listed = ready("list", "--json").json
    assert [s["name"] for s in listed["sets"]] == ["run-generated", "train"]
    assert [r["name"] for r in listed["runs"]] == ["run"]
    told = ready("list").out
    assert "Image sets" in told
    assert "Runs" in told
    kept = ready("delete", "train", "--json")
    assert (kept.status, kept.json["error"][:36]) == (1, "The set 'train' is used by the run '")
    assert ready("delete", "run", "--json").json == {"deleted": "run", "kind": "run"}
    assert ready("delete", "train").out == "The set train is deleted.\n"
    assert ready("list", "--json").json == {"sets": [], "runs": []}, "its images went with the run"


def test_an_empty_workspace_says_how_to_begin(command: Command) -> None:
    assert "Nothing here yet. Start with `python -m gmv_core demo`" in command("list").out
    assert command("list", "--json").json == {"sets": [], "runs": []}


def test_the_demo(command: Command, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Path] = []

    def draw_training_set(folder: Path, *, report: Report) -> None:
        report(Progress("draw", 0, 20))
        write_images(folder, 20)
        drawn.append(folder)

    monkeypatch.setattr(make, "draw_training_set", draw_training_set)
    monkeypatch.setattr(make, "generated_folder", lambda: sources / "made")
    first = command("demo", "--json")
    assert (first.status, first.json["name"]) == (0, "demo-run")
    assert command("demo", "--json").json["reused"] is True
    assert len(drawn) == 1


def test_models(command: Command) -> None:
    rows = {row["key"]: row for row in command("models", "--json").json}
    assert rows["features"]["ready"] is True
    assert {row["step"] for row in rows.values()} == {"embed", "distance", "quality"}
    assert "what it is" in command("models").out
    # Weights that are there are not fetched again.
    (fetched,) = command("models", "download", "l2", "--json").json
    assert fetched["ready"] is True


def test_a_record_that_cannot_be_read_is_told_beside_the_others(
    ready: Command, workspace: Workspace
) -> None:
    broken = workspace.root / "runs" / "old"
    broken.mkdir()
    (broken / "manifest.json").write_text('{"format": 1}')
    told = ready("list", "--json")
    assert [r["name"] for r in told.json["runs"]] == ["run"]
    assert "'old' was written in format 1" in told.err


def test_another_workspace(ready: Command, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    assert ready("list", "--workspace", elsewhere, "--json").json == {"sets": [], "runs": []}
    assert not elsewhere.exists()  # looking makes nothing
