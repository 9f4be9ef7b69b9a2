"""What the tests share: an empty workspace, and commits small enough to see several of them."""

from __future__ import annotations

import os
from pathlib import Path

# Tiny arrays gain nothing from threads, and spinning threads on a busy machine take minutes.
# Set before numpy and faiss are loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import pytest

from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder
from tests.fakes import fake_embedder, shrink_commits


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def embedder() -> Embedder:
    return fake_embedder()


@pytest.fixture
def small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit every 8 images, so that 20 images are three batches."""
    shrink_commits(monkeypatch)
