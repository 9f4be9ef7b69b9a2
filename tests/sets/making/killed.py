"""A build and a run, uninterrupted or killed after so many commits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from gmv_core import MatchSettings, RunSettings, ValueSettings, open_source, value
from gmv_core.sets.build import build
from gmv_core.store.manifests import Manifest
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import Workspace
from tests.fakes import fake_embedder, shrink_commits

SETTINGS = RunSettings(MatchSettings(candidates=15, distance="features"), ValueSettings(k=4))


def build_train(workspace: Workspace, sources: Path) -> Manifest:
    source = open_source(sources / "train")
    return build(workspace, source, name="train", embedder=fake_embedder())


def value_made(workspace: Workspace, sources: Path) -> Manifest:
    return value(
        workspace,
        open_source(sources / "made"),
        against="train",
        name="run",
        settings=SETTINGS,
        embedder=fake_embedder(),
    )


def uninterrupted(folder: Path, sources: Path) -> Workspace:
    """Return a workspace with the set "train" and the run "run", in which nothing was killed."""
    workspace = Workspace(folder)
    with pytest.MonkeyPatch.context() as patch:
        shrink_commits(patch)
        build_train(workspace, sources)
        value_made(workspace, sources)
    return workspace


class Killed(BaseException):
    """Stands for the end of the process: nothing in the engine catches it."""


def killed_after(commits: int, monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> bool:
    """Run the work until so many commits are done; return whether it was killed there."""
    done = 0

    def counting(original: Callable[[Table, pa.Table], None]) -> Callable[[Table, pa.Table], None]:
        def commit(table: Table, rows: pa.Table) -> None:
            nonlocal done
            original(table, rows)
            done += 1
            if done == commits:
                raise Killed

        return commit

    with monkeypatch.context() as patch:
        patch.setattr(Table, "append", counting(Table.append))
        patch.setattr(Table, "write", counting(Table.write))
        try:
            work()
        except Killed:
            return True
    return False
