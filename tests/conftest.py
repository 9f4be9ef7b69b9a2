"""What the tests share: a workspace, copies of built ones, commits small enough to see several."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

# Tiny arrays gain nothing from threads, and spinning threads on a busy machine take minutes.
# Set before numpy and faiss are loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import pytest

from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder
from tests.fakes import fake_embedder, shrink_commits

BROWSER, TRUTH = "tests/browser/", "tests/benchmarks/test_truth.py"


def group_of(nodeid: str) -> str:
    """Return what one process runs whole: a file; all of the browser tests, which share a demo."""
    return BROWSER if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the two longest groups come first, or one process would be left alone with them."""
    items.sort(key=lambda item: group_of(item.nodeid) not in (BROWSER, TRUTH))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:  # noqa: ANN401
    """Give each process of `pytest -n` whole groups, in the order of collection.

    `--dist loadgroup` should do it and does not with pytest 9.2: pytest-xdist issue 1386.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False
    return Groups(config, log)


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


@pytest.fixture
def heeded() -> Iterator[None]:
    """Let Ctrl-C be heeded; where the tests run in a shell's background it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
