"""The distance of any pair: read from the list, else by what is stored, else not told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import (
    MatchSettings,
    Result,
    RunSettings,
    Workspace,
    WorkspaceError,
    build,
    open_run,
    open_source,
    value,
)
from gmv_core.models.embedders.embedder import stack
from tests.fakes import SIDE_PX, draw, embed_one, fake_embedder, fake_vectors, write_images

CANDIDATES = 12


@pytest.fixture
def run_by(workspace: Workspace, tmp_path: Path) -> Callable[[str], Result]:
    source = open_source(write_images(tmp_path / "train", 40, labels=1))
    build(workspace, source, name="train", embedder=fake_embedder())
    made = open_source(write_images(tmp_path / "made", 2, first_seed=500, labels=1))

    def run_by(distance: str) -> Result:
        settings = RunSettings(MatchSettings(CANDIDATES, distance))
        value(workspace, made, against="train", name="run", settings=settings,
              embedder=fake_embedder())  # fmt: skip
        return open_run(workspace, "run")

    return run_by


def off_list(result: Result) -> list[int]:
    listed = result.run.table("matches").take(np.array([0]), ["candidates"])["candidates"][0]
    return [row for row in range(40) if row not in listed.as_py()]


def name(row: int) -> str:
    return f"class0/{row:04d}.png"


def test_a_candidate_has_the_distance_of_its_list(run_by: Callable[[str], Result]) -> None:
    result = run_by("features")
    for one in result.contributors(name(0)):
        away = result.distance(name(0), one.training)
        assert away is not None
        assert (away.distance, away.exact, away.place) == (one.distance, one.exact, one.rank)


def test_another_one_is_estimated_by_the_sketches(run_by: Callable[[str], Result]) -> None:
    result = run_by("features")
    of = fake_vectors(stack([draw(500)], SIDE_PX))[1]
    rows = off_list(result)
    assert len(rows) == 40 - CANDIDATES
    for row in rows:
        away = result.distance(name(0), name(row))
        assert away is not None and not away.exact and away.place is None
        true = float(((of - fake_vectors(stack([draw(row)], SIDE_PX))[1]) ** 2).sum())
        assert away.distance == pytest.approx(true, rel=0.1)


def test_without_re_ranking_it_is_the_embeddings_distance(
    run_by: Callable[[str], Result],
) -> None:
    result = run_by("none")
    row = off_list(result)[0]
    away = result.distance(name(1), name(row))
    true = float(np.linalg.norm(embed_one(draw(501)) - embed_one(draw(row))))
    assert away is not None and away.exact
    assert away.distance == pytest.approx(true, rel=1e-5)


def test_a_distance_that_needs_a_network_is_not_told(run_by: Callable[[str], Result]) -> None:
    result = run_by("l2")
    assert result.distance(name(0), name(off_list(result)[0])) is None
    with pytest.raises(WorkspaceError, match="no training image 'nobody'"):
        result.distance(name(0), "nobody")
