"""What the tests share: an empty workspace, and commits small enough to see several of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Tiny arrays gain nothing from threads, and spinning threads on a busy machine take minutes.
# Set before numpy and faiss are loaded.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

from gmv_core import pipeline, valuation
from gmv_core.store import Workspace
from gmv_core.types import Embedder
from tests.fakes import fake_embedder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def embedder() -> Embedder:
    return fake_embedder()


@pytest.fixture
def small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit every 8 images, so that 20 images are three batches."""
    monkeypatch.setattr(pipeline, "COMMIT_ROWS", 8)
    monkeypatch.setattr(valuation, "BLOCK", 8)
