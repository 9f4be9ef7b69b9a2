"""How value is spread: concentration over images, and shares of owners and labels with intervals.

Lorenz curve and Gini coefficient as in Gini (1912), of a finite population without correction:
one image that takes all gives (n − 1)/n. Intervals are percentile bootstrap (Efron 1979) over the
generated images: what the shares would be had the model made other images of the same kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.candidate_lists import blocks
from gmv_core.results import Result
from gmv_core.types import Float64, Int64
from gmv_core.value import contributor_weights

RESAMPLES = 200
CONFIDENCE = 0.95
_CHUNK = 4096  # groups counted at once, which bounds the memory at any number of owners


@dataclass(frozen=True)
class Lorenz:
    """Cumulative shares, least valuable image first, both (n + 1,) from 0 to 1."""

    images: Float64
    value: Float64


def lorenz(values: Float64) -> Lorenz:
    """Return the Lorenz curve of (n,) values ≥ 0; the diagonal where nothing was handed out."""
    steps = np.concatenate([[0.0], np.cumsum(np.sort(values))])
    images = np.linspace(0, 1, len(steps))
    return Lorenz(images, steps / steps[-1] if steps[-1] > 0 else images)


def gini(values: Float64) -> float:
    """Return the Gini coefficient of (n,) values ≥ 0: 0 if all are equal, (n − 1)/n at most."""
    total, n = values.sum(), len(values)
    if not total > 0:
        return 0.0
    ranks = np.arange(1, n + 1)
    return float((2 * ranks - n - 1) @ np.sort(values) / (n * total))


def fewest_for(values: Float64, share: float = 0.5) -> int:
    """Return how many of the most valuable images it takes to hold a share of the value."""
    held = np.cumsum(np.sort(values)[::-1])
    if not len(held) or not held[-1] > 0:
        return 0
    # Rounding must not ask for one image more than the sum allows.
    return int(np.searchsorted(held, share * held[-1] * (1 - 1e-12)) + 1)


@dataclass(frozen=True)
class Credits:
    """Every contribution of a result, (c,) each: V_ij of training row i in generated row j."""

    generated: Int64
    training: Int64
    value: Float64


def credits_of(result: Result) -> Credits:
    """Return all contributions of a result under its settings."""
    parts = []
    for block in blocks(result.run, result.without):
        k = min(result.settings.k, block.candidates.shape[1])
        weights = contributor_weights(block.distance[:, :k], result.settings.temperature).weights
        q = np.nan_to_num(block.quality)
        handed_out = q if result.settings.quality_weighting else np.ones_like(q)
        j, i = np.nonzero(block.candidates[:, :k] >= 0)
        parts.append((block.rows[j], block.candidates[j, i], handed_out[j] * weights[j, i]))
    return Credits(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def group_shares(result: Result, by: str, *, seed: int = 0) -> pd.DataFrame:
    """Return one row an owner or label, the most valuable first.

    by: "owner" or "label". Columns: that, images, value, share_of_images, share_of_value, low and
    high: the 95 % interval of share_of_value. Images without one are the group "".
    """
    table = result.values_table(("id", "value", by))
    codes, groups = pd.factorize(table[by].fillna(""))
    group_of = np.full(len(result.training.images), -1)
    group_of[table["id"].to_numpy()] = codes
    credits = credits_of(result)
    low, high = share_intervals(
        credits.generated, group_of[credits.training], credits.value,
        groups=len(groups), seed=seed,
    )  # fmt: skip
    images = np.bincount(codes, minlength=len(groups))
    value = np.bincount(codes, weights=table["value"], minlength=len(groups))
    shares = pd.DataFrame(
        {
            by: np.asarray(groups, object),
            "images": images,
            "value": value,
            "share_of_images": images / max(images.sum(), 1),
            "share_of_value": value / value.sum() if value.sum() > 0 else value,
            "low": low,
            "high": high,
        }
    )
    return shares.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def share_intervals(
    generated: Int64,
    group: Int64,
    value: Float64,
    *,
    groups: int,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Float64, Float64]:
    """Return low and high of every group's share of the value, (groups,) each.

    generated, group, value: (c,), a row a contribution. The generated images that have any are
    drawn anew with replacement, and all that one hands out is drawn together.
    """
    return _intervals(generated, group, value, groups, resamples, seed, of_total=True)


def value_intervals(result: Result, *, seed: int = 0) -> tuple[Float64, Float64]:
    """Return low and high of the value of every training row, (n,) each, drawn as for shares.

    An image without value has 0 and 0: its interval only knows the generated images that there are.
    """
    credits = credits_of(result)
    rows, group = np.unique(credits.training, return_inverse=True)
    found = _intervals(
        credits.generated, group, credits.value, len(rows), RESAMPLES, seed, of_total=False
    )
    low, high = np.zeros((2, len(result.training.images)))
    low[rows], high[rows] = found
    return low, high


def _intervals(
    generated: Int64,
    group: Int64,
    value: Float64,
    groups: int,
    resamples: int,
    seed: int,
    *,
    of_total: bool,
) -> tuple[Float64, Float64]:
    images, image = np.unique(generated, return_inverse=True)
    m = len(images)
    rng = np.random.default_rng(seed)
    drawn = np.stack([np.bincount(rng.integers(0, m, m), minlength=m) for _ in range(resamples)])
    total = drawn @ np.bincount(image, weights=value, minlength=m)  # (resamples,)
    order = np.argsort(group, kind="stable")
    image, group, value = image[order], group[order], value[order]
    edges = (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
    low, high = np.zeros(groups), np.zeros(groups)
    for first in range(0, groups, _CHUNK):
        some = min(_CHUNK, groups - first)
        a, b = np.searchsorted(group, [first, first + some])
        sums = np.stack(
            [
                np.bincount(group[a:b] - first, row[image[a:b]] * value[a:b], minlength=some)
                for row in drawn
            ]
        )  # (resamples, some)
        if of_total:
            there = total[:, None] > 0
            sums = np.divide(sums, total[:, None], out=np.zeros(sums.shape), where=there)
        low[first : first + some], high[first : first + some] = np.quantile(sums, edges, axis=0)
    return low, high
