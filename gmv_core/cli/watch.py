"""The command watch: generated images are valued as they arrive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gmv_core.cli.options import Json, Root, workspace_at
from gmv_core.cli.output import Output
from gmv_core.cli.runs import print_run
from gmv_core.results.result import open_run
from gmv_core.runs.watching import watch
from gmv_core.settings import MatchSettings, RunSettings, ValueSettings


def watch_command(
    folder: Annotated[Path, typer.Argument(help="A folder into which images arrive.")],
    against: Annotated[str, typer.Option(help="Name of the training set.")],
    name: Annotated[str, typer.Option(help="Name of the run.")],
    k: Annotated[int, typer.Option(help="Contributors of each generated image.")] = 10,
    candidates: Annotated[int, typer.Option(help="Candidates before re-ranking (R).")] = 100,
    distance: Annotated[str, typer.Option(help="A key of `models`.")] = "auto",
    quality: Annotated[str, typer.Option(help="A key of `models`.")] = "auto",
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 2.0,
    idle: Annotated[
        float | None, typer.Option(help="End after so many seconds without a new image.", min=0.0)
    ] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Value images as they arrive in a folder, until Ctrl-C; the same command goes on."""
    out, place = Output(json), workspace_at(workspace)
    settings = RunSettings(MatchSettings(candidates, distance, quality), ValueSettings(k))
    with out.progress() as report:
        manifest = watch(
            place, folder, against=against, name=name, settings=settings,
            every_seconds=every, idle_seconds=idle, report=report, say=out.say,
        )  # fmt: skip
    if manifest is not None:
        print_run(out, manifest, open_run(place, name))
    elif not out.document(None):
        out.words(f"No image that can be read arrived in {folder}.")
