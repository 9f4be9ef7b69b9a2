"""Differences between two runs, on numbers that can be worked out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from gmv_core.measures.paired import Parts, difference_intervals, rank_correlation, share_changes


def parts(table: list[list[float]], first_image: int = 0, images: int | None = None) -> Parts:
    """Return what each image (a row) gives to each group (a column)."""
    given = np.array(table, float)
    image, group = np.nonzero(given)
    whole = np.zeros(images or len(given) + first_image)
    whole[first_image : first_image + len(given)] = given.sum(axis=1)
    return Parts(image + first_image, group, given[image, group], whole)


def test_the_same_images_in_both_leave_no_doubt() -> None:
    """Each image gives a half more to the second group: so does every drawing."""
    low, high = difference_intervals(
        parts([[1, 0], [1, 0], [1, 0]]), parts([[0.5, 0.5]] * 3), groups=2
    )
    assert (low, high) == (pytest.approx([-0.5, 0.5]), pytest.approx([-0.5, 0.5]))


def test_images_of_their_own_leave_doubt() -> None:
    """Shares of 1/2 each; drawn apart they differ, drawn together they do not."""
    half = [[1, 0], [0, 1]] * 10
    together = difference_intervals(parts(half), parts(half), groups=2)
    assert (together[0] == 0).all() and (together[1] == 0).all()
    low, high = difference_intervals(parts(half, images=40), parts(half, 20), groups=2)
    # The standard error of either share is √(1/4 / 20) = 0.11, of the difference 0.158.
    assert low == pytest.approx([-0.31, -0.31], abs=0.04)
    assert high == pytest.approx([0.31, 0.31], abs=0.04)


def test_differences_of_many_are_drawn_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    both = [parts(rng.random((30, 12)).tolist()) for _ in range(2)]
    whole = difference_intervals(both[0], both[1], groups=12)
    monkeypatch.setattr("gmv_core.measures.paired._DRAWN_AT_ONCE", 1000)
    monkeypatch.setattr("gmv_core.measures.paired._CHUNK", 5)
    for a, b in zip(whole, difference_intervals(both[0], both[1], groups=12), strict=True):
        assert a == pytest.approx(b)


def test_a_run_without_credit_has_no_difference() -> None:
    low, high = difference_intervals(parts([[1, 1]]), parts([[0, 0]]), groups=2)
    assert np.isnan(low).all() and np.isnan(high).all()


def test_shares_of_parts() -> None:
    assert parts([[1, 0], [1, 2]]).shares(3).tolist() == [0.5, 0.5, 0]
    assert parts([[0, 0]]).shares(2).tolist() == [0, 0]


def test_the_correlation_is_that_of_all_groups() -> None:
    """Of those that get nothing, too; scipy is the other way to it."""
    rng = np.random.default_rng(0)
    tables = [rng.random((12, 40)) * (rng.random((12, 40)) < 0.05) for _ in range(2)]
    found = rank_correlation(*(parts(t.tolist()) for t in tables), groups=40)
    assert found[0] == pytest.approx(spearmanr(*(t.sum(axis=0) for t in tables)).statistic)
    assert found[1] < found[0] < found[2]


def test_a_run_correlates_with_itself() -> None:
    one = parts(np.random.default_rng(0).random((9, 6)).tolist())
    assert rank_correlation(one, one, groups=6) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize("groups", [2, 3])
def test_too_little_is_nan(groups: int) -> None:
    none = parts([[0, 0]])
    assert np.isnan(rank_correlation(none, parts([[1, 2]]), groups=groups)).all()


def test_few_images_have_a_correlation_without_an_interval() -> None:
    seen, low, high = rank_correlation(parts([[3, 2, 1]]), parts([[1, 2, 3]]), groups=3)
    assert seen == pytest.approx(-1) and np.isnan(low) and np.isnan(high)


def test_changes_of_the_same_image_cancel_out() -> None:
    first, second = parts([[1, 0], [2, 1]]), parts([[0.5, 0.5], [2, 1]])
    group, change = share_changes(first, second, groups=2)
    assert np.bincount(group, change) == pytest.approx(second.shares(2) - first.shares(2))
    assert change.tolist() == pytest.approx([-0.125, 0.125, 0, 0])
    apart = share_changes(
        parts([[1, 0], [2, 1]], images=4), parts([[0.5, 0.5], [2, 1]], 2), groups=2
    )
    assert (np.abs(apart[1]) > 0).all() and len(apart[1]) == 7
    assert np.bincount(*apart) == pytest.approx(np.bincount(group, change))
