"""How a command reads a run: with its own settings, or with others; no model is needed for that."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from gmv_core.cli.options import COPIES, CREDIT, temperature_of, workspace_at
from gmv_core.results.opening import open_run
from gmv_core.results.result import Result
from gmv_core.store.tables.kept import Kept

OtherK = Annotated[int | None, typer.Option("--k", help="Read the run with another k.")]
OtherTemperature = Annotated[
    str | None, typer.Option("--temperature", help="Read it with another temperature.")
]
OtherWeighting = Annotated[
    bool | None, typer.Option("--weighting/--no-weighting", help="Weight by quality, or not.")
]
OtherCredit = Annotated[str | None, typer.Option("--credit", help=CREDIT)]
OtherCopies = Annotated[str | None, typer.Option("--duplicates", help=COPIES)]


def read_run(
    root: str | None,
    run: str,
    k: int | None = None,
    temperature: str | None = None,
    weighting: bool | None = None,
    credit: str | None = None,
    duplicates: str | None = None,
    *,
    kept: Kept | None = None,
) -> Result:
    """Open a finished run, with its own settings where no others are given.

    kept: what the command has read before; the run is read for one answer, and not written.
    """
    place, kept = workspace_at(root), kept or Kept()
    result = open_run(place, run, kept=kept)
    given: dict[str, Any] = {
        "k": k, "temperature": None if temperature is None else temperature_of(temperature),
        "quality_weighting": weighting, "credit": credit, "duplicates": duplicates,
    }  # fmt: skip
    changed = {name: value for name, value in given.items() if value is not None}
    if not changed:
        return result
    return open_run(place, run, settings=replace(result.settings, **changed), kept=kept)
