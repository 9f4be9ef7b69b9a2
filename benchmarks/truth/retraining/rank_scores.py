"""Rank correlations over retrainings: bootstrap intervals, paired differences, a ceiling."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from benchmarks.kit.reporting import Row
from gmv_core.types import Float64

SPLITS = 35  # of the seeds in two, at most: all there are of eight


@dataclass(frozen=True)
class Resamples:
    """How often each bootstrap draw takes each half, (draws, halves), and each image, (draws, m).

    Both are drawn, since both are samples: images share the halves, so that an interval over the
    images alone would be too narrow (Owen, Annals of Applied Statistics 2007, "pigeonhole").
    """

    halves: Float64
    images: Float64


def resamples(halves: int, m: int, *, draws: int, seed: int) -> Resamples:
    rng = np.random.default_rng(seed)

    def counts(of: int) -> Float64:
        return rng.multinomial(of, np.full(of, 1 / of), draws).astype(np.float64)

    return Resamples(counts(halves), counts(m))


@dataclass(frozen=True)
class Score:
    """value: of all halves and images. draws: the same of each bootstrap draw."""

    value: float
    draws: Float64

    @property
    def low(self) -> float:
        return float(np.quantile(self.draws, 0.025))

    @property
    def high(self) -> float:
        return float(np.quantile(self.draws, 0.975))

    def less(self, other: Score) -> Score:
        """Return the difference from a score on the same resamples."""
        return Score(self.value - other.value, self.draws - other.draws)

    def interval(self) -> str:
        return f"{self.low:.3f} … {self.high:.3f}"

    def told(self) -> str:
        return f"{self.value:+.3f} ({self.low:+.3f} … {self.high:+.3f})"

    def figures(self) -> tuple[float, float, float]:
        return self.low, self.value, self.high


def score(
    predicted: Float64, outputs: Float64, draws: Resamples, *, beyond: Float64 | None = None
) -> Score:
    """Return the mean over images of Spearman's correlation over halves; all (halves, m).

    A prediction that is the same for all halves says nothing: its correlation counts as 0.
    beyond: another prediction, whose part in both is taken out (partial rank correlation).
    """
    a, b = _ranks(predicted), _ranks(outputs)
    c = None if beyond is None else _ranks(beyond)
    every = np.ones((1, len(a)))

    def of(counts: Float64) -> Float64:
        plain = _correlations(a, b, counts)
        if c is None:
            return plain
        with_a, with_b = _correlations(a, c, counts), _correlations(b, c, counts)
        left = np.sqrt((1 - with_a**2) * (1 - with_b**2))
        return np.divide(plain - with_a * with_b, left, out=np.zeros_like(left), where=left > 1e-6)

    weights = draws.images / draws.images.sum(1, keepdims=True)
    return Score(float(of(every).mean()), (of(draws.halves) * weights).sum(1))


def spearman(predicted: Float64, outputs: Float64) -> float:
    """Return the mean over images of Spearman's correlation over halves; both (halves, m)."""
    every = np.ones((1, len(outputs)))
    return float(_correlations(_ranks(predicted), _ranks(outputs), every).mean())


def _ranks(values: Float64) -> Float64:
    """Return ranks over the halves, rounding errors tied: sums in another order differ by them."""
    scale = np.maximum(np.abs(values).max(0), 1e-300)
    return rankdata(np.round(values / scale, 10), axis=0) - (len(values) + 1) / 2


def _correlations(a: Float64, b: Float64, counts: Float64) -> Float64:
    """Return Pearson's correlation of ranks under each row of counts, (draws, m)."""
    w = counts / counts.sum(1, keepdims=True)
    mean_a, mean_b = w @ a, w @ b
    covariance = w @ (a * b) - mean_a * mean_b
    square = (w @ (a * a) - mean_a**2) * (w @ (b * b) - mean_b**2)
    root = np.sqrt(np.maximum(square, 0))
    return np.divide(covariance, root, out=np.zeros_like(root), where=root > 1e-9)


def ceiling(outputs: Float64) -> Row:
    """Tell how far seeds agree on the halves; outputs: (seeds, halves, m), an even number of seeds.

    one seed: Spearman between single seeds. half: between the means of two halves of the seeds.
    all: what the mean of all seeds would agree with as many others (Spearman–Brown). highest: the
    correlation that a prediction which knows the truth would reach with it, the root of that.
    """
    seeds = range(len(outputs))
    single = [spearman(outputs[a], outputs[b]) for a, b in itertools.combinations(seeds, 2)]
    splits = [s for s in itertools.combinations(seeds, len(outputs) // 2) if 0 in s][:SPLITS]
    split = float(np.mean([
        spearman(outputs[list(s)].mean(0), outputs[[i for i in seeds if i not in s]].mean(0))
        for s in splits
    ]))  # fmt: skip
    both = 2 * split / (1 + split)
    return {
        "one seed": round(float(np.mean(single)), 3),
        "half of the seeds": round(split, 3),
        "all seeds": round(both, 3),
        "highest LDS to expect": round(max(both, 0) ** 0.5, 3),
    }
