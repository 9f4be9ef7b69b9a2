"""Killed at any moment and started again, a build and a run end as if nothing had happened."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core import WorkspaceError, open_source, value
from gmv_core.sets.build import add, build
from gmv_core.store.manifests import Manifest
from gmv_core.store.workspace import Workspace
from gmv_core.trust.null import null_table
from tests.fakes import (
    assert_same_run,
    assert_same_set,
    draw,
    fake_embedder,
    png,
    rows_of,
    write_images,
)
from tests.sets.making.killed import Killed, build_train, killed_after, uninterrupted, value_made

pytestmark = pytest.mark.usefixtures("small_commits")

Work = Callable[[Workspace, Path], Manifest]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders: 20 training images (one of them broken), 12 to add, 18 generated."""
    root = tmp_path_factory.mktemp("sources")
    write_images(root / "train", 20)
    (root / "train" / "class1" / "0010.png").write_bytes(png(draw(10))[:70])
    write_images(root / "more" / "added", 12, first_seed=200)
    write_images(root / "made", 18, first_seed=100)
    return root


def add_more(workspace: Workspace, sources: Path) -> Manifest:
    return add(workspace, "train", open_source(sources / "more"), embedder=fake_embedder())


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Workspace:
    """A workspace in which nothing was ever interrupted."""
    return uninterrupted(tmp_path_factory.mktemp("fresh"), sources)


@pytest.fixture
def trained(workspace: Workspace, fresh: Workspace) -> Workspace:
    """The same with the set "train" alone, a copy as it was before any run."""
    not_of_runs = shutil.ignore_patterns("null-*", "pixels-*")
    shutil.copytree(
        fresh.root / "sets" / "train", workspace.root / "sets" / "train", ignore=not_of_runs
    )
    return workspace


# Commits: three batches of images, each followed by its vectors (6). A run: the same for its own
# set (6), the small pixels of "train", three blocks of matches, three of quality, a table of equal
# pixels, three blocks of the null, and the tables "generated" and "values".
@pytest.mark.parametrize("commits", range(1, 7))
def test_a_build_killed_after_any_commit_ends_as_a_fresh_one(
    workspace: Workspace,
    sources: Path,
    fresh: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    commits: int,
) -> None:
    assert killed_after(commits, monkeypatch, lambda: build_train(workspace, sources))
    assert workspace.image_set("train").manifest().state == "building"
    assert build_train(workspace, sources).reused is False
    assert_same_set(workspace.image_set("train"), fresh.image_set("train"))


@pytest.mark.parametrize("commits", [1, 2, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 17, 18, 19])
def test_a_run_killed_after_any_commit_ends_as_a_fresh_one(
    trained: Workspace,
    sources: Path,
    fresh: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    commits: int,
) -> None:
    assert killed_after(commits, monkeypatch, lambda: value_made(trained, sources))
    value_made(trained, sources)
    assert_same_set(trained.image_set("run-generated"), fresh.image_set("run-generated"))
    assert_same_run(trained.run("run"), fresh.run("run"))
    key = fresh.run("run").manifest().null.key
    tables = [null_table(w.image_set("train"), key) for w in (trained, fresh)]
    assert rows_of(tables[0]).equals(rows_of(tables[1]))


def test_these_are_all_the_commits(
    workspace: Workspace, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not killed_after(7, monkeypatch, lambda: build_train(workspace, sources))
    assert not killed_after(20, monkeypatch, lambda: value_made(workspace, sources))


def test_a_build_killed_again_and_again_gets_there(
    workspace: Workspace, sources: Path, fresh: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = 0
    while killed_after(1, monkeypatch, lambda: build_train(workspace, sources)):
        kills += 1
        assert kills < 20
    assert kills == 6
    assert_same_set(workspace.image_set("train"), fresh.image_set("train"))


def test_a_build_killed_while_it_indexes_is_finished(
    workspace: Workspace, sources: Path, fresh: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("gmv_core.sets.making.stages.build_index", killed)
        with pytest.raises(Killed):
            build_train(workspace, sources)
    with pytest.raises(WorkspaceError, match="'train' is unfinished; run its build again"):
        value_made(workspace, sources)
    build_train(workspace, sources)
    assert_same_set(workspace.image_set("train"), fresh.image_set("train"))


@pytest.mark.parametrize("commits", [1, 2, 3, 4])
def test_an_addition_killed_after_any_commit_ends_as_a_fresh_one(
    workspace: Workspace,
    sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    commits: int,
    tmp_path: Path,
) -> None:
    other = Workspace(tmp_path / "other")
    build_train(other, sources)
    add_more(other, sources)
    build_train(workspace, sources)
    assert killed_after(commits, monkeypatch, lambda: add_more(workspace, sources))
    # The first source would be taken for the rest of the second.
    with pytest.raises(WorkspaceError, match=r"unfinished: it was adding .*more; give that source"):
        build_train(workspace, sources)
    with pytest.raises(WorkspaceError, match=r"unfinished .*; give that source again to finish"):
        add(workspace, "train", open_source(sources / "made"), embedder=fake_embedder())
    assert add_more(workspace, sources).counts.images == 32
    assert_same_set(workspace.image_set("train"), other.image_set("train"))
    assert len(workspace.image_set("train").manifest().sources) == 2


def test_an_unfinished_run_cannot_be_opened(
    workspace: Workspace, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gmv_core import open_run

    build_train(workspace, sources)
    assert killed_after(9, monkeypatch, lambda: value_made(workspace, sources))
    with pytest.raises(WorkspaceError, match="The run 'run' is unfinished; run its `value` comma"):
        open_run(workspace, "run")


SLOWLY = """
import sys, time
from pathlib import Path
import pytest
from gmv_core.models.embedders.embedder import NetworkEmbedder
from gmv_core.store.workspace import Workspace
from gmv_core.trust.null import null_table
from tests import fakes
from tests.sets.making import killed

calls = 0

def slow(pixels):
    global calls
    calls += 1
    time.sleep(0.2 if calls < 3 else 600)  # a first process never gets further, however slow we are
    return fakes.fake_vectors(pixels)

fakes.shrink_commits(pytest.MonkeyPatch())
killed.fake_embedder = lambda: NetworkEmbedder(fakes.FAKE, 8, fakes.DIM, 5.0, slow)
print("loaded", flush=True)
work = getattr(killed, sys.argv[1])
work(Workspace(Path(sys.argv[2])), Path(sys.argv[3]))
"""


def killed_at_random(work: str, workspace: Workspace, sources: Path, seconds: float) -> bool:
    """Run the work in a process and kill it without warning; return whether it was still going."""
    command = [sys.executable, "-c", SLOWLY, work, str(workspace.root), str(sources)]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "loaded\n"
        time.sleep(seconds)
        still_going = process.poll() is None
    finally:
        process.kill()
        process.communicate()
    return still_going


@pytest.mark.parametrize("work", [build_train, value_made])
def test_a_process_killed_at_random_moments_leaves_nothing_that_differs(
    workspace: Workspace, sources: Path, fresh: Workspace, work: Work
) -> None:
    if work is value_made:
        build_train(workspace, sources)
    moments = random.Random(5)
    killed = [
        killed_at_random(work.__name__, workspace, sources, moments.uniform(0.05, 0.5))
        for _ in range(2)
    ]
    assert any(killed)
    work(workspace, sources)
    if work is build_train:
        assert_same_set(workspace.image_set("train"), fresh.image_set("train"))
    else:
        assert_same_run(workspace.run("run"), fresh.run("run"))


def test_a_first_value_killed_and_given_another_source_starts_anew(
    workspace: Workspace, sources: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build_train(workspace, sources)
    assert killed_after(1, monkeypatch, lambda: value_made(workspace, sources))
    assert workspace.run("run").manifest().state == "begun"
    other = open_source(write_images(tmp_path / "other", 5, first_seed=300))
    value(workspace, other, against="train", name="run", embedder=fake_embedder())
    assert len(workspace.image_set("run-generated").images) == 5


def test_a_set_that_another_command_made_is_never_replaced(
    workspace: Workspace, sources: Path
) -> None:
    build_train(workspace, sources)
    mine = open_source(sources / "more")
    build(workspace, mine, name="run-generated", embedder=fake_embedder())
    with pytest.raises(WorkspaceError, match="'run-generated' is taken"):
        value_made(workspace, sources)
    assert not workspace.run("run").exists()
    assert len(workspace.image_set("run-generated").images) == 12


def test_a_killed_build_and_run_keep_their_seconds(
    workspace: Workspace, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert killed_after(4, monkeypatch, lambda: build_train(workspace, sources))
    spent = workspace.image_set("train").manifest().seconds["embed"]
    assert spent > 0
    assert build_train(workspace, sources).seconds["embed"] > spent
    assert killed_after(9, monkeypatch, lambda: value_made(workspace, sources))
    spent = workspace.run("run").manifest().seconds["matches"]
    assert spent > 0
    assert value_made(workspace, sources).seconds["matches"] > spent
