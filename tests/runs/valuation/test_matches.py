"""Matches and values of a run against naive computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gmv_core.models.embedders.embedder import stack
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import Workspace
from gmv_core.types import Float64, UInt8
from tests.fakes import SIDE_PX, draw, embed_one, fake_vectors
from tests.runs.valuation.conftest import GENERATED, TRAINING, columns

pytestmark = pytest.mark.usefixtures("small_commits")


def naive_recall() -> Float64:
    """Embedding distances of all pairs, (m, n)."""
    training = np.stack([embed_one(draw(s)) for s in TRAINING]).astype(float)
    generated = np.stack([embed_one(draw(s)) for s in GENERATED]).astype(float)
    return np.linalg.norm(generated[:, None] - training[None], axis=2)


def naive_features() -> Float64:
    """Squared feature distances of all pairs, (m, n)."""

    def features(seeds: Any) -> Float64:  # noqa: ANN401  (any iterable of seeds)
        pixels = stack([draw(s) for s in seeds], SIDE_PX)
        return fake_vectors(pixels)[1].astype(float)

    return ((features(GENERATED)[:, None] - features(TRAINING)[None]) ** 2).sum(2)


def enlarged(pixels: UInt8) -> Float64:
    image = Image.fromarray(pixels).resize((64, 64), Image.Resampling.BILINEAR)
    return np.asarray(image, float) / 255


def naive_l2() -> Float64:
    """Root mean squared pixel difference at 64 px of all pairs, (m, n)."""
    training, generated = (np.stack([enlarged(draw(s)) for s in x]) for x in (TRAINING, GENERATED))
    return np.sqrt(((generated[:, None] - training[None]) ** 2).mean((2, 3, 4)))


def test_without_reranking_matches_are_the_nearest_embeddings(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    run(distance="none")
    found, d = columns(workspace, "matches"), naive_recall()
    order = np.argsort(d, axis=1)[:, :15]
    assert np.array_equal(found["candidates"], order)
    assert found["distance"] == pytest.approx(np.take_along_axis(d, order, 1), abs=1e-5)
    assert np.array_equal(found["recall_rank"], np.tile(np.arange(1, 16), (18, 1)))
    assert np.array_equal(found["distance"], found["recall_distance"])


def test_pixel_distances_reorder_the_recalled_candidates(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    run(distance="l2")
    found = columns(workspace, "matches")
    recalled = np.argsort(naive_recall(), axis=1)[:, :15]
    d = np.take_along_axis(naive_l2(), recalled, 1)
    order = np.argsort(d, axis=1)
    assert np.array_equal(found["candidates"], np.take_along_axis(recalled, order, 1))
    assert found["distance"] == pytest.approx(np.take_along_axis(d, order, 1), abs=2e-3)
    assert np.array_equal(found["recall_rank"], order + 1)
    expected = np.take_along_axis(naive_recall(), found["candidates"], 1)
    assert found["recall_distance"] == pytest.approx(expected, abs=1e-5)


def test_features_decide_in_the_exact_part(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    run(candidates=40)  # all of them: 20 exact, 20 estimates behind
    found, d = columns(workspace, "matches"), naive_features()
    assert set(found["exact"]) == {20}
    own = np.take_along_axis(d, found["candidates"], 1)
    assert found["distance"][:, :20] == pytest.approx(own[:, :20], rel=1e-3, abs=1e-5)
    assert (np.diff(found["distance"][:, :20], axis=1) >= 0).all()
    assert np.array_equal(found["candidates"][:, :4], np.argsort(d, axis=1)[:, :4])
    estimates, truth = found["distance"][:, 20:], own[:, 20:]
    assert np.abs(estimates / truth - 1).mean() < 0.05
    assert not np.allclose(estimates, truth, rtol=1e-3)  # they are estimates and say so
    recalled = np.argsort(np.argsort(naive_recall(), axis=1), axis=1)
    assert np.array_equal(
        found["recall_rank"], np.take_along_axis(recalled, found["candidates"], 1) + 1
    )


def test_a_copy_of_a_training_image_is_its_first_contributor(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    for distance in ("none", "l2", "features"):
        run(distance=distance)
        found = columns(workspace, "matches")
        assert found["candidates"][:5, 0].tolist() == [0, 1, 2, 3, 4]
        assert found["recall_rank"][:5, 0].tolist() == [1] * 5
        assert found["distance"][:5, 0] == pytest.approx(0, abs=2e-3)
        values = columns(workspace, "values")
        assert values["nearest_distance"][:5] == pytest.approx(0, abs=1e-3)
        assert columns(workspace, "generated")["nearest_distance"][:5] == pytest.approx(0, abs=1e-6)


def test_values_add_up_to_quality_and_the_totals_say_so(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    manifest = run()
    values, quality = columns(workspace, "values"), columns(workspace, "quality")["quality"]
    assert values["value"].sum() == pytest.approx(quality.sum())
    assert ((quality > 0) & (quality <= 1)).all()
    assert (quality < 1).any()
    totals = manifest.totals
    assert totals.value == pytest.approx(totals.quality) == pytest.approx(quality.sum())
    assert totals.contributors == (values["times_contributor"] > 0).sum()
    assert totals.contributors + totals.never_contributor == 40
    assert values["times_contributor"].sum() == 18 * 4
    assert values["times_candidate"].sum() == 18 * 15
    distances = naive_recall()
    assert values["nearest_distance"] == pytest.approx(distances.min(0), abs=1e-3)
    assert values["mean_distance"] == pytest.approx(distances.mean(0), abs=1e-3)
    assert manifest.state == "ready"
