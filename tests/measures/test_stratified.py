"""Shares of a stratified sample: by hand, against all samples there are, and their intervals."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from gmv_core.measures.stratified import stratified_share, weighted_share, wilson


def test_a_share_by_hand() -> None:
    found = stratified_share(np.array([10, 30]), np.array([2, 3]), np.array([1.0, 3.0]))
    assert found.share == pytest.approx(0.25 * 0.5 + 0.75 * 1)
    assert found.count == 5
    assert found.low < found.share < found.high <= 1


def test_the_mean_over_all_samples_is_the_truth() -> None:
    first, second = np.array([1, 0, 0, 1, 0]), np.array([1, 1, 0, 1])
    shares = [
        stratified_share(
            np.array([5, 4]), np.array([2, 3]),
            np.array([first[list(a)].sum(), second[list(b)].sum()], float),
        ).share
        for a in combinations(range(5), 2)
        for b in combinations(range(4), 3)
    ]  # fmt: skip
    assert np.mean(shares) == pytest.approx(5 / 9)


def test_without_a_stratum_nothing_is_said() -> None:
    found = stratified_share(np.array([5, 5]), np.array([3, 0]), np.array([1.0, 0.0]))
    assert np.isnan([found.share, found.low, found.high]).all() and found.count == 3


def test_what_was_drawn_whole_has_no_error() -> None:
    found = stratified_share(np.array([3, 2]), np.array([3, 2]), np.array([1.0, 2.0]))
    assert (found.share, found.low, found.high) == (0.6, 0.6, 0.6)


@pytest.mark.parametrize("yes", [0.0, 8.0])
def test_all_alike_is_no_point(yes: float) -> None:
    found = stratified_share(np.array([100, 100]), np.array([8, 8]), np.array([yes, yes]))
    assert found.high - found.low > 0.15
    assert found.low <= found.share <= found.high


def test_wilson_is_that_of_scipy() -> None:
    from scipy.stats import binomtest

    known = binomtest(7, 40).proportion_ci(0.95, method="wilson")
    assert wilson(7 / 40, 40) == pytest.approx((known.low, known.high), rel=1e-6)
    assert wilson(7 / 40, 40, freedom=5)[1] > known.high


def test_a_weighted_share_by_hand() -> None:
    found = weighted_share(np.array([1.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0]))
    assert found.share == pytest.approx(4 / 6) and found.count == 3
    assert np.isnan(weighted_share(np.empty(0), np.empty(0)).share)
