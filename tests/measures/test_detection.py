"""How a ranking finds known noise: by hand, and its interval against resampling."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gmv_core.measures.detection import auroc, auroc_interval, detect
from gmv_core.method.value import rank_from_bottom


def test_a_ranking_by_hand() -> None:
    value = np.array([0.0, 0.0, 0.0, 0.4, 0.9])
    distance = np.array([1.0, 3.0, 2.0, 5.0, 1.0])
    noisy = np.array([False, True, False, True, False])
    found = detect(rank_from_bottom(value, distance), value, distance, noisy)
    # From the bottom: 1, 2, 0, 3, 4. Below a clean one stand 1 (all three) and 3 (one of three).
    assert found.auroc == pytest.approx((3 + 1) / 6)
    # By value alone 1 ties with two and beats one; 3 beats one.
    assert found.by_value == pytest.approx((0.5 + 0.5 + 1 + 1) / 6)
    assert found.by_distance == 1
    assert (found.known, found.images) == (2, 5)
    assert found.precision == {2: 0.5}
    assert 0 <= found.low < found.auroc < found.high <= 1


def test_it_agrees_with_the_ranks() -> None:
    rng = np.random.default_rng(0)
    value, distance, noisy = rng.integers(0, 4, 300) / 4, rng.random(300), rng.random(300) < 0.2
    order = rank_from_bottom(value, distance)
    found = detect(order, value, distance, noisy)
    assert found.auroc == pytest.approx(auroc(order, noisy))
    assert found.precision[10] == noisy[order][:10].mean()


def test_one_kind_alone_is_no_test() -> None:
    assert all(math.isnan(x) for x in auroc_interval(np.arange(4.0), np.zeros(4, bool)))
    assert all(math.isnan(x) for x in auroc_interval(np.arange(4.0), np.ones(4, bool)))


def test_a_single_noisy_image_says_little() -> None:
    suspicion = np.arange(100.0)
    found, low, high = auroc_interval(suspicion, suspicion == 60)
    assert found == pytest.approx(60 / 99)
    assert (low, high) == (0, 1)


def test_the_interval_against_resampling() -> None:
    rng = np.random.default_rng(2)
    noisy = np.arange(400) < 80
    suspicion = rng.normal(0, 1, 400) + noisy
    found, low, high = auroc_interval(suspicion, noisy)
    drawn = []
    for _ in range(400):
        some = np.concatenate([rng.integers(0, 80, 80), rng.integers(80, 400, 320)])
        drawn.append(auroc_interval(suspicion[some], noisy[some])[0])
    assert (low, high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.012)
    assert low < found < high
