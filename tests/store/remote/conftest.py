"""A workspace on a real S3 server on this machine, and one on the disk to hold it against."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from gmv_core import Workspace
from tests.fakes import draw as drawn
from tests.fakes import png, write_images
from tests.sets.making.killed import uninterrupted
from tests.sources.servers import object_store
from tests.store.remote.leases import renew_often


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, object_store(patch) as address:
        yield address


@pytest.fixture(autouse=True)
def leases(monkeypatch: pytest.MonkeyPatch) -> None:
    renew_often(monkeypatch)


@pytest.fixture
def place(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace in the bucket; copies of its files go to a folder of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Workspace(f"{bucket}/{secrets.token_hex(4)}/ws")


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders: 20 training images (one of them broken) and 18 generated ones."""
    root = tmp_path_factory.mktemp("sources")
    write_images(root / "train", 20)
    (root / "train" / "class1" / "0010.png").write_bytes(png(drawn(10))[:70])
    write_images(root / "made", 18, first_seed=100)
    return root


@pytest.fixture(scope="session")
def on_disk(tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Workspace:
    """The set "train" and the run "run" in a folder."""
    return uninterrupted(tmp_path_factory.mktemp("disk"), sources)
