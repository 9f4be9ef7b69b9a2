"""`python -m gmv_core …`: one thin command an engine call.

Exit status: 0 done, 1 a GMVError (one sentence on stderr), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gmv_core.cli_criteria import print_criteria
from gmv_core.cli_output import Output
from gmv_core.criteria import known_noise
from gmv_core.criteria.report import criteria_of
from gmv_core.criteria.trials.comparison import compare as compare_distances
from gmv_core.criteria.trials.copies import drop_copies
from gmv_core.criteria.trials.corruption import Injection
from gmv_core.criteria.trials.derived_runs import PIXELS, value_by
from gmv_core.criteria.trials.injection import inject as injected
from gmv_core.demo import make
from gmv_core.errors import GMVError, SettingsError
from gmv_core.jobs import deletion
from gmv_core.jobs.job import FOLDER
from gmv_core.jobs.worker import work
from gmv_core.results.result import open_run
from gmv_core.runs.valuation import value as value_images
from gmv_core.sets.build import add as add_source
from gmv_core.sets.build import build
from gmv_core.settings import (
    BuildSettings,
    EmbedSettings,
    IndexSettings,
    MatchSettings,
    RunSettings,
    ValueSettings,
)
from gmv_core.sources.labels import labels_for
from gmv_core.sources.opening import Source, open_source
from gmv_core.store.records import readable
from gmv_core.store.workspace import Record, Workspace, default_root

app = typer.Typer(
    help="Which training images is each generated image closest to, and how is credit spread?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="Which models are ready, and fetch one.", invoke_without_command=True)
app.add_typer(models_app, name="models")

Root = Annotated[
    Path | None,
    typer.Option("--workspace", help="Where sets and runs lie (default: GMV_HOME or ./workspace)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
LabelsCsv = Annotated[
    Path | None, typer.Option("--labels", help="CSV: name, label, owner, further attributes.")
]
Precision = Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16.")]


READING = ("list", "show", "noisy", "export", "models")  # commands that write in no workspace


def _workspace(root: Path | None) -> Workspace:
    return Workspace(root or default_root())


@app.command("build")
def build_command(
    source: Annotated[str, typer.Argument(help="Folder, zip, tar, Parquet, npz or IDX file.")],
    name: Annotated[str, typer.Option(help="Name of the set.")],
    labels: LabelsCsv = None,
    embedder: Annotated[str, typer.Option(help="A key of `models`.")] = "auto",
    index: Annotated[str, typer.Option(help="auto, exact, sq8 or pq.")] = "auto",
    precision: Precision = "auto",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Read, embed and index a training set; the same command goes on after an interruption."""
    out = Output(json)
    settings = BuildSettings(
        embed=EmbedSettings(embedder, precision), index=IndexSettings(kind=index)
    )
    opened = open_source(source)
    table = labels_for(opened, labels)
    with out.progress() as report:
        manifest = build(
            _workspace(workspace),
            opened,
            name=name,
            labels=table,
            settings=settings,
            report=report,
        )
    out.image_set(manifest)


@app.command("add")
def add_command(
    name: str,
    source: str,
    labels: LabelsCsv = None,
    index: Annotated[str, typer.Option(help="auto, exact, sq8 or pq.")] = "auto",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Add another source's images to a set; images of a name it already has are passed over."""
    out = Output(json)
    opened = open_source(source)
    table = labels_for(opened, labels)
    with out.progress() as report:
        manifest = add_source(
            _workspace(workspace),
            name,
            opened,
            labels=table,
            index=IndexSettings(kind=index),
            report=report,
        )
    out.image_set(manifest)


def _temperature(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # ValueSettings says what is allowed


@app.command("value")
def value_command(
    generated: Annotated[str, typer.Argument(help="A source of images, or the name of a set.")],
    against: Annotated[str, typer.Option(help="Name of the training set.")],
    name: Annotated[str, typer.Option(help="Name of the run.")],
    k: Annotated[int, typer.Option(help="Contributors of each generated image.")] = 10,
    candidates: Annotated[int, typer.Option(help="Candidates before re-ranking (R).")] = 100,
    distance: Annotated[str, typer.Option(help="A key of `models`.")] = "auto",
    quality: Annotated[str, typer.Option(help="A key of `models`.")] = "auto",
    temperature: Annotated[str, typer.Option(help="A number (1.0: the paper), or auto.")] = "1.0",
    weighting: Annotated[
        bool, typer.Option("--weighting/--no-weighting", help="Weight by quality.")
    ] = True,
    seed: int = 0,
    labels: LabelsCsv = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Find the contributors of generated images and the value of every training image."""
    out = Output(json)
    settings = RunSettings(
        MatchSettings(candidates, distance, quality, seed),
        ValueSettings(k, _temperature(temperature), weighting),
    )
    place = _workspace(workspace)
    known = {s.name for s in place.sets()}
    opened: Source | str = generated
    if Path(generated).exists() or generated not in known:
        opened = open_source(generated)
    table = labels_for(opened, labels) if isinstance(opened, Source) else None
    with out.progress() as report:
        manifest = value_images(
            place,
            opened,
            against=against,
            name=name,
            labels=table,
            settings=settings,
            report=report,
            say=out.say,
        )
    out.run(manifest, open_run(place, name))


@app.command("show")
def show_command(
    run: str,
    image: Annotated[str | None, typer.Option(help="Name of a generated image.")] = None,
    k: Annotated[int | None, typer.Option(help="Another k than the run's.")] = None,
    temperature: Annotated[str | None, typer.Option(help="Another temperature.")] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Show the contributors of one image, or the top and bottom of the values."""
    out = Output(json)
    place = _workspace(workspace)
    result = open_run(place, run)
    changed: dict[str, Any] = asdict(result.settings)
    if k is not None:
        changed["k"] = k
    if temperature is not None:
        changed["temperature"] = _temperature(temperature)
    result = open_run(place, run, settings=ValueSettings(**changed))
    if image is None:
        out.run(result.told(), result)
    else:
        out.contributors(image, result.contributors(image))


@app.command("noisy")
def noisy_command(
    run: str,
    limit: Annotated[int, typer.Option(help="How many rows.")] = 50,
    column: Annotated[
        str | None, typer.Option(help="An attribute that marks known noise: report the AUROC.")
    ] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Rank the training images from the bottom: by value, then by distance."""
    if limit < 1:
        raise SettingsError(f"limit is {limit}; give a number of at least 1.")
    result = open_run(_workspace(workspace), run)
    auroc = None if column is None else known_noise.judge(result, column).auroc
    Output(json).noisy(result.noisy(), limit, auroc)


@app.command("criteria")
def criteria_command(
    run: str,
    column: Annotated[
        str | None, typer.Option(help="An attribute that marks known noise (default: by name).")
    ] = None,
    inject: Annotated[
        str | None, typer.Option(help="noise, blur or foreign: spoil a copy of the set, score it.")
    ] = None,
    source_set: Annotated[
        str, typer.Option("--from", help="The set that foreign images are taken from.")
    ] = "",
    share: Annotated[float, typer.Option(help="How much of the copy is spoilt.")] = 0.05,
    strength: Annotated[
        float | None,
        typer.Option(help="σ of the noise (0.1), radius of the blur (0.03 of a side)."),
    ] = None,
    seed: int = 0,
    pixels: Annotated[
        bool, typer.Option("--pixels", help="Order the candidates by pixel L2 as well.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Value by every ready distance and compare them.")
    ] = False,
    k: Annotated[list[int] | None, typer.Option(help="k to compare at; give it twice.")] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete the copies and runs that judged this run.")
    ] = False,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Hold a run against classes, attributes, noise and cost, each beside a baseline."""
    out, place = Output(json), _workspace(workspace)
    injection = Injection(inject, strength, share, seed, source_set) if inject is not None else None
    with out.progress() as report:
        if forget:
            out.say(f"Deleted: {', '.join(drop_copies(place, run)) or 'nothing was there'}.")
        if injection is not None:
            injected(place, run, injection, report=report)
        if pixels:
            with place.writing():
                value_by(place, open_run(place, run), PIXELS, report=report)
        if compare:
            compare_distances(place, run, ks=k or (), report=report)
    result = open_run(place, run)
    print_criteria(out, result, criteria_of(place, result, column=column))


@app.command("export")
def export_command(run: str, folder: Path, workspace: Root = None, json: Json = False) -> None:
    """Write matches, generated and values as Parquet and CSV, and manifest.json."""
    written = open_run(_workspace(workspace), run).export(folder)
    Output(json).files(written)


@app.command("list")
def list_command(workspace: Root = None, json: Json = False) -> None:
    """List the sets and runs of the workspace."""
    place, out = _workspace(workspace), Output(json)
    unreadable: dict[Record, str] = {}
    out.listing(readable(place.sets(), unreadable), readable(place.runs(), unreadable))
    for why in unreadable.values():
        out.say(why)


@app.command("delete")
def delete_command(name: str, workspace: Root = None, json: Json = False) -> None:
    """Delete a set, or a run with what was made for it alone; a set that a run uses is kept."""
    Output(json).deleted(deletion.delete(_workspace(workspace), name), name)


@app.command("demo")
def demo_command(workspace: Root = None, json: Json = False) -> None:
    """Draw, build and value the demo, offline."""
    out = Output(json)
    place = _workspace(workspace)
    with out.progress() as report:
        manifest = make.make_demo(place, report=report)
    out.run(manifest, open_run(place, make.DEMO_RUN))


@models_app.callback(invoke_without_command=True)
def models_command(context: typer.Context, json: Json = False, workspace: Root = None) -> None:
    """List the models, what is ready and what it would take to get the rest."""
    if context.invoked_subcommand is None:
        from gmv_core.models.catalogue import list_models

        Output(json).models([asdict(row) for row in list_models()])


@models_app.command("download")
def download_command(key: str, json: Json = False, workspace: Root = None) -> None:
    """Fetch a model's weights; the only command that uses the network."""
    from gmv_core.models.download import download

    Output(json).models([asdict(download(key))])


def main() -> None:
    """Run the command line; the one place where a GMVError becomes a sentence.

    As the process of a job (see control.py), the sentence goes into the job's outcome instead.
    """
    job = os.environ.get(FOLDER)
    if job:
        command = partial(app, standalone_mode=False)
        sys.exit(work(Path(job), command, writes=sys.argv[1] not in READING))
    try:
        app()
    except GMVError as error:
        Output("--json" in sys.argv).error(str(error))
        sys.exit(1)
    except SystemExit as leaving:
        if leaving.code == 130:  # what typer makes of Ctrl-C
            Output(False).say("Stopped; what was done is kept, the same command goes on.")
        raise
