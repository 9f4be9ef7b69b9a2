"""Evidence of a small run, and what others would have at hand to check it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core import Result, ValueSettings, Workspace, open_run
from gmv_core.audit.evidence import write_evidence
from tests.built import write_run

CREATED = "2026-01-01T00:00:00+00:00"
Opened = Callable[..., Result]


@pytest.fixture(scope="session")
def evidence_of_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with home (the workspace of `write_run`), run (its images) and evidence.zip."""
    folder = tmp_path_factory.mktemp("evidence")
    write_run(folder, "run", 5)
    result = open_run(Workspace(folder / "home"), "run")
    write_evidence(result, folder / "evidence.zip", created=CREATED, with_previews=True)
    return folder


@pytest.fixture
def archive(evidence_of_run: Path, tmp_path: Path) -> Path:
    """A copy of the evidence, to be changed."""
    return Path(shutil.copy(evidence_of_run / "evidence.zip", tmp_path / "evidence.zip"))


@pytest.fixture
def result(copied: Callable[..., None], tmp_path: Path) -> Opened:
    """Return a function that opens a copy of the run, read with these settings."""
    copied(write_run, "run", 5)

    def opened(settings: ValueSettings | None = None) -> Result:
        return open_run(Workspace(tmp_path / "home"), "run", settings=settings)

    return opened
