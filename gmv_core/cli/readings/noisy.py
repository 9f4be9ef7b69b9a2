"""The command noisy: training images from the bottom."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from gmv_core.cli.options import Json, NoisyIf, Root
from gmv_core.cli.output import Output
from gmv_core.cli.readings.reading import read_run
from gmv_core.errors import SettingsError


def noisy_command(
    run: str,
    limit: Annotated[int, typer.Option(help="How many rows.")] = 50,
    column: Annotated[
        str | None, typer.Option(help="An attribute that marks known noise: report the AUROC.")
    ] = None,
    noisy_if: NoisyIf = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Rank the training images from the bottom: by value, then by distance."""
    from gmv_core.criteria import known_noise

    if limit < 1:
        raise SettingsError(f"limit is {limit}; give a number of at least 1.")
    if noisy_if and column is None:
        raise SettingsError(f"--noisy-if {noisy_if!r} is of no column; give it with --column.")
    out = Output(json)
    result = read_run(workspace, run)
    auroc = None
    if column is not None:
        found = known_noise.judge(result, column, noisy_if).detection
        problem = known_noise.nothing_to_tell(found, column)
        if problem:
            out.say(problem)
        else:
            auroc = found.auroc
    _print_noisy(out, result.noisy(), limit, auroc)


def _print_noisy(out: Output, ranking: pd.DataFrame, limit: int, auroc: float | None) -> None:
    head = ranking.head(limit)
    if out.document({"auroc": auroc, "ranking": head.to_dict("records")}):
        return
    columns = ["rank", "training", "value", "times_contributor", "nearest_distance", "standing"]
    out.frame("From the bottom", head[[*columns, "label", "owner"]])
    if auroc is not None:
        out.markup(f"AUROC against the known noise: {auroc:.3f}")
