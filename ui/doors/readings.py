"""Cached doors to what the pages on values, quality and noisy data read.

Tables are shared by all sessions and never changed: a copy of a million rows at every rerun would
cost seconds.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from gmv_core import Result
from gmv_core.criteria import known_noise
from gmv_core.measures.concentration import fewest_for, gini, lorenz
from gmv_core.plots import noise as noise_plots
from gmv_core.plots.quality import weighting_scatter
from gmv_core.plots.values import lorenz_curve, value_histogram
from gmv_core.results import changes, repeated
from gmv_core.results.changes import LeftOut, Moves
from gmv_core.results.selection import places
from gmv_core.results.shares import group_shares, value_intervals
from gmv_core.results.shares import top_ranks as top_ranks_of
from gmv_core.results.tables import GENERATED_COLUMNS
from gmv_core.types import Int64
from ui.doors.cached import TABLES, data, resource


@resource(max_entries=TABLES, show_spinner="Ranking the training images …")
def ranking(result: Result) -> pd.DataFrame:
    """Return the training images from the bottom, see `Result.noisy`."""
    return result.noisy()


@resource(max_entries=TABLES)
def with_intervals(result: Result) -> pd.DataFrame:
    """Return the ranking with the 95 % interval of every value: value_low, value_high."""
    table = ranking(result)
    low, high = value_intervals(result)
    return table.assign(value_low=low[table["id"]], value_high=high[table["id"]])


@resource(max_entries=8)
def found(
    result: Result, search: str, standing: tuple[str, ...], sort: str, descending: bool
) -> Int64:
    """Return where the rows of the ranking stand that are asked for, see `selection.places`."""
    return places(
        ranking(result), search=search, standing=standing, sort=sort, descending=descending
    )


@data(max_entries=6, show_spinner="Drawing the generated images anew …")
def top_ranks(result: Result) -> pd.DataFrame:
    """Return the 100 most valuable training images with the interval of their rank, by row."""
    return top_ranks_of(result).set_index("id")


@resource(max_entries=6)
def generated(result: Result) -> pd.DataFrame:
    """Return one row a generated image, with its row "id" and "status"."""
    return result.generated_table((*GENERATED_COLUMNS, "id", "status"))


@data(max_entries=16, show_spinner="Drawing the generated images anew …")
def shares(result: Result, by: str) -> pd.DataFrame:
    """Return the shares of owners or labels, with intervals."""
    return group_shares(result, by)


@data(max_entries=16)
def unattributed(result: Result) -> float:
    """Return what is left of the quality."""
    return result.totals().unattributed


@data(max_entries=16)
def unattributed_interval(result: Result) -> tuple[float, float]:
    """Return the 95 % interval of the unattributed share of the quality."""
    return repeated.unattributed_interval(result)


@data(max_entries=16)
def short_clusters(result: Result) -> int:
    """Count the lists that hold fewer clusters than k."""
    return repeated.short_clusters(result)


@data(max_entries=16)
def repeated_share(result: Result) -> float:
    """Return the share of value of images that are in the set more than once."""
    return repeated.repeated_share(result)


@data(max_entries=16)
def concentration(result: Result) -> tuple[Any, float, int]:
    """Return the figure of the Lorenz curve, the Gini coefficient, and who holds half."""
    values = ranking(result)["value"].to_numpy()
    curve = lorenz(values)
    figure = lorenz_curve(curve.images, curve.value)
    return figure, gini(values), fewest_for(values, 0.5)


@resource(max_entries=TABLES, show_spinner="Valuing with and without weighting …")
def weighting(result: Result) -> pd.DataFrame:
    """Return what quality weighting changes, the most valuable without it first."""
    columns = ("id", "training", "value", "label", "owner")
    return changes.with_and_without_weighting(result, columns)


@resource(max_entries=6, show_spinner="Valuing without the marked images …")
def moves(whole: Result, part: Result) -> Moves:
    """Return the changes from a whole result to one that leaves images out."""
    return changes.moves(whole, part)


@data(max_entries=16)
def short_lists(part: Result) -> LeftOut:
    """Count the candidate lists that leaving images out has made too short."""
    return changes.left_out(part)


@data(max_entries=16)
def noise_columns(result: Result) -> list[str]:
    """Return the attribute columns that could mark known noise, likely ones first."""
    return known_noise.noise_columns(result.training)


def likely(columns: list[str]) -> int | None:
    """Return the place of the first column that sounds like noise."""
    return 0 if columns and known_noise.sounds_like_noise(columns[0]) else None


@data(max_entries=16)
def graded_columns(result: Result) -> list[str]:
    """Return the columns of grades that sound like noise: a rule must tell which mean it."""
    return known_noise.graded_columns(result.training)


@resource(max_entries=6)
def noise_report(result: Result, column: str, noisy_if: str = "") -> known_noise.KnownNoise:
    """Hold the ranking from the bottom against a column."""
    return known_noise.judge(result, column, noisy_if)


@data(max_entries=16)
def histogram(result: Result) -> Any:  # noqa: ANN401  (plotly ships no types)
    """Return the figure of the distribution of values."""
    return value_histogram(ranking(result)["value"].to_numpy())


@data(max_entries=16)
def weighting_figure(result: Result) -> Any:  # noqa: ANN401
    """Return the figure of the values with weighting against those without."""
    changed = weighting(result)
    return weighting_scatter(
        changed["training"].tolist(),
        changed["value_before"].to_numpy(),
        changed["value_after"].to_numpy(),
    )


@data(max_entries=16)
def ranking_figure(result: Result, column: str | None, noisy_if: str = "") -> Any:  # noqa: ANN401
    """Return the figure of the ranking from the bottom, with the noise that a column marks."""
    table = ranking(result)
    return noise_plots.ranking(
        table["value"].to_numpy(),
        table["nearest_distance"].to_numpy(float),
        table["standing"].to_numpy(),
        noise_report(result, column, noisy_if).flags if column else None,
    )
