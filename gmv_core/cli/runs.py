"""Commands that make a run or write it out: value, watch, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gmv_core.cli.options import (
    COPIES,
    CREDIT,
    Candidates,
    Contributors,
    Json,
    LabelsCsv,
    Model,
    On,
    RayAddress,
    ReadAs,
    Root,
    Split,
    local_path,
    temperature_of,
    workspace_at,
)
from gmv_core.cli.output import Output, shown
from gmv_core.cli.readings.show import print_run
from gmv_core.cluster.workers import HERE, workers_on
from gmv_core.results.opening import open_run
from gmv_core.settings import EACH, PAPER, MatchSettings, RunSettings, ValueSettings
from gmv_core.store.tables.kept import Kept
from gmv_core.store.workspace import Workspace

if TYPE_CHECKING:
    from gmv_core.sources.source import Source


def value_command(
    generated: Annotated[str, typer.Argument(help="A source of images, or the name of a set.")],
    against: Annotated[str, typer.Option(help="Name of the training set.")],
    name: Annotated[str, typer.Option(help="Name of the run.")],
    k: Contributors = 10,
    candidates: Candidates = 100,
    distance: Model = "auto",
    quality: Model = "auto",
    temperature: Annotated[str, typer.Option(help="A number (1.0: the paper), or auto.")] = "1.0",
    weighting: Annotated[
        bool, typer.Option("--weighting/--no-weighting", help="Weight by quality.")
    ] = True,
    influence: Annotated[
        bool, typer.Option("--influence/--no-influence", help="Predict influence, too.")
    ] = False,
    credit: Annotated[str, typer.Option(help=CREDIT)] = PAPER,
    duplicates: Annotated[str, typer.Option(help=COPIES)] = EACH,
    held_out: Annotated[
        str | None,
        typer.Option(help="Real images that the model was not trained on: a source, or a set."),
    ] = None,
    seed: int = 0,
    labels: LabelsCsv = None,
    read_as: ReadAs = "",
    split: Split = "",
    on: On = HERE,
    ray_address: RayAddress = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Find the contributors of generated images and the value of every training image."""
    from gmv_core.runs.valuation import value
    from gmv_core.sources.labels import labels_for

    out = Output(json)
    settings = RunSettings(
        MatchSettings(candidates, distance, quality, seed),
        ValueSettings(k, temperature_of(temperature), weighting, credit, duplicates),
        influence,
    )
    place = workspace_at(workspace)
    opened = _source_or_set(place, generated, reading=read_as, split=split)
    table = None
    if not isinstance(opened, str):
        table = labels_for(opened, labels)
        out.reading(opened, table)
    with workers_on(on, ray_address) as workers, out.progress() as report:
        manifest = value(
            place,
            opened,
            against=against,
            name=name,
            labels=table,
            settings=settings,
            held_out=None if held_out is None else _source_or_set(place, held_out),
            report=report,
            say=out.say,
            workers=workers,
        )
    print_run(out, manifest, open_run(place, name, kept=Kept()))
    if not json and not isinstance(opened, str):
        from gmv_core.cli.sets import print_images

        made = place.image_set(manifest.generated.name)
        out.words(f"Images of {manifest.generated.name}")
        print_images(out, made.manifest(), made)


def _source_or_set(
    place: Workspace, given: str, *, reading: str = "", split: str = ""
) -> Source | str:
    """Return a source, or the name as it is where it is one of a set and of no file."""
    from gmv_core.jobs.uploads import open_given

    if given in {images.name for images in place.sets()} and not Path(given).exists():
        return given
    return open_given(place, given, reading=reading, split=split)


def watch_command(
    folder: Annotated[
        Path, typer.Argument(parser=local_path, help="A folder into which images arrive.")
    ],
    against: Annotated[str, typer.Option(help="Name of the training set.")],
    name: Annotated[str, typer.Option(help="Name of the run.")],
    k: Contributors = 10,
    candidates: Candidates = 100,
    distance: Model = "auto",
    quality: Model = "auto",
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 2.0,
    idle: Annotated[
        float | None, typer.Option(help="End after so many seconds without a new image.", min=0.0)
    ] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Value images as they arrive in a folder, until Ctrl-C; the same command goes on."""
    from gmv_core.runs.watching import watch

    out, place = Output(json), workspace_at(workspace)
    settings = RunSettings(MatchSettings(candidates, distance, quality), ValueSettings(k))
    with out.progress() as report:
        manifest = watch(
            place, folder, against=against, name=name, settings=settings,
            every_seconds=every, idle_seconds=idle, report=report, say=out.say,
        )  # fmt: skip
    if manifest is not None:
        print_run(out, manifest, open_run(place, name, kept=Kept()))
    elif not out.document(None):
        out.words(f"No image that can be read arrived in {folder}.")


def export_command(
    run: str,
    folder: Annotated[Path, typer.Argument(parser=local_path)],
    all_pairs: Annotated[
        bool, typer.Option("--all-pairs", help="Write the predicted influence of all pairs, too.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Texts in CSV files as they are, formulas too.")
    ] = False,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Write the tables of a run as Parquet and CSV, and manifest.json."""
    result = open_run(workspace_at(workspace), run, kept=Kept())
    written = result.export(folder, all_pairs=all_pairs, raw=raw)
    out = Output(json)
    if not out.document({"files": [str(path) for path in written]}):
        for path in written:
            out.markup(shown(str(path)))
