"""Gamma intervals: the exact ones of Poisson, and how often they hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from gmv_core.measures.bootstrap import share_intervals
from gmv_core.measures.paired import Parts, difference_intervals, share_changes
from gmv_core.trust.intervals import (
    FEW,
    difference_bounds,
    share_bounds,
    share_difference_bounds,
    value_bounds,
)


def test_equal_contributions_are_the_exact_interval_of_a_poisson_mean() -> None:
    training = np.repeat(np.arange(4), [0, 1, 5, 30])
    low, high = value_bounds(training, np.full(36, 0.5), 4)
    counts = np.array([0, 1, 5, 30])
    assert low[1:] == pytest.approx(0.5 * chi2.ppf(0.025, 2 * counts[1:]) / 2)
    assert low[0] == 0
    assert high == pytest.approx(0.5 * chi2.ppf(0.975, 2 * (counts + 1)) / 2)


def test_a_contribution_whose_square_is_nothing_has_an_interval() -> None:
    """A small temperature makes such: e⁻ᵈ of a candidate ten times as far is 10⁻²⁰⁰."""
    one = value_bounds(np.array([0, 1]), np.array([0.5, 1.0]), 2)
    with np.errstate(invalid="raise", divide="raise"):
        low, high = value_bounds(np.array([0, 1]), np.array([1e-200, 1.0]), 2)
    assert low == pytest.approx([one[0][0] * 2e-200, one[0][1]], rel=1e-9)
    assert (high > 0).all() and high[1] == pytest.approx(one[1][1])


def test_they_hold_the_truth() -> None:
    """2,000 images that contribute rarely, unequal parts: at least 95 of 100 intervals hold."""
    rng = np.random.default_rng(0)
    held = []
    for _ in range(40):
        count = rng.poisson(2.0, 200)
        training = np.repeat(np.arange(200), count)
        low, high = value_bounds(training, rng.uniform(0.05, 0.15, len(training)), 200)
        held.append(((low <= 0.2) & (high >= 0.2)).mean())
    assert np.mean(held) >= 0.95


def _drawn(rng: np.random.Generator, truth: np.ndarray, m: int) -> list[np.ndarray]:
    """Return (generated, group, value) of m images of ten contributors each."""
    group = rng.choice(len(truth), (m, 10), p=truth)
    weight = rng.dirichlet(np.full(10, 5.0), m)
    return [np.repeat(np.arange(m), 10), group.ravel(), weight.ravel()]


@pytest.mark.parametrize("m", [1, 3, 12, 60])
def test_shares_of_small_owners_hold_the_truth_where_a_bootstrap_does_not(m: int) -> None:
    rng, held, before = np.random.default_rng(m), [], []
    truth = np.full(300, 1 / 300)
    for seed in range(10):
        drawn = _drawn(rng, truth, m)
        for bounds, found in ((share_bounds, held), (share_intervals, before)):
            low, high = bounds(*drawn, groups=300, seed=seed)
            found.append(((low <= truth) & (truth <= high)).mean())
    assert np.mean(held) >= 0.95
    assert np.mean(before) < 0.9


def test_shares_of_large_owners_keep_the_bootstrap() -> None:
    drawn = _drawn(np.random.default_rng(0), np.array([0.5, 0.3, 0.19, 0.01]), 40)
    mine, theirs = share_bounds(*drawn, groups=4), share_intervals(*drawn, groups=4)
    giving = [len(set(drawn[0][drawn[1] == group])) for group in range(4)]
    assert [count >= FEW for count in giving] == [True, True, True, False]
    for a, b in zip(mine, theirs, strict=True):
        assert (a == b).tolist()[:3] == [True, True, True]
    assert mine[1][3] > theirs[1][3]


def test_a_group_that_gets_all_but_a_little_has_what_the_little_leaves() -> None:
    """Of 40 images three give group 1 a half each, in parts; the rest goes to group 0."""
    generated = np.concatenate([np.arange(40), [1, 1, 5, 9]])
    group = np.repeat([0, 1], [40, 4])
    value = np.concatenate([np.where(np.isin(np.arange(40), [1, 5, 9]), 0.5, 1.0),
                            [0.2, 0.3, 0.5, 0.5]])  # fmt: skip
    low, high = share_bounds(generated, group, value, groups=3)
    assert low[0] == pytest.approx(1 - high[1]) and high[0] == pytest.approx(1 - low[1])
    low, high = share_bounds(np.arange(40), np.zeros(40, np.int64), np.ones(40), groups=2)
    assert (low[0], high[0]) == (pytest.approx(1 - chi2.ppf(0.975, 2) / 2 / 40), 1)


def test_what_one_image_gives_a_group_is_one_contribution() -> None:
    low, high = share_bounds(np.zeros(6, np.int64), np.array([0, 0, 0, 0, 1, 1]), np.ones(6),
                             groups=3)  # fmt: skip
    assert low == pytest.approx(np.array([4, 2, 0]) / 6 * chi2.ppf(0.025, 2) / 2)
    assert high.tolist() == [1, 1, 1]


def test_shares_of_nothing_are_nothing() -> None:
    none = np.empty(0, np.int64)
    for drawn in ((none, none, np.empty(0)), (np.arange(3), np.zeros(3, np.int64), np.zeros(3))):
        low, high = share_bounds(*drawn, groups=2)
        assert low.tolist() == high.tolist() == [0, 0]


def test_the_order_of_the_contributions_changes_nothing_and_nothing_is_nothing() -> None:
    rng = np.random.default_rng(1)
    training, value = rng.integers(0, 9, 50), rng.random(50)
    order = rng.permutation(50)
    first, second = (value_bounds(training[at], value[at], 9) for at in (slice(None), order))
    for a, b in zip(first, second, strict=True):
        assert a == pytest.approx(b)
    none = value_bounds(np.empty(0, np.int64), np.empty(0), 3)
    assert none[0].tolist() == none[1].tolist() == [0, 0, 0]


def test_what_only_rises_has_the_bounds_of_its_rises() -> None:
    """The falls are none, but one more may come: only the low end reaches farther down."""
    training, change = np.repeat([0, 1], [3, 8]), np.full(11, 0.5)
    low, high = difference_bounds(training, change, 3)
    least, most = value_bounds(training, change, 3)
    assert high == pytest.approx(most)
    assert low[:2] == pytest.approx(least[:2])
    fell = difference_bounds(training, -change, 3)
    assert (-fell[1]).tolist() == pytest.approx(low.tolist())
    assert (-fell[0]).tolist() == pytest.approx(high.tolist())


def test_rises_and_falls_recover_the_variance_of_both() -> None:
    training = np.zeros(20, np.int64)
    change = np.r_[np.full(14, 0.5), np.full(6, -0.5)]
    low, high = difference_bounds(training, change, 1)
    rises, falls = (value_bounds(training[: len(c)], c, 1) for c in (change[:14], -change[14:]))
    assert low[0] == pytest.approx(4 - np.hypot(7 - rises[0][0], falls[1][0] - 3))
    assert high[0] == pytest.approx(4 + np.hypot(rises[1][0] - 7, 3 - falls[0][0]))


def test_differences_hold_the_truth() -> None:
    """200 images that earn 2 and 3 times in two runs, unequal parts: 95 of 100 hold the 0.1."""
    rng = np.random.default_rng(3)
    held = []
    for _ in range(40):
        counts = rng.poisson(2.0, 200), rng.poisson(3.0, 200)
        training = np.concatenate([np.repeat(np.arange(200), count) for count in counts])
        size = rng.uniform(0.05, 0.15, len(training))
        sign = np.repeat([-1, 1], [counts[0].sum(), counts[1].sum()])
        low, high = difference_bounds(training, sign * size, 200)
        held.append(((low <= 0.1) & (high >= 0.1)).mean())
    assert 0.95 <= np.mean(held) < 1


def test_a_small_groups_difference_is_that_of_counts_and_a_large_ones_the_bootstraps() -> None:
    """The first group gets from 30 images in each run, the second from 3 of the second alone."""
    image, whole = np.arange(40), np.ones(40)
    first = Parts(image[:30], np.zeros(30, np.int64), np.full(30, 0.5), whole)
    second = Parts(image[:33], np.repeat([0, 1], [30, 3]), np.full(33, 0.5), whole)
    low, high = share_difference_bounds(first, second, groups=2)
    drawn = difference_intervals(first, second, groups=2)
    counted = difference_bounds(*share_changes(first, second, groups=2), 2)
    assert (low[0], high[0]) == (drawn[0][0], drawn[1][0])
    assert (low[1], high[1]) == (counted[0][1], counted[1][1])
    assert low[1] < 3 * 0.5 / 40 < high[1]


def test_without_a_whole_no_difference_has_an_interval() -> None:
    some = Parts(np.arange(3), np.zeros(3, np.int64), np.full(3, 0.5), np.ones(4))
    none = Parts(np.arange(0), np.zeros(0, np.int64), np.zeros(0), np.zeros(4))
    for pair in ((none, none), (some, none), (none, some)):
        assert np.isnan(share_difference_bounds(*pair, groups=2)).all()
