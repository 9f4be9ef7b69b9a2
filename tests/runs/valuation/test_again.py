"""A run again: what is kept, what is computed anew, and that this is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gmv_core import ValueSettings, open_source
from gmv_core.models.embedders.embedder import from_callable
from gmv_core.sets.build import add
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder, UInt8
from tests.fakes import FAKE, fake_embedder, write_images
from tests.runs.valuation.conftest import columns, mtimes

pytestmark = pytest.mark.usefixtures("small_commits")


def test_the_same_command_again_does_nothing_but_values(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    run()
    before, kept = columns(workspace, "values"), mtimes(workspace)

    def refuse(pixels: UInt8) -> None:
        raise AssertionError("embedded again")

    said: list[str] = []
    idle = from_callable(refuse, key=FAKE, side_px=8, dim=24)  # type: ignore[arg-type]
    manifest = run(embedder=Featured(idle), say=said.append)
    assert manifest.reused is True
    assert said == []
    assert mtimes(workspace) == kept
    assert np.array_equal(columns(workspace, "values")["value"], before["value"])


class Featured:
    """An embedder that claims feature maps, to be taken for the one a set was built with."""

    has_features = True
    features_norm_squared = 5.0

    def __init__(self, inner: Embedder) -> None:
        self.key, self.side_px, self.dim, self.crop = inner.key, inner.side_px, inner.dim, False
        self._inner = inner

    def __call__(self, pixels: UInt8) -> Any:  # noqa: ANN401  (never returns)
        return self._inner(pixels)


@pytest.mark.parametrize(
    "changed",
    [{"k": 2}, {"temperature": 0.1}, {"temperature": "auto"}, {"quality_weighting": False}],
)
def test_what_needs_no_model_keeps_matches_and_quality(
    workspace: Workspace, run: Callable[..., RunManifest], changed: dict[str, Any]
) -> None:
    run()
    before, kept = columns(workspace, "values")["value"], mtimes(workspace)
    said: list[str] = []
    manifest = run(**changed, say=said.append)
    assert manifest.reused is True
    assert said == []
    assert mtimes(workspace) == kept
    after = columns(workspace, "values")["value"]
    assert not np.allclose(after, before)
    assert manifest.value == ValueSettings(**{"k": 4, **changed})
    quality = columns(workspace, "quality")["quality"]
    handed_out = 18 if "quality_weighting" in changed else quality.sum()
    assert after.sum() == pytest.approx(handed_out)


@pytest.mark.parametrize(
    ("changed", "matches", "quality", "words"),
    [
        ({"distance": "l2"}, True, False, ["The matches are computed anew, because distance"]),
        ({"candidates": 9}, True, False, ["because candidates changed"]),
        ({"quality": "none"}, False, True, ["The qualities are computed anew, because quality"]),
        ({"seed": 1}, False, True, ["because seed changed"]),
        ({"k": 30, "candidates": 15}, True, False, ["because exact depth changed"]),
    ],
)
def test_what_needs_a_model_is_recomputed_and_said(
    workspace: Workspace,
    run: Callable[..., RunManifest],
    changed: dict[str, Any],
    matches: bool,
    quality: bool,
    words: list[str],
) -> None:
    run()
    kept = mtimes(workspace)
    said: list[str] = []
    assert run(**changed, say=said.append).reused is False
    assert len(said) == len(words)
    for sentence, part in zip(said, words, strict=True):
        assert part in sentence
    gone = [str(path) for path, _ in kept.items() - mtimes(workspace).items()]
    assert any("matches.lance" in path for path in gone) is matches
    assert any("quality.lance" in path for path in gone) is quality


def test_a_smaller_k_after_a_larger_one_keeps_the_deeper_list(
    run: Callable[..., RunManifest],
) -> None:
    run(k=12, candidates=40)
    said: list[str] = []
    assert run(k=3, candidates=40, say=said.append).reused is True
    assert said == []


def test_a_recomputed_run_is_as_a_fresh_one(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    from tests.fakes import assert_same_run

    run(distance="none", k=2)
    run(distance="l2", k=3)
    run()
    run(name="fresh")
    assert_same_run(workspace.run("run"), workspace.run("fresh"))


@pytest.mark.usefixtures("within_a_second")
def test_more_training_images_make_the_matches_stale(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    run()
    more = write_images(tmp_path / "more", 5, first_seed=100)  # now copies of generated ones
    add(workspace, "train", open_source(more), embedder=fake_embedder())
    said: list[str] = []
    assert run(say=said.append).reused is False
    assert len(said) == 2
    assert all("training" in sentence for sentence in said)
    found = columns(workspace, "matches")
    assert sorted(found["candidates"][5:10, 0].tolist()) == [40, 41, 42, 43, 44]
    assert len(columns(workspace, "values")["value"]) == 45
