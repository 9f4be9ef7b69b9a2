"""Recall: blockwise search equals brute force, and a quantized index tells the truth of itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from gmv_core.errors import SettingsError
from gmv_core.method import recall
from gmv_core.method.recall import (
    EXACT_LIMIT,
    PQ_BYTES,
    SQ8_LIMIT,
    ExactIndex,
    QuantizedIndex,
    add_codes,
    choose_kind,
    exact_search,
    measured_recall,
    rescore,
    search_codes,
    train_codes,
    tune,
)
from gmv_core.models.embedders.embedder import unit_rows
from gmv_core.types import Float32, Int64


def clusters(n: int, *, dim: int = 96, seed: int = 0) -> Float32:
    """Unit vectors in 20 clumps, as embeddings of real images are."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(20, dim))
    points = centres[rng.integers(0, 20, n)] + 0.6 * rng.normal(size=(n, dim))
    return unit_rows(points.astype(np.float32))


def blocks(ids: Int64, vectors: Float32, size: int) -> Iterator[tuple[Int64, Float32]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size], vectors[start : start + size]


def brute(queries: Float32, ids: Int64, vectors: Float32, k: int) -> tuple[Int64, Float32]:
    """All distances in float64, sorted by distance, then id."""
    d = np.linalg.norm(queries[:, None].astype(float) - vectors[None], axis=2)
    order = np.lexsort((np.broadcast_to(ids, d.shape), d), axis=1)[:, :k]
    return ids[order], np.take_along_axis(d, order, 1).astype(np.float32)


@pytest.mark.parametrize("size", [1, 7, 64, 300])
@pytest.mark.parametrize("queries", [3, 40])
def test_exact_search_is_brute_force_whatever_the_blocks(size: int, queries: int) -> None:
    vectors, asked = clusters(300), clusters(queries, seed=1)
    ids = np.arange(300) * 3 + 5
    found = exact_search(asked, blocks(ids, vectors, size), k=12)
    expected, distances = brute(asked, ids, vectors, 12)
    assert np.array_equal(found.ids, expected)
    assert found.distances == pytest.approx(distances, abs=2e-6)


@pytest.mark.parametrize("size", [1, 7, 64, 240])
@pytest.mark.parametrize("k", [5, 30, 120])
def test_ties_go_to_the_smaller_id(size: int, k: int) -> None:
    # Every vector stands there ten times, so most places are decided by the tie rule.
    vectors = np.tile(np.eye(24, dtype=np.float32), (10, 1))
    asked = unit_rows(np.random.default_rng(0).random((30, 24)).astype(np.float32))
    ids = np.arange(240)
    found = exact_search(asked, blocks(ids, vectors, size), k=k)
    assert np.array_equal(found.ids, brute(asked, ids, vectors, k)[0])


def test_more_neighbours_than_images_are_padded() -> None:
    vectors = clusters(5)
    found = ExactIndex(np.arange(5), vectors).search(vectors[:2], 9)
    assert found.ids.shape == found.distances.shape == (2, 9)
    assert np.array_equal(np.sort(found.ids[:, :5]), [np.arange(5)] * 2)
    assert (found.ids[:, 5:] == -1).all()
    assert np.isinf(found.distances[:, 5:]).all()
    assert found.ids[:, 0].tolist() == [0, 1]
    assert (found.distances[:, 0] == 0).all()


def test_an_empty_block_changes_nothing() -> None:
    vectors = clusters(20)
    empty = (np.empty(0, np.int64), np.empty((0, 96), np.float32))
    found = exact_search(vectors[:3], [empty, (np.arange(20), vectors), empty], k=4)
    assert np.array_equal(found.ids, brute(vectors[:3], np.arange(20), vectors, 4)[0])


@pytest.mark.parametrize(
    ("n", "kind"),
    [
        (0, "exact"),
        (EXACT_LIMIT, "exact"),
        (EXACT_LIMIT + 1, "sq8"),
        (SQ8_LIMIT, "sq8"),
        (SQ8_LIMIT + 1, "pq"),
    ],
)
def test_the_size_chooses_the_index(n: int, kind: str) -> None:
    assert choose_kind("auto", n) == kind
    assert choose_kind("exact", n) == "exact"


def test_codes_that_fill_half_of_the_memory_stay_on_the_disk() -> None:
    n = 100_000_000
    assert choose_kind("auto", n, memory_bytes=2.01 * n * PQ_BYTES) == "pq"
    assert choose_kind("auto", n, memory_bytes=1.99 * n * PQ_BYTES) == "disk"
    assert choose_kind("auto", SQ8_LIMIT, memory_bytes=1) == "sq8"
    assert choose_kind("pq", n, memory_bytes=1) == "pq"


@pytest.mark.parametrize(("kind", "least"), [("sq8", 256), ("pq", 256), ("disk", 512)])
def test_too_few_images_for_a_quantized_index_is_a_sentence(kind: str, least: int) -> None:
    said = rf"at least {least} images and this set has {least - 1}; use --ind"
    with pytest.raises(SettingsError, match=said):
        choose_kind(kind, least - 1)
    assert choose_kind(kind, least) == kind


class Quantized:
    """An index of n vectors with ids that are no positions, tuned on 60 of them."""

    def __init__(self, kind: str, n: int) -> None:
        self.kind = kind
        self.vectors = clusters(n)
        self.ids = np.sort(np.random.default_rng(5).permutation(3 * n)[:n])
        self.codes = train_codes(kind, self.vectors, vectors=n)
        rows = add_codes(self.codes, blocks(self.ids, self.vectors, 250))
        assert np.array_equal(rows, self.ids)
        self.queries = self.vectors[::10][:60]
        self.truth = exact_search(self.queries, [(self.ids, self.vectors)], k=50).ids
        self.index, self.report = tune(
            self.codes, rows, self.fetch, kind=kind, queries=self.queries, truth=self.truth
        )

    def fetch(self, rows: Int64) -> Float32:
        return self.vectors[np.searchsorted(self.ids, rows)]


@pytest.fixture(scope="module", params=[("sq8", 600), ("sq8", 2000), ("pq", 600), ("pq", 1000)])
def quantized(request: pytest.FixtureRequest) -> Quantized:
    return Quantized(*request.param)


def test_a_quantized_index_finds_the_neighbours(quantized: Quantized) -> None:
    asked = clusters(50, seed=2)  # not those it was tuned on
    found = quantized.index.search(asked, 50)
    truth = exact_search(asked, [(quantized.ids, quantized.vectors)], k=50)
    assert measured_recall(found.ids, truth.ids) >= 0.9
    assert np.isin(found.ids, quantized.ids).all()  # nothing but ids, and no −1 among enough images
    assert all(len(np.unique(row)) == 50 for row in found.ids)


def test_its_distances_are_exact_and_rise(quantized: Quantized) -> None:
    asked = clusters(10, seed=3)
    found = quantized.index.search(asked, 20)
    exact = np.linalg.norm(
        quantized.fetch(found.ids.ravel()).reshape(10, 20, -1) - asked[:, None], axis=2
    )
    assert found.distances == pytest.approx(exact, abs=1e-6)
    assert (np.diff(found.distances, axis=1) >= 0).all()


def test_its_report_is_what_it_does(quantized: Quantized) -> None:
    report, index = quantized.report, quantized.index
    found = index.search(quantized.queries, 50).ids
    shares = [len(set(f) & set(t)) / 50 for f, t in zip(found, quantized.truth, strict=True)]
    assert report.recall == pytest.approx(np.mean(shares))
    assert (report.kind, report.vectors) == (quantized.kind, len(quantized.ids))
    assert (report.recall_at, report.queries) == (50, 60)
    assert (report.nprobe, report.overfetch) == (index.nprobe, index.overfetch)
    # sq8: a byte a dimension after PCA to 64; pq: 64 bytes; 8 for the id.
    assert report.bytes_per_vector == 64 + 8


def test_it_pads_where_more_are_asked_for_than_there_are(quantized: Quantized) -> None:
    n = len(quantized.ids)
    found = quantized.index.search(quantized.queries[:2], n + 7)
    assert found.ids.shape == (2, n + 7)
    assert (found.ids[:, n:] == -1).all()
    assert np.isinf(found.distances[found.ids == -1]).all()
    assert np.isfinite(found.distances[found.ids >= 0]).all()


def test_one_probe_leaves_no_wrong_id_where_lists_run_out(quantized: Quantized) -> None:
    narrow = QuantizedIndex(quantized.codes, quantized.ids, quantized.fetch, 1, 8)
    found = narrow.search(quantized.queries, 50)
    there = found.ids >= 0
    assert not there.all()  # one list is too short: the case is real
    codes = search_codes(quantized.codes, quantized.queries, 50 * 8, 1)
    for ids, positions in zip(found.ids, codes, strict=True):
        in_list = quantized.ids[positions[positions >= 0]]
        assert np.isin(ids[ids >= 0], in_list).all()
        assert (ids >= 0).sum() == min(50, len(in_list))
    assert np.isinf(found.distances[~there]).all()
    # The padding stands behind, never between.
    assert (np.sort(~there, axis=1) == ~there).all()
    assert found.ids[:, 0].tolist() == quantized.ids[::10][:60].tolist()  # itself


def test_rescoring_drops_repeats_and_padding_and_breaks_ties_by_id() -> None:
    vectors = np.array([[0, 0], [3, 4], [3, 4], [0, 1]], np.float32)
    rows = np.array([[2, -1, 1, 3, 3, -1]])
    found = rescore(np.zeros((1, 2), np.float32), rows, lambda wanted: vectors[wanted], k=5)
    assert found.ids.tolist() == [[3, 1, 2, -1, -1]]
    assert found.distances.tolist() == [[1, 5, 5, np.inf, np.inf]]


def test_recall_by_hand() -> None:
    truth = np.array([[1, 2, 3, 4], [5, 6, -1, -1]])
    found = np.array([[4, 9, 1, -1], [6, 5, 8, -1]])
    assert measured_recall(found, truth) == pytest.approx((2 / 4 + 2 / 2) / 2)


def test_rescoring_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, queries = clusters(400, dim=16), clusters(30, dim=16, seed=1)
    rows = np.random.default_rng(2).integers(-1, 400, (30, 50))
    whole = rescore(queries, rows, lambda wanted: vectors[wanted], k=9)
    monkeypatch.setattr(recall, "RESCORED", 16 * 50 * 7)
    parts = rescore(queries, rows, lambda wanted: vectors[wanted], k=9)
    np.testing.assert_array_equal(parts.ids, whole.ids)
    np.testing.assert_array_equal(parts.distances, whole.distances)
    for query, own, ids in zip(queries, rows, whole.ids, strict=True):
        own = np.unique(own[own >= 0])
        nearest = np.argsort(np.linalg.norm(vectors[own] - query, axis=1), kind="stable")[:9]
        assert own[nearest].tolist() == ids.tolist()
