"""Cohen's κ: against scikit-learn, at its ends, and whether its interval holds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from gmv_core.measures.kappa import cohen_kappa


def test_it_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, (2, 50))
    b[:30] = a[:30]
    found = cohen_kappa(a, b, categories=3)
    assert found.kappa == pytest.approx(cohen_kappa_score(a, b))
    assert found.share == pytest.approx((a == b).mean()) and found.count == 50
    assert found.low < found.kappa < found.high


def test_equal_answers_are_one_but_no_point() -> None:
    answers = np.array([0, 1, 2, 0, 1, 0, 1, 1])
    found = cohen_kappa(answers, answers, categories=3)
    assert found.kappa == found.high == 1
    assert found.low < 0.9


def test_one_answer_only_says_nothing() -> None:
    found = cohen_kappa(np.zeros(9, int), np.zeros(9, int), categories=3)
    assert found.share == 1 and np.isnan(found.kappa) and np.isnan(found.low)
    assert cohen_kappa(np.zeros(0, int), np.zeros(0, int), categories=3).count == 0


def test_the_interval_holds() -> None:
    """200 tables of 60 pairs; the truth is κ of 400,000."""
    rng = np.random.default_rng(1)

    def answers(n: int) -> tuple[np.ndarray, np.ndarray]:
        truth = rng.choice(3, n, p=[0.3, 0.6, 0.1])
        one, other = (np.where(rng.random(n) < 0.2, rng.choice(3, n), truth) for _ in range(2))
        return one, other

    truth = cohen_kappa(*answers(400_000), categories=3).kappa
    found = [cohen_kappa(*answers(60), categories=3) for _ in range(200)]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.92
