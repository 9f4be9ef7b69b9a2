"""The cached doors: what is found anew, and what a broken manifest becomes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core import Result, ValueSettings, Workspace, WorkspaceError, open_run, open_source, value
from gmv_core.results.opening import settings_of
from gmv_core.settings import RunSettings
from tests.built import write_judged_run
from tests.fakes import fake_embedder, write_images
from ui.doors import engine, readings
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


def test_a_run_that_is_valued_again_with_other_images_is_read_anew(
    workspace: Workspace, result: Result, tmp_path: Path
) -> None:
    assert len(engine.generated_gallery(result)) == 6
    assert readings.ranking(result)["times_contributor"].sum() == 6 * 4
    others = open_source(write_images(tmp_path / "others", 9, first_seed=500))
    settings = RunSettings(settings_of(result.manifest), result.settings)
    value(
        workspace, others, against="train", name="run", settings=settings,
        embedder=fake_embedder(),
    )  # fmt: skip
    again = open_run(workspace, "run")
    assert again.settings == result.settings
    assert len(engine.generated_gallery(again)) == 9
    assert readings.ranking(again)["times_contributor"].sum() == 9 * 4


def test_the_ranking_follows_the_marks_and_k(workspace: Workspace, result: Result) -> None:
    names = set(readings.ranking(result)["training"])
    first, second, *_ = sorted(names)
    for marked in ({first}, {second}, {first, second}):
        part = result.leaving_out(marked)
        assert set(readings.ranking(part)["training"]) == names - marked
    nearest = open_run(workspace, "run", settings=ValueSettings(k=1))
    assert readings.ranking(nearest)["times_contributor"].sum() == 6
    assert readings.ranking(result)["times_contributor"].sum() == 6 * 4


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
