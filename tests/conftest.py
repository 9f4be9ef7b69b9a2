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

BROWSER = Path(__file__).parent / "browser"


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a file to one process, for what it builds once; and all browser tests to one.

    They share a demo and a browser. Only `--dist loadgroup` looks at it.
    """
    for item in items:
        browser = BROWSER in item.path.parents
        item.add_marker(pytest.mark.xdist_group("browser" if browser else item.path.as_posix()))


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
