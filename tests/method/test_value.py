"""Value: hand-computed cases, and the axioms that hold for every input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import roc_auc_score

from gmv_core.errors import SettingsError
from gmv_core.measures.detection import auroc
from gmv_core.method.value import (
    HandedOut,
    Values,
    add_values,
    contributor_weights,
    hand_out,
    no_values,
    rank_from_bottom,
)
from gmv_core.settings import ValueSettings
from gmv_core.types import Float32, Float64, Int64

LOG2, LOG3 = math.log(2), math.log(3)


def example() -> tuple[Int64, Float32, Float64]:
    """2 generated, 3 candidates each of 4 training images, weights that can be read off.

    Row 0: e^-d = 1, 1/2, 1/3 → weights 6/11, 3/11, 2/11.  Row 1: 1, 1/2, none → 2/3, 1/3.
    """
    candidates = np.array([[2, 0, 1], [0, 1, -1]])
    distances = np.array([[0, LOG2, LOG3], [0, LOG2, np.inf]], np.float32)
    return candidates, distances, np.array([0.5, 0.9])


def valued(
    n: int, candidates: Int64, distances: Float32, quality: Float64, chosen: ValueSettings
) -> tuple[Values, HandedOut]:
    handed = hand_out(candidates, distances, quality, chosen)
    return add_values(no_values(n), candidates, handed), handed


def test_values_of_the_hand_computed_example() -> None:
    values, handed = valued(4, *example(), ValueSettings(k=3))
    weights = np.array([[6 / 11, 3 / 11, 2 / 11], [2 / 3, 1 / 3, 0]])
    assert handed.weights == pytest.approx(weights, abs=1e-7)
    assert handed.credit == pytest.approx(weights * [[0.5], [0.9]], abs=1e-7)
    assert handed.contributors.tolist() == [[2, 0, 1], [0, 1, -1]]
    expected = [0.5 * 3 / 11 + 0.6, 0.5 * 2 / 11 + 0.3, 0.5 * 6 / 11, 0]
    assert values.value == pytest.approx(expected, abs=1e-7)
    assert values.value[3] == 0  # never recalled: exactly 0
    assert values.times_contributor.tolist() == [2, 2, 1, 0]
    assert values.times_candidate.tolist() == [2, 2, 1, 0]


def test_a_smaller_k_leaves_candidates_that_are_no_contributors() -> None:
    values, handed = valued(4, *example(), ValueSettings(k=1))
    assert handed.weights.tolist() == [[1], [1]]
    assert values.value.tolist() == [0.9, 0, 0.5, 0]
    assert values.times_contributor.tolist() == [1, 0, 1, 0]
    assert values.times_candidate.tolist() == [2, 2, 1, 0]


def test_without_quality_weighting_every_generated_image_counts_1() -> None:
    values, _ = valued(4, *example(), ValueSettings(k=3, quality_weighting=False))
    assert values.value == pytest.approx([3 / 11 + 2 / 3, 2 / 11 + 1 / 3, 6 / 11, 0], abs=1e-7)


def test_temperature_divides_the_distance() -> None:
    d = np.array([[0, 2 * LOG2, 2 * LOG3]], np.float32)
    assert contributor_weights(d, 2.0)[0] == pytest.approx([6 / 11, 3 / 11, 2 / 11], abs=1e-7)


def test_auto_temperature_is_the_standard_deviation_of_each_row() -> None:
    # Row 0: d = 1, 3, σ = 1. Row 1: d = 10, 30, σ = 10. Row 2: padding does not count, σ = 1.
    d = np.array([[1, 3], [10, 30], [5, np.inf]], np.float32)
    near = 1 / (1 + math.exp(-2))
    weights = contributor_weights(d, "auto")
    assert weights == pytest.approx(np.array([[near, 1 - near], [near, 1 - near], [1, 0]]))


def test_auto_temperature_makes_the_unit_of_the_distance_irrelevant() -> None:
    d = np.sort(np.random.default_rng(0).uniform(0.3, 0.6, (20, 10))).astype(np.float64)
    expected = contributor_weights(d, "auto")
    assert contributor_weights(d * 4096, "auto") == pytest.approx(expected)


def test_effective_contributors_by_hand() -> None:
    d = np.array([[0.4] * 4, [0, 900, 900, 900], [1, 1, np.inf, np.inf], [np.inf] * 4], np.float32)
    candidates = np.where(np.isfinite(d), np.arange(4), -1)
    handed = hand_out(candidates, d, np.ones(4), ValueSettings(k=4))
    assert handed.effective == pytest.approx([4, 1, 2, 0])
    # Weights 1/2, 1/4, 1/4 have an entropy of 1.5 bits.
    quarter = np.array([[0, LOG2, LOG2]], np.float32)
    handed = hand_out(np.array([[0, 1, 2]]), quarter, np.ones(1), ValueSettings(k=3))
    assert handed.effective == pytest.approx([2**1.5])


@pytest.mark.parametrize("far", [900.0, 1e6])
def test_large_distances_do_not_underflow(far: float) -> None:
    d = np.array([[far, far + 1, far + 2]])
    near = contributor_weights(np.array([[0.0, 1.0, 2.0]]), 1.0)
    assert contributor_weights(d, 1.0) == pytest.approx(near)
    assert near[0, 1] / near[0, 0] == pytest.approx(math.exp(-1))


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Int64, Float32, Float64, ValueSettings]:
    """Candidates, rising distances of any scale, padding from 0 to R a row, and quality."""
    m, r, n = draw(st.integers(1, 6)), draw(st.integers(1, 8)), 12
    scale = draw(st.sampled_from([1e-6, 1e-3, 1, 1e3, 1e6]))
    unit = draw(hnp.arrays(np.float64, (m, r), elements=st.floats(0, 1)))
    distances = np.sort(unit * scale, axis=1).astype(np.float32)
    candidates = np.stack([draw(st.permutations(range(n)))[:r] for _ in range(m)])
    for row in range(m):
        there = draw(st.integers(0, r))
        distances[row, there:], candidates[row, there:] = np.inf, -1
    quality = draw(hnp.arrays(np.float64, m, elements=st.floats(0, 1)))
    tau = draw(st.one_of(st.just("auto"), st.floats(1e-3, 1e3)))
    return candidates, distances, quality, ValueSettings(draw(st.integers(1, 10)), tau)


@settings(max_examples=60, deadline=None)
@given(blocks())
def test_what_is_handed_out_is_what_there_is(
    block: tuple[Int64, Float32, Float64, ValueSettings],
) -> None:
    candidates, distances, quality, chosen = block
    values, handed = valued(12, candidates, distances, quality, chosen)
    there = candidates[:, 0] >= 0
    k = np.minimum((candidates >= 0).sum(1), chosen.k)
    assert values.value.sum() == pytest.approx(quality[there].sum(), rel=1e-12, abs=1e-12)
    assert handed.weights.sum(1) == pytest.approx(there.astype(float))
    assert (np.diff(handed.weights, axis=1) <= 0).all()  # nearer never earns less
    assert (handed.effective[there] >= 1 - 1e-9).all()
    assert (handed.effective <= k + 1e-9).all()
    assert values.times_contributor.sum() == k.sum()
    never = np.setdiff1d(np.arange(12), candidates)
    assert (values.value[never] == 0).all()


@settings(max_examples=60, deadline=None)
@given(blocks())
def test_blocks_add_up_and_nothing_given_is_changed(
    block: tuple[Int64, Float32, Float64, ValueSettings],
) -> None:
    candidates, distances, quality, chosen = block
    before = [a.copy() for a in (candidates, distances, quality)]
    empty = no_values(12)
    at_once, _ = valued(12, candidates, distances, quality, chosen)
    one_by_one = empty
    for j in range(len(quality)):
        row = slice(j, j + 1)
        handed = hand_out(candidates[row], distances[row], quality[row], chosen)
        one_by_one = add_values(one_by_one, candidates[row], handed)
    assert one_by_one.value == pytest.approx(at_once.value, abs=1e-12)
    assert one_by_one.times_candidate.tolist() == at_once.times_candidate.tolist()
    assert empty.value.tolist() == [0] * 12
    for array, old in zip((candidates, distances, quality), before, strict=True):
        assert np.array_equal(array, old)


def test_a_rejected_image_hands_out_nothing() -> None:
    candidates, distances = np.array([[0, 1], [-1, -1]]), np.array([[1, 1], [np.inf, np.inf]])
    for weighting in (True, False):
        chosen = ValueSettings(k=2, quality_weighting=weighting)
        handed = hand_out(candidates, distances, np.array([1.0, np.nan]), chosen)
        assert handed.credit.tolist() == [[0.5, 0.5], [0, 0]]
        assert handed.effective == pytest.approx([2, 0])
        assert handed.unattributed.tolist() == [0, 0], "nor is anything of it left"


@pytest.mark.parametrize("temperature", [0, -1.0, float("inf"), float("nan"), "warm"])
def test_an_impossible_temperature_is_a_sentence(temperature: float | str) -> None:
    with pytest.raises(SettingsError, match='give a number above 0, or "auto"'):
        ValueSettings(temperature=temperature)


def test_the_ranking_from_the_bottom_breaks_ties_by_distance() -> None:
    value = np.array([0.2, 0.0, 0.0, 0.1, 0.0])
    nearest_distance = np.array([9.0, 0.5, 0.9, 0.1, 0.7])
    assert rank_from_bottom(value, nearest_distance).tolist() == [2, 4, 1, 3, 0]


@pytest.mark.parametrize("seed", range(5))
def test_auroc_is_scikit_learns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive = rng.random(80) < 0.2
    order = rng.permutation(80)
    place = np.empty(80)
    place[order] = np.arange(80)
    assert auroc(order, positive) == pytest.approx(roc_auc_score(positive, -place))


def test_auroc_at_its_ends() -> None:
    positive = np.array([True, True, False, False, False])
    assert auroc(np.arange(5), positive) == 1
    assert auroc(np.arange(5)[::-1], positive) == 0
    assert math.isnan(auroc(np.arange(5), np.zeros(5, bool)))
    assert math.isnan(auroc(np.arange(5), np.ones(5, bool)))
