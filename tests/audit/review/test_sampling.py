"""The design of a review: strata, numbers, and that every beginning is a fair sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.trust.reviews import REVIEWERS, STOPS, answers, coverage, known_run
from gmv_core import Result, ReviewSettings, SettingsError, Workspace, open_run
from gmv_core.audit.review.results import precision_at
from gmv_core.audit.review.reviews import Stratum
from gmv_core.audit.review.sampling import (
    BY_RANK,
    COPY,
    PAIR,
    RANDOM,
    Sample,
    allocate,
    draw,
    known_rows,
    population,
    strangers,
)
from gmv_core.results.candidate_lists import block_of
from gmv_core.trust.duplicates import read_clusters
from tests.built import run_by_hand
from tests.clusters import write_copies


@pytest.fixture
def opened(workspace: Workspace) -> Result:
    return run_by_hand(workspace)


def test_the_population_is_every_pair_of_the_first_ten(opened: Result) -> None:
    whole = population(opened, BY_RANK)
    columns = (whole.generated.tolist(), whole.rank.tolist(), whole.training.tolist())
    assert sorted(zip(*columns, strict=True)) == [
        (0, 1, 0),
        (0, 2, 1),
        (0, 3, 2),
        (1, 1, 1),
        (1, 2, 5),
        (1, 3, 0),
        (2, 1, 5),
    ]
    assert whole.names == ((1, 1, ""), (2, 5, "")) and whole.sizes.tolist() == [3, 4]
    assert whole.distance[0] == 0


def test_ranks_get_equally_many_and_each_stratum_some() -> None:
    sizes, band = np.array([900, 90, 10, 3600, 360, 40]), np.array([0, 0, 0, 1, 1, 1])
    drawn = allocate(sizes, band, 60)
    assert drawn.sum() == 60 and (drawn >= 2).all()
    assert abs(int(drawn[:3].sum()) - 30) <= 1
    assert drawn[0] > drawn[1] > drawn[2]
    assert allocate(np.array([3, 4]), np.array([0, 1]), 20).tolist() == [3, 4]  # all there are
    with pytest.raises(
        SettingsError, match="5 pairs beside the controls are too few for 6 strata; give 12"
    ):
        allocate(sizes, band, 5)


def drawn(**settings: Any) -> Sample:  # noqa: ANN401
    return draw(known_run(200, 0)[0], ReviewSettings(**settings))


def test_a_sample_is_what_its_settings_say() -> None:
    sample = drawn(pairs=100, controls=0.2, seed=3)
    counts = {kind: int((sample.kind == kind).sum()) for kind in (PAIR, RANDOM, COPY)}
    assert counts == {PAIR: 80, RANDOM: 10, COPY: 10}
    of = sample.of[sample.kind == PAIR]
    assert len(set(of.tolist())) == 80 and (sample.of[sample.kind != PAIR] == -1).all()
    assert (sample.seat == -1).all()
    assert 30 < sample.swapped.sum() < 70
    same, other = drawn(pairs=100, seed=3), drawn(pairs=100, seed=4)
    assert (same.of == sample.of).all() and (same.swapped == sample.swapped).all()
    assert (other.of != sample.of).any()


def test_where_the_run_has_fewer_pairs_controls_keep_their_share() -> None:
    whole = known_run(6, 0)[0]
    sample = draw(whole, ReviewSettings(pairs=10_000, controls=0.2))
    counts = {kind: int((sample.kind == kind).sum()) for kind in (PAIR, RANDOM, COPY)}
    assert counts == {PAIR: 60, RANDOM: 8, COPY: 7}
    assert ReviewSettings(pairs=100).counts(80) == (80, 20)
    assert ReviewSettings(pairs=100, controls=0).counts(7) == (7, 0)


def test_the_first_pairs_are_of_every_stratum() -> None:
    whole = known_run(200, 0)[0]
    for seed in range(20):
        sample = draw(whole, ReviewSettings(seed=seed))
        first = sample.of[: len(whole.sizes)]
        assert set(whole.stratum[first].tolist()) == set(range(len(whole.sizes)))


def test_what_is_not_shared_is_divided_evenly_within_each_kind() -> None:
    sample = drawn(pairs=120, overlap=0.25, reviewers=3)
    counts = np.unique(sample.seat, return_counts=True)
    assert counts[0].tolist() == [-1, 0, 1, 2] and counts[1].tolist() == [30, 30, 30, 30]
    assert all((sample.kind[sample.seat == seat] == RANDOM).sum() >= 2 for seat in (-1, 0, 1, 2))
    assert set(drawn(overlap=0.0).seat.tolist()) == {0, 1}


def test_controls_are_no_candidates_and_known_images(opened: Result) -> None:
    for made, known in strangers(opened, 40, seed=1):
        assert known != 4  # was rejected
        assert known not in block_of(opened.run, made).matches.candidates[0]
    assert set(known_rows(opened, 60, seed=1)) == {0, 1, 2, 3, 5}


def test_controls_are_no_copies_of_candidates(
    copied: Callable[..., None], workspace: Workspace
) -> None:
    copied(write_copies)
    run = open_run(workspace, "run")
    of = read_clusters(run.training).of
    listed = {row: set(of[block_of(run.run, row).matches.candidates[0]]) for row in range(9)}
    drawn = strangers(run, 200, seed=0)
    assert all(of[known] not in listed[made] for made, known in drawn)
    assert len({known for _, known in drawn}) > 15


@pytest.mark.parametrize(
    "wrong",
    [{"pairs": 0}, {"controls": 0.6}, {"overlap": -0.1}, {"strata": "owner"}, {"reviewers": 0},
     {"seed": -1}],
    ids=str,
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        ReviewSettings(**wrong)


def test_wherever_a_reviewer_stops_precision_is_unbiased_and_its_interval_holds() -> None:
    """The short form of benchmarks/trust/reviews.py; 200 draws, with a reviewer who errs."""
    whole, alike = known_run(1000, 0)
    told = coverage(whole, answers(alike, REVIEWERS[1], 1), ReviewSettings(), draws=200)
    assert len(told) == 3 * len(STOPS)
    for truth, mean, error, held, width in told.values():
        assert abs(mean - truth) < 3.5 * error
        assert held >= 0.91 and width < 0.8


@pytest.mark.parametrize("handed_over", [False, True])
def test_reviewers_who_divide_the_pairs_and_stop_apart_leave_no_bias(handed_over: bool) -> None:
    """Of two who share half of the pairs one stops half-way; together 300 reviews hit the truth.

    handed_over: the other takes what was left, and stops in it as well.
    """
    whole, alike = known_run(200, 2)
    said = alike.astype(float)
    strata = [Stratum(*name, int(n)) for name, n in zip(whole.names, whole.sizes, strict=True)]
    shares = []
    for seed in range(300):
        sample = draw(whole, ReviewSettings(80, overlap=0.5, reviewers=2, seed=seed))
        ada, ben = (np.flatnonzero((sample.seat == -1) | (sample.seat == i)) for i in (0, 1))
        places = np.union1d(ada[: len(ada) // 2], ben)
        if handed_over:
            left = ada[len(ada) // 2 :][sample.seat[ada[len(ada) // 2 :]] == 0]
            places = np.union1d(places, left[: len(left) // 2])
        judged = sample.of[places][sample.of[places] >= 0]
        shares.append(precision_at(10, strata, whole.stratum[judged], said[judged]).share)
    found = np.array(shares)
    assert np.isfinite(found).all()
    assert abs(found.mean() - said.mean()) < 3.5 * found.std() / np.sqrt(len(found))
