"""The cached doors: what is found anew, and what a broken manifest becomes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gmv_core import Result, ValueSettings, Workspace, WorkspaceError, open_run
from tests.built import write_judged_run
from ui.doors import engine
from ui.doors.cached import data, resource


@pytest.fixture
def result(workspace: Workspace, copied: Callable[..., None]) -> Result:
    copied(write_judged_run)
    return open_run(workspace, "run")


def test_a_door_asks_once_for_each_digest(workspace: Workspace, result: Result) -> None:
    asked: list[Result] = []

    @resource(max_entries=4)
    def door(one: Result, by: str) -> object:
        asked.append(one)
        return object()

    first = door(result, "label")
    assert door(open_run(workspace, "run"), "label") is first
    assert door(result, "owner") is not first
    other = open_run(workspace, "run", settings=ValueSettings(k=7))
    assert door(other, "label") is not first
    assert asked == [result, result, other]


def test_a_copy_can_be_changed(result: Result) -> None:
    @data(max_entries=4)
    def door(one: Result) -> list[str]:
        return [one.run.name]

    door(result).append("changed")
    assert door(result) == ["run"]


def test_a_broken_manifest_stays_a_sentence(result: Result) -> None:
    assert len(engine.preview(result.training, 0)) > 0
    result.training.manifest_file.write_text("{broken")
    with pytest.raises(WorkspaceError, match="train"):
        engine.preview(result.training, 0)
