"""Shares of contributors that agree, by hand and by what must not change them."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.measures.agreement import (
    NO_VALUE,
    UNKNOWN_VALUE,
    by_chance,
    coded,
    depths_within,
    shares,
)
from gmv_core.measures.bootstrap import mean_interval

TRAINING = ["cat", "cat", "dog", "", "dog", "cat"]
LISTS = np.array([[0, 2, 1, 3], [4, 0, -1, -1], [2, 4, 0, 1], [5, 1, 0, 2], [-1, -1, -1, -1]])
GENERATED = ["cat", "dog", "bird", "", "dog"]


def test_values_are_numbered_by_the_training_set() -> None:
    codes = coded(TRAINING, GENERATED)
    assert codes.values == ("cat", "dog")
    assert codes.training.tolist() == [0, 0, 1, NO_VALUE, 1, 0]
    assert codes.generated.tolist() == [0, 1, UNKNOWN_VALUE, NO_VALUE, 1]


def test_shares_by_hand() -> None:
    found = shares(LISTS, coded(TRAINING, GENERATED), (1, 2, 3, 4))
    assert found[0] == pytest.approx([1, 1 / 2, 2 / 3, 2 / 4])  # "" counts as another class
    assert found[1] == pytest.approx([1, 1 / 2, 1 / 2, 1 / 2])  # of the two that it has
    assert np.isnan(found[2:]).all()  # an unknown class, none, no candidates


def test_depths_end_with_the_candidates() -> None:
    assert depths_within((1, 5, 10, 30), 10) == (1, 5, 10)
    assert depths_within((5, 10), 4) == ()


def test_chance_by_hand() -> None:
    there = np.array([True, True, True, True, True, False])
    chance = by_chance(coded(TRAINING, GENERATED), there)
    assert chance[[0, 1, 4]] == pytest.approx([2 / 5, 2 / 5, 2 / 5])
    assert np.isnan(chance[2:4]).all()


def test_one_class_alone_is_always_right() -> None:
    codes = coded(["a"] * 6, ["a"] * 5)
    assert (shares(LISTS[:4], coded(["a"] * 6, ["a"] * 4), (1, 4)) == 1).all()
    assert (by_chance(codes, np.ones(6, bool)) == 1).all()


def test_permuting_generated_images_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    lists = np.stack([rng.permutation(40)[:10] for _ in range(30)])
    training = rng.choice(["a", "b", "c"], 40).tolist()
    generated = rng.choice(["a", "b", "c"], 30)
    order = rng.permutation(30)
    one = mean_interval(shares(lists, coded(training, generated.tolist()), (1, 5, 10)))
    codes = coded(training, generated[order].tolist())
    other = mean_interval(shares(lists[order], codes, (1, 5, 10)))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_random_labels_reach_what_chance_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lists = np.stack([rng.permutation(500)[:10] for _ in range(200)])
    codes = coded(rng.choice(["a", "a", "b", "c"], 500).tolist(), ["a", "b", "c", "a"] * 50)
    _, low, high = mean_interval(shares(lists, codes, (10,)))
    assert low[0] < by_chance(codes, np.ones(500, bool)).mean() < high[0]


def test_an_interval_against_the_normal_one() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.1, (400, 1))
    mean, low, high = (column[0] for column in mean_interval(values))
    error = 1.96 * values.std() / 20
    assert (mean - low, high - mean) == pytest.approx((error, error), rel=0.15)


def test_an_interval_knows_its_seed_and_no_other_column() -> None:
    values = np.random.default_rng(1).random((30, 3))
    again, other = mean_interval(values), mean_interval(values, seed=1)
    alone = mean_interval(values[:, 2:])
    assert all((a == b).all() for a, b in zip(mean_interval(values), again, strict=True))
    assert (again[0] == other[0]).all() and (again[1] != other[1]).any()
    np.testing.assert_allclose([column[2] for column in again], [column[0] for column in alone])


def test_one_image_is_its_own_interval() -> None:
    mean, low, high = mean_interval(np.array([[0.25, 1.0]]))
    assert mean.tolist() == low.tolist() == high.tolist() == [0.25, 1.0]


def test_resampling_in_parts_draws_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).random((30, 2))
    whole = mean_interval(values)
    monkeypatch.setattr("gmv_core.measures.bootstrap._DRAWN_AT_ONCE", 100)
    for a, b in zip(whole, mean_interval(values), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
