"""Concentration and shares: axioms, closed forms, and intervals against brute force."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from gmv_core import Result
from gmv_core.measures.bootstrap import RESAMPLES, images_needed, rank_intervals, share_intervals
from gmv_core.measures.concentration import Lorenz, fewest_for, gini, lorenz
from gmv_core.results.shares import credits_of, group_shares, top_ranks, value_intervals
from gmv_core.trust.intervals import value_bounds
from gmv_core.types import Float64

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_equal_values_lie_on_the_diagonal(n: int) -> None:
    curve = lorenz(np.full(n, 0.3))
    assert curve.value == pytest.approx(curve.images)
    assert curve.images == pytest.approx(np.arange(n + 1) / n)
    assert gini(np.full(n, 0.3)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 10])
def test_one_that_takes_all(n: int) -> None:
    values = np.zeros(n)
    values[n // 2] = 4
    assert gini(values) == pytest.approx((n - 1) / n)
    curve = lorenz(values)
    assert curve.value[-2:].tolist() == [0, 1]
    assert fewest_for(values) == 1


def test_gini_is_twice_the_area_to_the_diagonal_and_has_no_unit() -> None:
    values = RNG.exponential(size=400)
    curve = lorenz(values)
    area = np.trapezoid(curve.images - curve.value, curve.images)
    assert gini(values) == pytest.approx(2 * area)
    assert gini(values * 70) == pytest.approx(gini(values)) == pytest.approx(gini(values[::-1]))
    # Mean absolute difference over twice the mean, the definition.
    difference = np.abs(values[:, None] - values).mean()
    assert gini(values) == pytest.approx(difference / (2 * values.mean()))


@pytest.mark.parametrize("values", [np.zeros(0), np.zeros(3)])
def test_where_nothing_was_handed_out(values: Float64) -> None:
    curve = lorenz(values)
    assert isinstance(curve, Lorenz) and np.isfinite(curve.value).all()
    assert gini(values) == 0 and fewest_for(values) == 0


def test_the_fewest_images_for_a_share() -> None:
    values = np.array([0.1, 0.4, 0.2, 0.3])
    assert [fewest_for(values, share) for share in (0.3, 0.5, 0.7, 0.71, 1)] == [1, 2, 2, 3, 4]
    assert fewest_for(np.full(10, 0.1), 1) == 10


def test_credits_add_up_to_the_values_and_to_the_qualities(opened: Result) -> None:
    credits = credits_of(opened)
    by_training = np.bincount(credits.training, weights=credits.value, minlength=6)
    table = opened.values_table(("id", "value"))
    assert by_training[table["id"]] == pytest.approx(table["value"].to_numpy())
    by_generated = np.bincount(credits.generated, weights=credits.value, minlength=4)
    assert by_generated == pytest.approx([0.5, 0.9, 0.2, 0])
    plain = replace(opened, settings=replace(opened.settings, quality_weighting=False))
    assert credits_of(plain).value.sum() == pytest.approx(3)


def test_shares_by_owner_by_hand(opened: Result) -> None:
    shares = group_shares(opened, "owner").set_index("owner")
    assert list(shares.index) == ["Ada", ""]  # the most valuable first
    assert shares["images"].to_dict() == {"Ada": 3, "": 2}
    assert shares["value"].to_dict() == pytest.approx({"Ada": 1.6 - 1 / 3, "": 1 / 3})
    assert shares["share_of_images"].to_dict() == {"Ada": 0.6, "": 0.4}
    assert shares["share_of_value"].sum() == pytest.approx(1)
    assert (shares["low"] <= shares["share_of_value"]).all()
    assert (shares["share_of_value"] <= shares["high"]).all()


def test_shares_by_label_leave_out_what_is_left_out(opened: Result) -> None:
    shares = group_shares(opened.leaving_out(["dog/e.png"]), "label").set_index("label")
    assert shares["images"].to_dict() == {"cat": 2, "dog": 2}
    assert shares["share_of_value"].to_dict() == pytest.approx({"cat": 1, "dog": 0})


def test_intervals_are_brute_force() -> None:
    generated, group = RNG.integers(0, 9, 60) * 3, RNG.integers(0, 5, 60)
    value = RNG.random(60)
    low, high = share_intervals(generated, group, value, groups=6, resamples=50, seed=4)
    images = np.unique(generated)
    rng, drawn = np.random.default_rng(4), []
    for _ in range(50):
        picked = images[rng.integers(0, len(images), len(images))]
        sums = np.zeros(6)
        for image in picked:
            for c in np.flatnonzero(generated == image):
                sums[group[c]] += value[c]
        drawn.append(sums / sums.sum())
    assert low == pytest.approx(np.quantile(drawn, 0.025, axis=0))
    assert high == pytest.approx(np.quantile(drawn, 0.975, axis=0))
    assert low[5] == high[5] == 0


def test_intervals_of_many_groups_are_those_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    generated, group = RNG.integers(0, 30, 500), RNG.integers(0, 40, 500)
    value = RNG.random(500)
    whole = share_intervals(generated, group, value, groups=40)
    monkeypatch.setattr("gmv_core.measures.bootstrap._CHUNK", 7)
    for a, b in zip(whole, share_intervals(generated, group, value, groups=40), strict=True):
        assert a == pytest.approx(b)


def test_intervals_of_many_images_are_drawn_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    generated, group = RNG.integers(0, 300, 500), RNG.integers(0, 40, 500)
    value = RNG.random(500)
    whole = share_intervals(generated, group, value, groups=40)
    ranks = rank_intervals(generated, group, value, groups=40, top=9)
    monkeypatch.setattr("gmv_core.measures.bootstrap._DRAWN_AT_ONCE", 1000)
    for a, b in zip(whole, share_intervals(generated, group, value, groups=40), strict=True):
        assert a == pytest.approx(b)
    again = rank_intervals(generated, group, value, groups=40, top=9)
    assert all((a == b).all() for a, b in zip(ranks, again, strict=True))


def test_the_memory_of_intervals_does_not_grow_with_the_images() -> None:
    m = 60_000  # all drawings at once would take 192 MB
    generated, group = np.arange(m), np.arange(m) % 3
    peaks = []
    for work in (
        lambda: share_intervals(generated, group, np.ones(m), groups=3),
        lambda: rank_intervals(generated, group, np.ones(m), groups=3, top=2),
    ):
        tracemalloc.start()
        work()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 100_000_000


def test_intervals_of_values_are_those_of_their_contributions(opened: Result) -> None:
    low, high = value_intervals(opened)
    credits = credits_of(opened)
    wanted = value_bounds(credits.training, credits.value, 6)
    assert low == pytest.approx(wanted[0]) and high == pytest.approx(wanted[1])
    value = np.bincount(credits.training, credits.value, 6)
    assert (low <= value).all() and (value <= high).all()
    assert low[2] == 0 < high[2], "it got nothing from so few"


def test_intervals_cover_the_true_share() -> None:
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        first = rng.random(60) < 0.3  # each image hands all to group 0 with a chance of 0.3
        low, high = share_intervals(
            np.arange(60), (~first).astype(np.int64), np.ones(60), groups=2, seed=seed
        )
        covered += low[0] <= 0.3 <= high[0]
    assert 88 <= covered <= 100


def test_an_interval_where_every_image_says_the_same_is_a_point() -> None:
    low, high = share_intervals(
        np.repeat(np.arange(8), 2), np.tile([0, 1], 8), np.tile([0.3, 0.1], 8), groups=2
    )
    assert low == pytest.approx([0.75, 0.25]) and high == pytest.approx([0.75, 0.25])


def test_intervals_of_nothing_are_nothing() -> None:
    low, high = share_intervals(np.arange(3), np.zeros(3, np.int64), np.zeros(3), groups=2)
    assert low.tolist() == high.tolist() == [0, 0]
    none = np.empty(0, np.int64)
    low, high = share_intervals(none, none, np.empty(0), groups=2)
    assert low.tolist() == high.tolist() == [0, 0]


def test_ranks_are_brute_force(opened: Result) -> None:
    table = top_ranks(opened, top=3, seed=4)
    credits = credits_of(opened)
    assert (
        table["id"].tolist()
        == np.argsort(-np.bincount(credits.training, credits.value))[:3].tolist()
    )
    handed_out = np.zeros((4, 6))
    handed_out[credits.generated, credits.training] = credits.value
    rng = np.random.default_rng(4)
    drawn = np.stack([handed_out[rng.integers(0, 3, 3)].sum(axis=0) for _ in range(RESAMPLES)])
    ranks = 1 + (drawn[:, None, :] > drawn[:, :, None] + 1e-12).sum(axis=2)
    low, high = np.quantile(ranks[:, table["id"]], (0.025, 0.975), axis=0)
    assert table["rank_low"].tolist() == np.floor(low).tolist()
    assert table["rank_high"].tolist() == np.ceil(high).tolist()


def test_how_many_images_it_would_take() -> None:
    assert images_needed(0.1, 100) == 400
    assert images_needed(0.05, 100) == 100
    assert images_needed(0.0, 100) == 1
