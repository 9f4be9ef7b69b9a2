"""Whatever reads a run shows what `hand_out` gives: one formula of value behind all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from gmv_core import Result, ValueSettings
from gmv_core.matching.contributors import attributions
from gmv_core.matching.matcher import Matches
from gmv_core.method.value import hand_out
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.shares import credits_of
from gmv_core.types import Float64
from tests.built import GENERATED, TRAINING

SETTINGS = [
    ValueSettings(k=1),
    ValueSettings(k=2, temperature=0.3),
    ValueSettings(k=10, temperature="auto"),
    ValueSettings(k=3, quality_weighting=False),
]
SHAPE = len(GENERATED), len(TRAINING)


@pytest.fixture(params=SETTINGS, ids=str)
def result(request: pytest.FixtureRequest, opened: Result) -> Result:
    return replace(opened, settings=request.param)


def whole(result: Result) -> tuple[Matches, Float64]:
    """Return the candidates and qualities of all generated images, which fit in one block."""
    (block,) = blocks(result.run)
    return block.matches, block.quality


@pytest.fixture
def expected(result: Result) -> tuple[Float64, Float64]:
    """The weights and the credit of every pair, (generated, training) each, by `hand_out` alone."""
    matches, quality = whole(result)
    handed = hand_out(matches.candidates, matches.distance, quality, result.settings)
    weights, credit = np.zeros(SHAPE), np.zeros(SHAPE)
    j, i = np.nonzero(handed.contributors >= 0)
    weights[j, handed.contributors[j, i]] = handed.weights[j, i]
    credit[j, handed.contributors[j, i]] = handed.credit[j, i]
    return weights, credit


def same(found: Float64, wanted: Float64) -> None:
    assert found == pytest.approx(wanted, abs=1e-12)


def test_values(result: Result, expected: tuple[Float64, Float64]) -> None:
    table = result.values_table(("id", "value", "times_contributor"))
    same(table["value"].to_numpy(), expected[1].sum(axis=0)[table["id"]])
    assert (
        table["times_contributor"].tolist() == (expected[0] > 0).sum(axis=0)[table["id"]].tolist()
    )


def test_matches(result: Result, expected: tuple[Float64, Float64]) -> None:
    table = pd.concat(list(result.matches_batches()))
    at = ([GENERATED.index(g) for g in table["generated"]],
          [TRAINING.index(t) for t in table["training"]])  # fmt: skip
    for column, wanted in zip(("weight", "value"), expected, strict=True):
        found = np.zeros(SHAPE)
        found[at] = table[column]
        same(found, wanted)


def test_credits(result: Result, expected: tuple[Float64, Float64]) -> None:
    credits, found = credits_of(result), np.zeros(SHAPE)
    found[credits.generated, credits.training] = credits.value
    same(found, expected[1])


def test_contributors_both_ways(result: Result, expected: tuple[Float64, Float64]) -> None:
    forwards = [one for name in GENERATED for one in result.contributors(name)]
    backwards = [one for name in TRAINING for one in result.generated_of(name)]
    for parts in (forwards, backwards):
        for field, wanted in zip(("weight", "value"), expected, strict=True):
            found = np.zeros(SHAPE)
            for one in parts:
                found[GENERATED.index(one.generated), one.row] = getattr(one, field)
            same(found, wanted)


def test_images_of_no_set(result: Result, expected: tuple[Float64, Float64]) -> None:
    answers = attributions(result.training, *whole(result), result.settings)
    found = np.zeros(SHAPE)
    for j, answer in enumerate(answers):
        for one in answer.contributors:
            found[j, one.row] = one.value
    same(found, expected[1])
    effective = result.generated_table()["effective_contributors"].to_numpy()
    same(np.array([answer.effective_contributors for answer in answers]), effective)


def test_what_is_handed_out_is_what_there_is(
    result: Result, expected: tuple[Float64, Float64]
) -> None:
    """Σφ = Σq over the images that have a contributor, and every row of weights adds up to 1."""
    weights, credit = expected
    matches, quality = whole(result)
    there = (matches.candidates >= 0).any(axis=1)
    q = np.nan_to_num(quality) if result.settings.quality_weighting else np.ones(SHAPE[0])
    same(weights.sum(axis=1), there.astype(np.float64))
    same(credit.sum(axis=1), q * there)
    assert result.totals().value == pytest.approx(q[there].sum(), abs=1e-12)
