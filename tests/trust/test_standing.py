"""Standings by hand, and what the tests behind them promise."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.trust.sentences import neighbours_sentence
from gmv_core.trust.standing import (
    ALONE,
    FAR,
    HELD_OUT,
    LEFT_OUT,
    LEVEL,
    NEAR_COPY,
    ORDINARY,
    Nearest,
    Null,
    copy_scores,
    least_found,
    p_values,
    ratios,
    standings_of,
)
from gmv_core.types import Float32

INF = np.inf


def lists(m: int, *, seed: int, nearest: float = 1.0) -> Float32:
    """Rising distances of m images whose nearest one is `nearest` times as far as is usual."""
    d = np.sort(np.random.default_rng(seed).uniform(1, 2, (m, 20)), axis=1).astype(np.float32)
    d[:, 0] *= nearest
    return d


def both(d: Float32) -> Nearest:
    return Nearest(d, d, d, d)


def test_the_ratio_is_the_nearest_by_the_mean_of_the_next() -> None:
    d = np.array([[1, 2, 4], [0, 3, INF], [0, 0, 0], [5, INF, INF], [INF] * 3], np.float32)
    found = ratios(d)
    assert found[:3].tolist() == pytest.approx([1 / 3, 0, 1])
    assert np.isnan(found[3:]).all()


def test_a_copy_shows_in_the_distance_the_embeddings_or_the_pixels() -> None:
    near, usual = np.array([[1, 10, 10]], np.float32), np.array([[9, 10, 10]], np.float32)
    lists = [Nearest(*(near if i == j else usual for j in range(4))) for i in range(4)]
    scores = [copy_scores(nearest)[0] for nearest in lists]
    assert scores == pytest.approx([0.1, 0.1**1.5, 0.1**1.2, 0.9**1.5])
    null = Null(Nearest(usual, usual, usual, usual), HELD_OUT)
    assert [standings_of(n, null).closest_by[0] for n in lists] == [0, 1, 2, 1]


def test_without_the_nearest_of_all_the_candidates_pixels_stand_in() -> None:
    near, usual = np.array([[1, 10, 10]], np.float32), np.array([[9, 10, 10]], np.float32)
    none = near[:, :0]
    assert copy_scores(Nearest(usual, usual, none, near)) == pytest.approx([0.1])
    assert copy_scores(Nearest(usual, near, none, none)) == pytest.approx([0.1**1.5])


def test_p_values_by_hand() -> None:
    null = np.array([1.0, 2, 3, np.nan, 4])
    seen = np.array([0.5, 2, 5, np.nan])
    assert p_values(null, seen, smaller=True)[:3].tolist() == [1 / 5, 3 / 5, 1]
    assert p_values(null, seen, smaller=False)[:3].tolist() == [1, 4 / 5, 1 / 5]
    assert np.isnan(p_values(null, seen, smaller=True)[3])


@pytest.mark.parametrize("unit", [1e-6, 1, 900])
def test_standings_do_not_depend_on_the_unit_of_the_distance(unit: float) -> None:
    null = Null(both(lists(1000, seed=1) * np.float32(unit)), HELD_OUT)
    parts = [lists(80, seed=2), lists(20, seed=3, nearest=0.1), 10 * lists(20, seed=4)]
    found = standings_of(both(np.concatenate(parts) * np.float32(unit)), null)
    assert set(found.standing[80:100]) == {NEAR_COPY}
    assert set(found.standing[100:]) == {FAR}
    assert (found.standing[:80] == ORDINARY).mean() > 0.9
    assert (found.nearer_than[80:100] == 1).all() and (found.nearer_than[100:] == 0).all()


def test_an_image_without_a_match_has_no_standing() -> None:
    seen = np.full((1, 20), INF, np.float32)
    found = standings_of(both(seen), Null(both(lists(50, seed=1)), LEFT_OUT))
    assert found.standing.tolist() == [""]
    assert np.isnan([found.p_copy, found.p_far, found.nearer_than]).all()


@pytest.mark.parametrize("kind", [HELD_OUT, LEFT_OUT])
def test_of_unseen_images_alone_a_standing_is_rarely_found(kind: str) -> None:
    """Every discovery is false here, so the rate is that of draws with any; binomial, 5 sd."""
    draws, wrong = 200, np.zeros(2)
    for seed in range(draws):
        every = lists(400, seed=10 + seed)
        found = standings_of(both(every[200:]), Null(both(every[:200]), kind)).standing
        wrong += [(found == NEAR_COPY).any(), (found == FAR).any()]
    assert (wrong / draws <= LEVEL + 5 * np.sqrt(LEVEL * (1 - LEVEL) / draws)).all()


def test_without_held_out_images_more_is_asked() -> None:
    seen = np.concatenate([lists(90, seed=2), lists(10, seed=3, nearest=0.1)])
    null = both(lists(400, seed=1))
    counts = {kind: int((standings_of(both(seen), Null(null, kind)).standing == NEAR_COPY).sum())
              for kind in (HELD_OUT, LEFT_OUT)}  # fmt: skip
    assert counts[HELD_OUT] >= 10 > counts[LEFT_OUT] == 0
    assert least_found(100, 400, HELD_OUT) == 3
    assert least_found(100, 400, LEFT_OUT) == 13, "100 · 5.19 / (0.1 · 401) = 12.9"


@pytest.mark.parametrize(("m", "n"), [(1, 9), (1000, 1000), (60, 1000), (7, 5000)])
def test_the_least_that_can_be_found_is_the_least(m: int, n: int) -> None:
    """Identical smallest p-values: exactly from `least` on they are found."""
    null = Null(both(lists(n, seed=1)), HELD_OUT)
    least = least_found(m, n, HELD_OUT)
    for copies, expected in ((least - 1, 0), (least, least)):
        if copies > m:
            continue
        seen = np.concatenate(
            [lists(copies, seed=2, nearest=0.01), 1 + 0 * lists(m - copies, seed=3)]
        )
        assert (standings_of(both(seen), null).standing == NEAR_COPY).sum() == expected


def test_one_alone_is_held_to_a_stricter_level() -> None:
    null = Null(both(lists(1000, seed=1)), LEFT_OUT)
    scores = np.sort(ratios(null.nearest.distance))
    at = int(ALONE * 1001)
    d = np.ones((2, 20), np.float32)
    d[:, 0] = scores[at - 2], scores[at + 2]
    assert standings_of(both(d), null, alone=True).standing.tolist() == [NEAR_COPY, ORDINARY]


def test_a_few_words_speak_from_the_side_that_says_more() -> None:
    assert neighbours_sentence(0.99) == "Nearer than 99 % of real neighbours."
    assert neighbours_sentence(0.0) == "Farther than 100 % of real neighbours."


@pytest.mark.parametrize(("kind", "method"), [(HELD_OUT, "bh"), (LEFT_OUT, "by")])
def test_what_is_found_is_what_scipy_finds(kind: str, method: str) -> None:
    from scipy.stats import false_discovery_control

    null, counts = Null(both(lists(400, seed=1)), kind), set()
    for far in range(12):
        parts = [lists(30 - far, seed=far), 1.3 * lists(far, seed=100 + far)]
        found = standings_of(both(np.concatenate(parts)), null)
        expected = false_discovery_control(found.p_far, method=method) <= LEVEL
        assert np.array_equal(found.standing == FAR, expected)
        counts.add(int(expected.sum()))
    assert len(counts) > 3


def test_a_copy_that_is_far_in_the_embeddings_is_a_near_copy() -> None:
    null = Null(both(lists(1000, seed=1)), HELD_OUT)
    noisy = lists(20, seed=2, nearest=0.05)
    d = lists(100, seed=3)
    pixels = np.concatenate([d[:80], noisy])
    made = Nearest(d, np.concatenate([d[:80], 9 * d[80:]]), pixels, d)
    found = standings_of(made, null)
    assert set(found.standing[80:]) == {NEAR_COPY}
    assert (found.p_far[80:] <= 0.001).all()


def test_a_null_of_an_earlier_version_is_met_by_its_own_lists() -> None:
    d, none = lists(500, seed=1), np.empty((500, 0), np.float32)
    made, near = lists(10, seed=2), lists(10, seed=3, nearest=0.01)
    for seen, null, expected in (
        (Nearest(made, made, near, near), Nearest(d, d, none, none), set()),
        (Nearest(made, made, near, made), Nearest(d, d, none, d), set()),
        (Nearest(made, made, none[:10], near), both(d), {NEAR_COPY}),
        (Nearest(made, made, near, made), both(d), {NEAR_COPY}),
    ):
        found = standings_of(seen, Null(null, LEFT_OUT), alone=True).standing
        assert set(found) & {NEAR_COPY} == expected
