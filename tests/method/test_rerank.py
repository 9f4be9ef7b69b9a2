"""Re-rank: blocks of distances against naive loops, and what a sketch keeps."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.method.rerank import pair_distances, sort_by_distance
from gmv_core.method.sketch import SKETCH_DIM, sketch, sketch_step
from gmv_core.models.embedders.embedder import unit_rows
from gmv_core.types import Float32, Int64

NORM_SQUARED = 5.0  # of the vectors of these tests


@pytest.fixture(params=[0, 10**9], ids=["pair by pair", "one product"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to a distance must give the same, whichever the share of pairs would choose."""
    monkeypatch.setattr("gmv_core.method.rerank.SPARSE", request.param)


def pairs() -> tuple[Float32, Float32, Int64]:
    """6 generated and 40 training vectors; 9 candidates each, some of them −1."""
    rng = np.random.default_rng(3)
    generated = rng.normal(size=(6, 50)).astype(np.float32)
    training = rng.normal(size=(40, 50)).astype(np.float32)
    candidates = np.stack([rng.permutation(40)[:9] for _ in range(6)])
    candidates[1, 4:] = -1
    candidates[4] = -1
    return generated, training, candidates


@pytest.mark.parametrize("squared", [True, False])
@pytest.mark.parametrize("tile", [1, 3, 8, 256])
def test_pair_distances_are_those_of_a_naive_loop(squared: bool, tile: int) -> None:
    generated, training, candidates = pairs()
    expected = np.full(candidates.shape, np.inf)
    for j, row in enumerate(candidates):
        for r, i in enumerate(row):
            if i >= 0:
                d = ((generated[j].astype(float) - training[i]) ** 2).sum()
                expected[j, r] = d if squared else d**0.5
    found = pair_distances(
        generated, candidates, lambda rows: training[rows], squared=squared, tile=tile
    )
    assert found == pytest.approx(expected, rel=1e-5)
    assert np.isinf(found[4]).all()


def test_vectors_are_asked_for_once_each_and_a_tile_at_a_time() -> None:
    generated, training, candidates = pairs()
    asked: list[Int64] = []

    def vectors_of(rows: Int64) -> Float32:
        asked.append(rows)
        return training[rows]

    pair_distances(generated, candidates, vectors_of, squared=True, tile=7)
    assert max(len(rows) for rows in asked) == 7
    assert np.concatenate(asked).tolist() == np.unique(candidates[candidates >= 0]).tolist()


def test_no_candidates_at_all_ask_for_nothing() -> None:
    def vectors_of(rows: Int64) -> Float32:
        raise AssertionError(rows)

    none = np.full((2, 3), -1)
    found = pair_distances(np.ones((2, 5), np.float32), none, vectors_of, squared=True)
    assert np.isinf(found).all()


@pytest.mark.parametrize("squared", [True, False])
def test_the_same_image_is_at_distance_0(squared: bool) -> None:
    vectors = unit_rows(np.random.default_rng(0).normal(size=(50, 6000)).astype(np.float32))
    vectors *= np.float32(5**0.5)
    found = pair_distances(
        vectors, np.arange(50)[:, None], lambda rows: vectors[rows], squared=squared
    )
    assert found.max() <= 1e-5  # of 10, or of √10, between unrelated images


def test_a_near_copy_keeps_its_small_distance() -> None:
    vectors = unit_rows(np.random.default_rng(0).normal(size=(20, 6000)).astype(np.float32))
    noise = np.random.default_rng(1).normal(size=vectors.shape).astype(np.float32)
    copies = vectors + np.float32(1e-5) * noise  # at 8e-4, of 1.4 between unrelated images
    exact = np.linalg.norm(vectors.astype(float) - copies, axis=1)
    found = pair_distances(
        copies, np.arange(20)[:, None], lambda rows: vectors[rows], squared=False
    )
    assert found[:, 0] == pytest.approx(exact, rel=1e-3)


def unit_blocks(n: int, *, seed: int) -> Float32:
    """Random vectors as the embedder gives them: five blocks of length 1, of unequal sizes."""
    rng = np.random.default_rng(seed)
    sizes = (24 * 256, 40 * 64, 112 * 16, 192 * 4, 320 * 4)
    return np.concatenate(
        [unit_rows(np.abs(rng.normal(size=(n, size))).astype(np.float32)) for size in sizes], 1
    )


def sketched(vectors: Float32) -> Float32:
    return sketch(vectors, norm_squared=NORM_SQUARED).astype(np.float32) * np.float32(
        sketch_step(NORM_SQUARED)
    )


def test_a_sketch_keeps_squared_distances() -> None:
    a, b = unit_blocks(60, seed=0), unit_blocks(60, seed=1)
    exact = ((a - b) ** 2).sum(1)
    estimated = ((sketched(a) - sketched(b)) ** 2).sum(1)
    error = estimated / exact - 1
    assert np.abs(error).mean() < 0.04
    assert abs(error.mean()) < 0.02  # no bias to one side
    assert ((sketched(a) - sketched(a.copy())) ** 2).max() == 0


def test_a_sketch_is_the_same_every_time_and_for_every_batch() -> None:
    a = unit_blocks(9, seed=2)
    whole = sketch(a, norm_squared=NORM_SQUARED)
    assert whole.shape == (9, SKETCH_DIM)
    assert whole.dtype == np.int8
    assert np.array_equal(whole, sketch(a, norm_squared=NORM_SQUARED))
    single = [sketch(row[None], norm_squared=NORM_SQUARED)[0] for row in a]
    assert np.array_equal(whole, np.stack(single))
    assert 0 < np.mean(np.abs(whole) == 127) < 0.001 or np.abs(whole).max() < 127


def test_a_sketch_of_a_short_vector_only_changes_signs() -> None:
    vector = np.array([[0.5, -0.25, 0.1]], np.float32)
    step = sketch_step(1.0)
    found = sketch(vector, norm_squared=1.0)
    assert (
        np.abs(found[0, :3]).tolist() == np.minimum(np.rint(np.abs(vector[0]) / step), 127).tolist()
    )
    assert not found[0, 3:].any()


def test_sorting_by_distance_with_an_exact_head() -> None:
    candidates = np.array([[7, 5, 9, 2, -1], [1, 2, 3, 4, 5]])
    distances = np.array([[3, 1, 2, 0, np.inf], [2, 1, 1, 9, 0]], np.float32)
    ids, d, order = sort_by_distance(candidates, distances)
    assert ids.tolist() == [[2, 5, 9, 7, -1], [5, 2, 3, 1, 4]]  # the tie keeps its order
    assert d.tolist() == [[0, 1, 2, 3, np.inf], [0, 1, 1, 2, 9]]
    assert order.tolist() == [[3, 1, 2, 0, 4], [4, 1, 2, 0, 3]]
    ids, d, order = sort_by_distance(candidates, distances, exact=3)
    assert ids.tolist() == [[5, 9, 7, 2, -1], [2, 3, 1, 4, 5]]
    assert d.tolist() == [[1, 2, 3, 0, np.inf], [1, 1, 2, 9, 0]]
    assert order.tolist() == [[1, 2, 0, 3, 4], [1, 2, 0, 3, 4]]


def test_an_exact_head_longer_than_the_list_sorts_all() -> None:
    candidates, distances = np.array([[1, 2]]), np.array([[2, 1]], np.float32)
    assert sort_by_distance(candidates, distances, exact=20)[0].tolist() == [[2, 1]]
