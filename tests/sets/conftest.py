"""20 images in three folders, and the set that they become."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmv_core import open_source
from gmv_core.sets.build import build
from gmv_core.settings import BuildSettings
from gmv_core.store.manifests import SetManifest
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder
from tests.fakes import write_images


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """20 images in three folders: three batches."""
    return write_images(tmp_path / "images", 20)


def make(workspace: Workspace, where: Path, embedder: Embedder, **settings: object) -> SetManifest:
    return build(
        workspace,
        open_source(where),
        name="train",
        settings=BuildSettings(**settings),  # type: ignore[arg-type]
        embedder=embedder,
    )
