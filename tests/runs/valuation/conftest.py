"""Training images and generated ones, some of them copies, and a function that values them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gmv_core import MatchSettings, RunSettings, ValueSettings, open_source, value
from gmv_core.sets.build import build
from gmv_core.store.columns import matrix
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import Workspace
from tests.fakes import draw, fake_embedder, png, rows_of

TRAINING, GENERATED = range(40), [*range(5), *range(100, 113)]  # seeds; the first 5 are copies


@pytest.fixture(scope="package")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sources")
    for folder, seeds in (("train", TRAINING), ("made", GENERATED)):
        (root / folder).mkdir()
        for seed in seeds:
            (root / folder / f"{seed:03d}.png").write_bytes(png(draw(seed)))
    return root


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Path:
    """The set "train", built once; the tests work on copies."""
    root = tmp_path_factory.mktemp("built")
    build(Workspace(root), open_source(sources / "train"), name="train", embedder=fake_embedder())
    return root


@pytest.fixture
def run(workspace: Workspace, sources: Path, built: Path) -> Callable[..., RunManifest]:
    """Value the generated images, by default with features, k = 4 and 15 candidates."""
    shutil.copytree(built, workspace.root)

    def work(**given: Any) -> RunManifest:  # noqa: ANN401  (settings of two classes)
        generated = given.pop("generated", sources / "made")
        value_settings = {
            k: given.pop(k) for k in ("k", "temperature", "quality_weighting") if k in given
        }
        kept = {k: given.pop(k) for k in ("say", "embedder", "name", "against") if k in given}
        settings = RunSettings(
            MatchSettings(**{"candidates": 15, "distance": "features", **given}),
            ValueSettings(**{"k": 4, **value_settings}),
        )
        return value(
            workspace,
            open_source(generated) if isinstance(generated, Path) else generated,
            **{"against": "train", "name": "run", "embedder": fake_embedder(), **kept},
            settings=settings,
        )

    return work


def columns(workspace: Workspace, table: str, name: str = "run") -> dict[str, np.ndarray]:
    rows = rows_of(workspace.run(name).table(table))
    lists = ("candidates", "recall_rank", "recall_distance", "distance")
    return {
        c: matrix(rows[c]) if table == "matches" and c in lists else rows[c].to_numpy()
        for c in rows.column_names
    }


def mtimes(workspace: Workspace) -> dict[Path, int]:
    """When each file of the tables that need models was written."""
    tables = (workspace.run("run").table(name).path for name in ("matches", "quality"))
    return {p: p.stat().st_mtime_ns for t in tables for p in t.rglob("*") if p.is_file()}


@pytest.fixture
def within_a_second(monkeypatch: pytest.MonkeyPatch, built: Path) -> None:
    """Let every manifest bear the same time: it cannot be what tells two sets apart."""
    time = Workspace(built).image_set("train").manifest().updated
    monkeypatch.setattr("gmv_core.sets.build.now", lambda: time)
