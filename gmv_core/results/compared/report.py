"""Two results compared, as one record: what the command prints and a notebook reads."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from gmv_core.results.compared.images import Exchanged, exchanged, exchanges
from gmv_core.results.compared.inputs import Difference, differences, inputs_sentence, limits
from gmv_core.results.compared.pair import ALIKE, Pair, pair_of
from gmv_core.results.compared.shares import Beside, quality_beside, shares_beside, standings_beside
from gmv_core.results.compared.values import correlation_of_values, movers
from gmv_core.results.result import Result
from gmv_core.words import counted, number, percent

NAMED = 3


@dataclass(frozen=True)
class Comparison:
    """Two results beside each other.

    summary, limits: sentences. differences: in inputs and settings. shares: by column, see
    `shares_beside`. correlation: of the values, with low and high. movers: see `movers`. images:
    see `exchanges`; exchanged: their means. Without common images the latter are empty, and shares
    and correlation too where the training sets have none.
    """

    summary: str
    limits: tuple[str, ...]
    differences: tuple[Difference, ...]
    shares: dict[str, pd.DataFrame]
    correlation: tuple[float, float, float]
    movers: pd.DataFrame
    images: pd.DataFrame
    exchanged: Exchanged | None
    quality: Beside
    standings: pd.DataFrame


def compare_results(first: Result, second: Result, *, seed: int = 0) -> Comparison:
    """Compare two results: the second against the first."""
    pair = pair_of(first, second)
    images = exchanges(pair) if len(pair.training) else exchanges(pair).head(0)
    return Comparison(
        inputs_sentence(pair),
        tuple(limits(pair)),
        tuple(differences(pair)),
        {by: shares_beside(pair, by, seed=seed) for by in columns_beside(pair)},
        correlation_of_values(pair, seed=seed),
        movers(pair),
        images,
        exchanged(images, seed=seed),
        quality_beside(pair, seed=seed),
        standings_beside(pair),
    )


def columns_beside(pair: Pair) -> list[str]:
    """Return which of "owner" and "label" both training sets know; none without common images."""
    if not len(pair.training):
        return []
    counts = [result.training.manifest().counts for result in (pair.first, pair.second)]
    return [by for by in ("owner", "label") if all(c and getattr(c, f"{by}s") for c in counts)]


def shares_sentence(shares: pd.DataFrame, by: str) -> str:
    """Say whose share differs clearly. shares: what `shares_beside` returned."""
    clear = shares[(shares["low"] > ALIKE) | (shares["high"] < -ALIKE)]
    if not shares["difference"].abs().max() > ALIKE:
        return f"No {by}'s share differs."
    if clear.empty:
        return f"No {by}'s share differs clearly: each interval of a difference holds 0."
    clear = clear.loc[clear["difference"].abs().sort_values(ascending=False, kind="stable").index]
    named = [
        f"{row[by] or f'no {by}'} {'up' if row['difference'] > 0 else 'down'} from "
        f"{percent(row['first'])} to {percent(row['second'])}"
        for row in clear.head(NAMED).to_dict("records")
    ]
    more = f", and {len(clear) - NAMED:,} more" if len(clear) > NAMED else ""
    return f"Clearly different: {', '.join(named)}{more}."


def correlation_sentence(correlation: tuple[float, float, float]) -> str:
    """Say how alike the two rankings of training images are."""
    seen, low, high = correlation
    if seen != seen:
        return "Too few training images earn in both to compare the order of their values."
    within = f" (95 % interval {number(low)} to {number(high)})" if low < high else ""
    return (
        f"Rank correlation of the values: {number(seen)}{within}. 1 is the same order, 0 "
        "is none in common."
    )


def movers_sentence(found: pd.DataFrame) -> str:
    """Say how many training images' shares differ, and how many clearly. found: of `movers`."""
    if found.empty:
        return "No training image's share of the value differs."
    clear = int(((found["low"] > ALIKE) | (found["high"] < -ALIKE)).sum())
    told = f"The share of the value differs for {counted(len(found), 'training image')}"
    if not clear:
        return f"{told}, for none clearly: each interval of a difference holds 0."
    return f"{told}, clearly for {clear:,}: there the interval of the difference leaves out 0."


def exchanged_sentence(found: Exchanged) -> str:
    """Say how many contributors the same generated images keep."""
    if found.alike:
        return (
            f"The {counted(found.images, 'generated image')} in both keep their contributors, and "
            "each the same part of the credit."
        )
    kept, first, moved = (
        percent(value) + (f" ({percent(low)} to {percent(high)})" if low < high else "")
        for value, low, high in (found.kept, found.same_first, found.moved)
    )
    return (
        f"Of {counted(found.images, 'generated image')} in both, {kept} of the contributors stay; "
        f"in {first} the nearest one is the same; {moved} of the credit moves to other training "
        "images."
    )


def quality_sentence(quality: Beside) -> str:
    """Say how the mean qualities of the generated images compare."""
    (first, *_), (second, *_), (difference, low, high) = (
        quality.first, quality.second, quality.difference
    )  # fmt: skip
    if first != first:
        return "No quality was judged in one of the two."
    said = f"Mean quality {number(first)} and {number(second)}"
    if difference != difference:
        return f"{said}, by different metrics."
    if abs(difference) <= ALIKE and high - low <= ALIKE:
        return f"{said}, the same."
    return f"{said}: a difference of {difference:+.3g}, 95 % interval {low:+.3g} to {high:+.3g}."
