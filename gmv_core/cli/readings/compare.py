"""The command compare: two runs beside each other, or one run read in two ways."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import pandas as pd
import typer

from gmv_core.cli.options import Json, Root
from gmv_core.cli.output import Output, shown
from gmv_core.cli.readings.reading import (
    OtherCopies,
    OtherCredit,
    OtherK,
    OtherTemperature,
    OtherWeighting,
    read_run,
)
from gmv_core.results.compared.report import (
    Comparison,
    compare_results,
    correlation_sentence,
    exchanged_sentence,
    movers_sentence,
    quality_sentence,
    shares_sentence,
)
from gmv_core.store.marks import marked
from gmv_core.store.tables.kept import Kept
from gmv_core.words import percent, points, points_interval

SHOWN = 10


def compare_command(
    first: Annotated[str, typer.Argument(help="Name of a run.")],
    second: Annotated[str, typer.Argument(help="Name of another run, or of the same one.")],
    k: OtherK = None,
    temperature: OtherTemperature = None,
    weighting: OtherWeighting = None,
    credit: OtherCredit = None,
    duplicates: OtherCopies = None,
    without_marked: Annotated[
        bool,
        typer.Option("--without-marked", help="Leave the marked images out of the second."),
    ] = False,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Compare two runs: inputs, shares, values, contributors, quality and standings.

    The settings given are those that the second is read with.
    """
    kept = Kept()
    one = read_run(workspace, first, kept=kept)
    other = read_run(workspace, second, k, temperature, weighting, credit, duplicates, kept=kept)
    if without_marked:
        other = other.leaving_out(marked(other.training))
    out = Output(json)
    comparison = compare_results(one, other)
    if not out.document({"first": first, "second": second, **_document(comparison)}):
        _print(out, comparison, first, second)


def _document(comparison: Comparison) -> dict[str, Any]:
    tables = {"movers": comparison.movers, "images": comparison.images,
              "standings": comparison.standings}  # fmt: skip
    names = ("value", "low", "high")
    exchanged = comparison.exchanged
    return {
        "summary": comparison.summary,
        "limits": comparison.limits,
        "differences": [asdict(one) for one in comparison.differences],
        "shares": {by: t.to_dict("records") for by, t in comparison.shares.items()},
        "rank_correlation": dict(zip(names, comparison.correlation, strict=True)),
        "quality": {side: dict(zip(names, found, strict=True))
                    for side, found in asdict(comparison.quality).items()},
        "exchanged": None if exchanged is None else {
            what: dict(zip(names, found, strict=True)) if isinstance(found, tuple) else found
            for what, found in asdict(exchanged).items()
        },
        **{name: table.to_dict("records") for name, table in tables.items()},
    }  # fmt: skip


def _print(out: Output, comparison: Comparison, first: str, second: str) -> None:
    out.markup(f"[bold]{shown(second)}[/] beside {shown(first)}.")
    out.words(comparison.summary)
    for sentence in comparison.limits:
        out.words(sentence)
    if comparison.differences:
        table = pd.DataFrame([asdict(one) for one in comparison.differences])
        out.frame("What differs", table)
    for by, shares in comparison.shares.items():
        out.frame(f"Share of the value by {by}", _in_percent(shares.head(SHOWN), by))
        out.words(shares_sentence(shares, by))
    if comparison.shares or len(comparison.movers):
        out.words(correlation_sentence(comparison.correlation))
    if len(comparison.movers):
        columns = ["training", "rank_first", "rank_second", "label", "owner"]
        moved = comparison.movers.head(SHOWN)
        told = pd.concat([moved[columns[:1]], _differences(moved), moved[columns[1:]]], axis=1)
        out.frame("Largest movers, share of the value", told)
        out.words(movers_sentence(comparison.movers))
    if comparison.exchanged is not None:
        out.words(exchanged_sentence(comparison.exchanged))
    out.words(quality_sentence(comparison.quality))
    if len(comparison.standings):
        out.frame("Standings, in generated images", comparison.standings)


def _in_percent(shares: pd.DataFrame, by: str) -> pd.DataFrame:
    named = shares[[by]].replace("", f"(no {by})")
    return pd.concat([named, _differences(shares)], axis=1)


def _differences(shares: pd.DataFrame) -> pd.DataFrame:
    """Return shares in two runs, and their difference with its interval in percentage points."""
    return pd.DataFrame(
        {
            "first": shares["first"].map(percent),
            "second": shares["second"].map(percent),
            "points": shares["difference"].map(points),
            "95 % interval": list(map(points_interval, shares["low"], shares["high"])),
        }
    )
