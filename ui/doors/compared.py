"""Cached doors to what Compare reads of two results."""

from __future__ import annotations

import pandas as pd

from gmv_core import Result
from gmv_core.results.compared import images, shares, values
from gmv_core.results.compared.images import Exchange, Exchanged
from gmv_core.results.compared.pair import Pair, pair_of
from gmv_core.results.compared.shares import Beside
from ui.doors.cached import data, resource


@resource(max_entries=4)
def pair(first: Result, second: Result) -> Pair:
    """Return two results with what they have in common."""
    return pair_of(first, second)


@data(max_entries=16, show_spinner="Drawing the generated images anew …")
def shares_beside(first: Result, second: Result, by: str) -> pd.DataFrame:
    """Return the shares of owners or labels in both, with the interval of their difference."""
    return shares.shares_beside(pair(first, second), by)


@data(max_entries=8)
def correlation(first: Result, second: Result) -> tuple[float, float, float]:
    """Return the rank correlation of the values, low and high."""
    return values.correlation_of_values(pair(first, second))


@resource(max_entries=4)
def movers(first: Result, second: Result) -> pd.DataFrame:
    """Return the training images whose share of the value differs, the largest first."""
    return values.movers(pair(first, second))


@resource(max_entries=4)
def exchanges(first: Result, second: Result) -> pd.DataFrame:
    """Return the generated images of both, the one that changed most first."""
    return images.exchanges(pair(first, second))


@data(max_entries=8)
def exchanged(first: Result, second: Result) -> Exchanged | None:
    """Return how the generated images of both change in the mean."""
    return images.exchanged(exchanges(first, second))


@data(max_entries=64)
def exchange(first: Result, second: Result, image: str) -> Exchange:
    """Return the contributors that one generated image gained and lost."""
    return images.exchange(pair(first, second), image)


@data(max_entries=8)
def quality(first: Result, second: Result) -> Beside:
    """Return the mean quality of both, with the interval of the difference."""
    return shares.quality_beside(pair(first, second))


@data(max_entries=8)
def standings(first: Result, second: Result) -> pd.DataFrame:
    """Return how many generated images of both have each standing."""
    return shares.standings_beside(pair(first, second))
