"""Images are valued as they arrive: appended, never twice, never half, and the same as at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gmv_core import (
    MatchSettings,
    RunSettings,
    SourceError,
    WorkspaceError,
    build,
    open_run,
    open_source,
    value,
    watch,
)
from gmv_core.matching.matcher import Matcher
from gmv_core.runs import valuation, watching
from gmv_core.runs.stages import match_block
from gmv_core.sets.build import add
from gmv_core.sets.soundness import damage
from gmv_core.sources.readers import arrivals
from gmv_core.sources.readers.arrivals import Arrivals
from gmv_core.store.manifests import RunManifest
from gmv_core.store.tables.digests import DIGEST
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Run, Workspace
from gmv_core.types import Progress
from tests.fakes import draw, fake_embedder, png, rows_of, write_images

SETTINGS = RunSettings(MatchSettings(candidates=8))


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a training set; files are finished after 50 ms."""
    workspace = Workspace(tmp_path / "home")
    train = open_source(write_images(tmp_path / "train", 24))
    build(workspace, train, name="train", embedder=fake_embedder())
    monkeypatch.setattr(arrivals, "SETTLED_SECONDS", 0.05)
    (tmp_path / "out").mkdir()
    return workspace


def watched(workspace: Workspace, folder: Path, **given: object) -> RunManifest | None:
    usual: dict[str, object] = {"idle_seconds": 0.2, "every_seconds": 0.02, "settings": SETTINGS}
    return watch(workspace, folder, against="train", name="stream", embedder=fake_embedder(),
                 **{**usual, **given})  # type: ignore[arg-type]  # fmt: skip


def arrive(folder: Path, seeds: range) -> None:
    for seed in seeds:
        (folder / f"{seed:04d}.png").write_bytes(png(draw(seed)))


def assert_alike(one: Run, other: Run) -> None:
    """Compare two runs; a product of few rows may differ in the last bit from that of many."""
    for name in ("matches", "quality", "identical", "generated", "values"):
        rows = [rows_of(run.table(name)).drop_columns([DIGEST]) for run in (one, other)]
        for column in rows[0].column_names:
            mine, others = (np.array(part[column].to_pylist(), float) for part in rows)
            np.testing.assert_allclose(mine, others, rtol=1e-5, atol=1e-6, err_msg=column)


def test_what_arrives_is_appended_and_valued_as_if_at_once(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched = list[int]()

    def counting(matcher: Matcher, images: ImageSet, rows: np.ndarray) -> pa.Table:
        matched.extend(rows.tolist())
        return match_block(matcher, images, rows)

    monkeypatch.setattr(valuation, "match_block", counting)
    for first in (100, 105, 110):
        arrive(tmp_path / "out", range(first, first + 5))
        manifest = watched(workspace, tmp_path / "out")
        assert manifest is not None and manifest.generated.images == first - 95
    assert matched == list(range(15))  # each once
    images = workspace.image_set("stream-generated")
    names = images.images.read(["name"])["name"].to_pylist()
    assert sorted(names) == [f"{i:04d}.png" for i in range(100, 115)]
    value(workspace, "stream-generated", against="train", name="whole", settings=SETTINGS,
          embedder=fake_embedder())  # fmt: skip
    assert_alike(workspace.run("stream"), workspace.run("whole"))
    assert damage(images) == [] and damage(workspace.run("stream")) == []
    assert images.manifest().sources[0].images == 15 and len(images.manifest().sources) == 1
    assert open_run(workspace, "stream").manifest.generated.own


def test_a_half_written_file_waits(workspace: Workspace, tmp_path: Path) -> None:
    whole = png(draw(100))
    arrive(tmp_path / "out", range(101, 103))
    (tmp_path / "out" / "half.png").write_bytes(whole[:200])
    found = Arrivals(tmp_path / "out")
    found.settled(())
    time.sleep(0.1)
    source = found.settled(())
    assert source is not None
    assert [image.name for image in source.read()] == ["0101.png", "0102.png"]
    (tmp_path / "out" / "half.png").write_bytes(whole)
    assert found.settled({"0101.png", "0102.png"}) is None
    time.sleep(0.1)
    source = found.settled({"0101.png", "0102.png"})
    assert source is not None and [image.data for image in source.read()] == [whole]


def test_a_file_that_stays_half_is_taken_in_the_end(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out" / "half.png").write_bytes(png(draw(1))[:70])
    assert watched(workspace, tmp_path / "out") is None
    monkeypatch.setattr(arrivals, "PATIENCE_SECONDS", 0.1)
    told = list[str]()
    assert watched(workspace, tmp_path / "out", say=told.append) is None
    assert told == ["1 image arrived; none can be read."]
    arrive(tmp_path / "out", range(100, 102))
    manifest = watched(workspace, tmp_path / "out")
    assert manifest is not None and manifest.generated.images == 3


def test_a_file_that_grows_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "SETTLED_SECONDS", 0.2)
    found, path = Arrivals(tmp_path), tmp_path / "a.png"
    for size in range(1, 6):
        path.write_bytes(png(draw(1)) + b"x" * size)  # whole at any moment, but not still
        assert found.settled(()) is None
        time.sleep(0.1)
    time.sleep(0.3)
    assert found.settled(()) is not None


def test_what_was_read_stays_what_it_was(workspace: Workspace, tmp_path: Path) -> None:
    arrive(tmp_path / "out", range(100, 103))
    watched(workspace, tmp_path / "out")
    before = rows_of(workspace.image_set("stream-generated").images)
    (tmp_path / "out" / "0100.png").write_bytes(png(draw(7)))
    (tmp_path / "out" / "0101.png").unlink()
    watched(workspace, tmp_path / "out")
    assert rows_of(workspace.image_set("stream-generated").images).equals(before)


@pytest.mark.parametrize("moment", ["images", "vectors", "matches", "quality"])
def test_killed_at_any_write_the_same_call_goes_on(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    arrive(tmp_path / "out", range(100, 104))
    watched(workspace, tmp_path / "out")
    arrive(tmp_path / "out", range(104, 109))
    left = ["images", "vectors", "matches", "quality"].index(moment)
    append = Table.append

    def killed(table: Table, rows: object) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        append(table, rows)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Table, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            watched(workspace, tmp_path / "out")
    watched(workspace, tmp_path / "out")
    value(workspace, "stream-generated", against="train", name="whole", settings=SETTINGS,
          embedder=fake_embedder())  # fmt: skip
    assert_alike(workspace.run("stream"), workspace.run("whole"))
    assert len(workspace.image_set("stream-generated").images) == 9


def test_killed_between_set_and_run_it_is_valued(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(tmp_path / "out", range(100, 104))
    watched(workspace, tmp_path / "out")
    arrive(tmp_path / "out", range(104, 106))
    with monkeypatch.context() as patch:
        patch.setattr(watching, "value", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watched(workspace, tmp_path / "out")
    told = list[str]()
    watched(workspace, tmp_path / "out", say=told.append)
    assert told == ["0 images arrived; 6 are valued."]


def test_added_generated_images_alone_are_matched(workspace: Workspace, tmp_path: Path) -> None:
    """`add` to a generated set, too, leaves what a run knows of the others."""
    source = open_source(write_images(tmp_path / "made", 5, first_seed=100))
    build(workspace, source, name="made", embedder=fake_embedder())
    value(workspace, "made", against="train", name="run", embedder=fake_embedder())
    more = open_source(write_images(tmp_path / "more" / "new", 4, first_seed=200))
    add(workspace, "made", more, embedder=fake_embedder())
    told, steps = list[str](), list[Progress]()
    value(workspace, "made", against="train", name="run", embedder=fake_embedder(),
          say=told.append, report=steps.append)  # fmt: skip
    assert told == [] and [s.done for s in steps if s.stage == "matches"] == [9]
    value(workspace, "made", against="train", name="whole", embedder=fake_embedder())
    assert_alike(workspace.run("run"), workspace.run("whole"))


def test_a_name_that_is_taken_is_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    arrive(tmp_path / "out", range(100, 103))
    watched(workspace, tmp_path / "out")
    shutil.copytree(tmp_path / "out", tmp_path / "other")
    with pytest.raises(WorkspaceError, match=r"'stream' is taken: that run is of .*/out"):
        watched(workspace, tmp_path / "other")
    with pytest.raises(SourceError, match="is no folder; make it first"):
        watched(workspace, tmp_path / "none")
    with pytest.raises(WorkspaceError, match="no set named 'nobody'"):
        watch(workspace, tmp_path / "out", against="nobody", name="x")


STREAM = """
import sys
from gmv_core import Workspace, watch
from gmv_core.cli.interrupt import interruptible
from tests.fakes import fake_embedder
with interruptible():
    watch(Workspace(sys.argv[1]), sys.argv[2], against="train", name="stream",
          embedder=fake_embedder(), say=lambda told: print(told, flush=True))
"""


@pytest.mark.usefixtures("heeded")
def test_ctrl_c_ends_it_between_rounds(workspace: Workspace, tmp_path: Path) -> None:
    arrive(tmp_path / "out", range(100, 103))
    process = subprocess.Popen(
        [sys.executable, "-c", STREAM, str(workspace.root), str(tmp_path / "out")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "3 images arrived; 3 are valued.\n"
    arrive(tmp_path / "out", range(103, 105))
    assert process.stdout.readline() == "2 images arrived; 5 are valued.\n"
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=60)[1]
    assert len(open_run(workspace, "stream").generated_table()) == 5


def test_vectors_are_those_of_a_build(workspace: Workspace, tmp_path: Path) -> None:
    arrive(tmp_path / "out", range(100, 104))
    watched(workspace, tmp_path / "out")
    build(workspace, open_source(tmp_path / "out"), name="built", embedder=fake_embedder())
    one, other = (
        rows_of(workspace.image_set(name).embeddings("fake"))
        for name in ("stream-generated", "built")
    )
    assert np.array_equal(one["vector"].to_pylist(), other["vector"].to_pylist())
