"""Realism against a naive implementation of the paper's equation, one pair at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gmv_core.errors import ModelError
from gmv_core.method.realism import (
    MIN_REFERENCE,
    NEIGHBOURS,
    Reference,
    make_reference,
    realism,
    realism_quality,
)
from gmv_core.models.embedders.embedder import unit_rows
from gmv_core.types import Float32


def points(n: int, *, dim: int = 16, spread: float = 1.0, seed: int = 0) -> Float32:
    """Unit vectors around one direction; the smaller the spread, the closer together."""
    noise = np.random.default_rng(seed).normal(size=(n, dim))
    return unit_rows((np.eye(dim)[0] * 2 + spread * noise).astype(np.float32))


def distance(a: Float32, b: Float32) -> float:
    return math.sqrt(sum((float(x) - float(y)) ** 2 for x, y in zip(a, b, strict=True)))


def naive_radius(i: int, others: list[int], vectors: Float32) -> float:
    """Distance of image i to its third nearest among the others."""
    return sorted(distance(vectors[i], vectors[o]) for o in others if o != i)[NEIGHBOURS - 1]


def naive_half(vectors: Float32) -> dict[int, float]:
    """The half of the images with the smaller radii (eq. 4 leaves out the others)."""
    everyone = list(range(len(vectors)))
    radii = {i: naive_radius(i, everyone, vectors) for i in everyone}
    middle = float(np.median(list(radii.values())))
    return {i: r for i, r in radii.items() if r <= middle}


def naive_realism(query: Float32, vectors: Float32) -> float:
    """R(φ_g, Φ_r) = max over φ_r of ‖φ_r − NN₃(φ_r, Φ_r)‖ / ‖φ_g − φ_r‖."""
    return max(r / distance(query, vectors[i]) for i, r in naive_half(vectors).items())


def naive_own(vectors: Float32) -> list[float]:
    """Realism of each training image where the radii are taken without it."""
    half = naive_half(vectors)
    own = []
    for left_out in range(len(vectors)):
        rest = [i for i in range(len(vectors)) if i != left_out]
        own.append(
            max(
                naive_radius(i, rest, vectors) / distance(vectors[left_out], vectors[i])
                for i in half
                if i != left_out
            )
        )
    return sorted(own)


@pytest.mark.parametrize("spread", [1.0, 0.02])
@pytest.mark.parametrize("n", [10, 11, 40])
def test_realism_is_the_papers_equation(n: int, spread: float) -> None:
    vectors, asked = points(n, spread=spread), points(6, spread=2 * spread, seed=1)
    reference = make_reference(vectors)
    expected = [naive_realism(query, vectors) for query in asked]
    assert realism(asked, reference) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("spread", [1.0, 0.02])
@pytest.mark.parametrize("n", [10, 11, 40])
def test_the_training_images_own_realism_leaves_each_one_out(n: int, spread: float) -> None:
    vectors = points(n, spread=spread)
    assert make_reference(vectors).own == pytest.approx(naive_own(vectors), rel=2e-3)


def test_the_half_with_the_smaller_radii_is_kept() -> None:
    vectors = points(21)
    reference = make_reference(vectors)
    half = naive_half(vectors)
    assert np.array_equal(reference.vectors, vectors[list(half)])
    assert reference.radii == pytest.approx(list(half.values()), rel=1e-3)
    assert (np.diff(reference.own) >= 0).all()


def test_an_image_as_real_as_the_median_training_image_gets_1() -> None:
    reference = Reference(
        np.eye(3, dtype=np.float32), np.ones(3, np.float32), np.array([1, 2, 6.0])
    )
    assert reference.median == 2
    q = realism_quality(np.array([2.0, 1.0, 0.02, 50.0]), reference)
    assert q.tolist() == [1, 0.5, 0.01, 1]


def test_half_of_the_training_images_get_1_and_a_far_image_little() -> None:
    vectors = points(200, spread=0.2)
    reference = make_reference(vectors)
    own = realism_quality(reference.own, reference)
    assert np.mean(own == 1) == pytest.approx(0.5, abs=0.01)
    near = realism_quality(realism(points(50, spread=0.2, seed=8), reference), reference)
    opposite = realism_quality(realism(-vectors[:5], reference), reference)
    assert near.mean() > 0.9
    assert 0 < opposite.max() < 0.3


def test_quality_falls_with_the_distance_from_the_training_images() -> None:
    vectors = points(100, spread=0.2)
    away = np.eye(16, dtype=np.float32)[1]
    line = unit_rows(vectors.mean(0) + np.arange(1, 8, dtype=np.float32)[:, None] * away)
    reference = make_reference(vectors)
    q = realism_quality(realism(line, reference), reference)
    assert (np.diff(q) < 0).all()
    assert (q > 0).all()


def test_a_copy_of_a_training_image_is_finite_and_gets_1() -> None:
    vectors = points(50)
    reference = make_reference(vectors)
    scores = realism(reference.vectors, reference)
    assert np.isfinite(scores).all()
    assert (realism_quality(scores, reference) == 1).all()


def test_many_exact_duplicates_stay_finite() -> None:
    vectors = np.concatenate([np.tile(points(1), (30, 1)), points(20, seed=4)])
    reference = make_reference(vectors)
    assert np.isfinite(reference.own).all()
    q = realism_quality(realism(points(5, seed=5), reference), reference)
    assert ((q >= 0) & (q <= 1)).all()


def test_more_than_one_block_gives_the_same() -> None:
    vectors, asked = points(1500, dim=8), points(1100, dim=8, seed=9)
    reference = make_reference(vectors)
    whole = realism(asked, reference)
    parts = np.concatenate([realism(asked[i : i + 100], reference) for i in range(0, 1100, 100)])
    assert parts == pytest.approx(whole, rel=1e-4)
    assert len(reference.own) == 1500


def test_too_small_a_training_set_is_a_sentence() -> None:
    with pytest.raises(ModelError, match=r"at least 10 training images and there are 9; use --qua"):
        make_reference(points(MIN_REFERENCE - 1))
    make_reference(points(MIN_REFERENCE))


def test_copies_count_as_one_and_decide_nothing() -> None:
    distinct, asked = points(40, spread=0.3), points(12, spread=0.3, seed=1)
    fours = np.concatenate([np.repeat(distinct[:20], 4, axis=0), distinct[20:]])
    nearly = fours + np.random.default_rng(2).normal(0, 1e-5, fours.shape).astype(np.float32)
    plain = make_reference(distinct)
    for copied in (fours, np.concatenate([distinct, distinct]), unit_rows(nearly)):
        reference = make_reference(copied)
        assert (reference.radii > 0.01).all()
        assert np.allclose(reference.own, plain.own, rtol=1e-3)
        assert np.allclose(realism(asked, reference), realism(asked, plain), rtol=1e-3)


def test_too_few_distinct_images_are_a_sentence() -> None:
    with pytest.raises(ModelError, match="at least 10 different training images and there are 9;"):
        make_reference(np.tile(points(9), (30, 1)))
