"""Gamma intervals: the exact ones of Poisson, and how often they hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from gmv_core.trust.intervals import value_bounds


def test_equal_contributions_are_the_exact_interval_of_a_poisson_mean() -> None:
    training = np.repeat(np.arange(4), [0, 1, 5, 30])
    low, high = value_bounds(training, np.full(36, 0.5), 4)
    counts = np.array([0, 1, 5, 30])
    assert low[1:] == pytest.approx(0.5 * chi2.ppf(0.025, 2 * counts[1:]) / 2)
    assert low[0] == 0
    assert high == pytest.approx(0.5 * chi2.ppf(0.975, 2 * (counts + 1)) / 2)


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


def test_the_order_of_the_contributions_changes_nothing_and_nothing_is_nothing() -> None:
    rng = np.random.default_rng(1)
    training, value = rng.integers(0, 9, 50), rng.random(50)
    order = rng.permutation(50)
    first, second = (value_bounds(training[at], value[at], 9) for at in (slice(None), order))
    for a, b in zip(first, second, strict=True):
        assert a == pytest.approx(b)
    none = value_bounds(np.empty(0, np.int64), np.empty(0), 3)
    assert none[0].tolist() == none[1].tolist() == [0, 0, 0]
