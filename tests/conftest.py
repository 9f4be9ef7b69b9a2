"""What the tests share: a workspace, copies of built ones, commits small enough to see several."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache
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
    return Workspace(tmp_path / "home")


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function to the folder that a function of tests/built.py filled, once."""

    @cache
    def written(write: Callable[..., object], *given: object) -> Path:
        folder = tmp_path_factory.mktemp(write.__name__)
        write(folder, *given)
        return folder

    return written


@pytest.fixture
def copied(original: Callable[..., Path], tmp_path: Path) -> Callable[..., None]:
    """Return a function that copies what a function of tests/built.py writes into tmp_path."""

    def copy(write: Callable[..., object], *given: object) -> None:
        shutil.copytree(original(write, *given), tmp_path, dirs_exist_ok=True)

    return copy


@pytest.fixture
def embedder() -> Embedder:
    return fake_embedder()


@pytest.fixture
def small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit every 8 images, so that 20 images are three batches."""
    shrink_commits(monkeypatch)
