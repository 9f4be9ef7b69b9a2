"""The overview: which sets are training sets, what to do next, and the example."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from gmv_core import build, open_run, open_source, value
from gmv_core.criteria.trials.corruption import COPY
from gmv_core.jobs import control
from gmv_core.jobs.overview import (
    BEGIN,
    COMPARE,
    FINISH,
    LOOK,
    WAIT,
    example,
    overview,
    training_sets,
)
from gmv_core.store.columns import previews
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder
from tests.fakes import change_json, write_images


def test_the_next_step_follows_what_is_there(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    def step() -> tuple[str, str]:
        found = overview(workspace)
        return found.step, found.on

    assert step() == (BEGIN, "")
    train = open_source(write_images(tmp_path / "train", 12))
    build(workspace, train, name="cats", embedder=embedder)
    assert step() == (COMPARE, "cats")
    made = open_source(write_images(tmp_path / "made", 3, first_seed=50))
    value(workspace, made, against="cats", name="look", embedder=embedder)
    assert step() == (LOOK, "look")
    found = overview(workspace)
    assert [m.name for m in found.sets] == ["cats"], "the generated set is none"
    assert [m.name for m in found.runs] == ["look"]
    with workspace.writing():
        job = control.start(workspace, ["delete", "x"], title="D", target="x")
        assert step() == (WAIT, "")
        control.forget(workspace, job.id)
    images, run = workspace.image_set("cats"), workspace.run("look")
    change_json(run, state="running")
    assert overview(workspace).runs == ()
    assert step() == (BEGIN, ""), "a run that is not finished cannot be looked at"
    change_json(images, state="building")
    assert step() == (FINISH, "cats")


def test_a_set_named_like_the_images_of_a_run_is_one_until_a_run_made_it(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    train = open_source(write_images(tmp_path / "train", 12))
    build(workspace, train, name="cats-generated", embedder=embedder)
    with workspace.writing():  # the job waits
        job = control.start(workspace, ["build", "x", "--name", "cats"], title="B", target="cats")
        assert [m.name for m in training_sets(workspace)] == ["cats-generated"]
        control.forget(workspace, job.id)


def test_what_judges_a_run_is_not_shown_among_what_a_user_brought(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    for name in ("cats", "copy"):
        train = open_source(write_images(tmp_path / name, 12))
        build(workspace, train, name=name, embedder=embedder)
    for name in ("look", "look-by-l2"):
        made = open_source(write_images(tmp_path / "made", 3, first_seed=50))
        value(workspace, made, against="cats", name=name, embedder=embedder)
    judge, copied = workspace.run("look-by-l2"), workspace.image_set("copy")
    change_json(judge, judges="look")
    source = msgspec.structs.replace(copied.manifest().sources[0], kind=COPY)
    copied.write_manifest(msgspec.structs.replace(copied.manifest(), sources=(source,)))
    found = overview(workspace)
    assert [m.name for m in found.sets] == ["cats"]
    assert [m.name for m in found.runs] == ["look"]


def test_the_example_is_the_image_of_highest_quality(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    train = open_source(write_images(tmp_path / "train", 12))
    build(workspace, train, name="cats", embedder=embedder)
    made = open_source(write_images(tmp_path / "made", 5, first_seed=50))
    value(workspace, made, against="cats", name="look", embedder=embedder)
    result = open_run(workspace, "look")
    found = example(result, count=4)
    table = result.generated_table().set_index("generated")
    assert table["quality"].max() == table.loc[found.generated, "quality"]
    assert [c for c, _ in found.contributors] == result.contributors(found.generated)[:4]
    rows = [c.row for c, _ in found.contributors]
    assert [image for _, image in found.contributors] == previews(result.training, np.array(rows))
