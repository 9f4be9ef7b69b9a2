"""Commands about runs: value, show, noisy, export."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer

from gmv_core.cli.options import Json, LabelsCsv, NoisyIf, ReadAs, Root, Split, workspace_at
from gmv_core.cli.output import Output, shown
from gmv_core.errors import SettingsError
from gmv_core.results.result import GENERATED_COLUMNS, Result, open_run
from gmv_core.results.standings import sentences_of, sentences_of_all
from gmv_core.sets.contents import rejected, removed
from gmv_core.settings import EACH, PAPER, MatchSettings, RunSettings, ValueSettings
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import Workspace
from gmv_core.words import number

if TYPE_CHECKING:
    from gmv_core.sources.source import Source

CREDIT = "paper, or convincing: farther than unseen real images reach, a match earns nothing."
COPIES = "each, or cluster: near copies in the training set earn as one and share equally."


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
    table = None if isinstance(opened, str) else labels_for(opened, labels)
    with out.progress() as report:
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
        )
    print_run(out, manifest, open_run(place, name))


def _source_or_set(
    place: Workspace, given: str, *, reading: str = "", split: str = ""
) -> Source | str:
    """Return a source, or the name as it is where it is one of a set and of no file."""
    from gmv_core.jobs.uploads import open_given

    if given in {images.name for images in place.sets()} and not Path(given).exists():
        return given
    return open_given(place, given, reading=reading, split=split)


def show_command(
    run: Annotated[str, typer.Argument(help="Name of a run; with --rejected, of a set too.")],
    image: Annotated[str | None, typer.Option(help="Name of a generated image.")] = None,
    k: Annotated[int | None, typer.Option(help="Another k than the run's.")] = None,
    temperature: Annotated[str | None, typer.Option(help="Another temperature.")] = None,
    credit: Annotated[str | None, typer.Option(help=CREDIT)] = None,
    duplicates: Annotated[str | None, typer.Option(help=COPIES)] = None,
    only_rejected: Annotated[
        bool, typer.Option("--rejected", help="The rejected and removed images of a set or run.")
    ] = False,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Show the contributors of one image, or the top and bottom of the values."""
    out = Output(json)
    place = workspace_at(workspace)
    if only_rejected:
        _print_rejected(out, place, run)
        return
    result = open_run(place, run)
    changed: dict[str, Any] = asdict(result.settings)
    if k is not None:
        changed["k"] = k
    if temperature is not None:
        changed["temperature"] = temperature_of(temperature)
    if credit is not None:
        changed["credit"] = credit
    if duplicates is not None:
        changed["duplicates"] = duplicates
    result = open_run(place, run, settings=ValueSettings(**changed))
    for sentence in result.manifest.warnings:
        out.say(sentence)
    if image is None:
        print_run(out, result.told(), result)
    else:
        _print_contributors(out, result, image)


def _print_rejected(out: Output, place: Workspace, name: str) -> None:
    """Print every rejected or removed image of a set, or of a run's generated images."""
    images = place.image_set(name)
    if not images.exists():
        images = place.image_set(place.run(name).manifest().generated.name)
    table, gone = rejected(images), removed(images)
    if out.document(
        {
            "set": images.name,
            "rejected": table.to_dict("records"),
            "removed": gone.to_dict("records"),
        }
    ):
        return
    if table.empty:
        out.words(f"No image of {images.name} was rejected.")
    else:
        out.frame(f"Rejected images of {images.name}", table[["name", "reason"]],
                  {"name": 1, "reason": 1})  # fmt: skip
    if len(gone):
        out.frame(f"Removed images of {images.name}", gone[["name"]], {"name": 1})


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
    result = open_run(workspace_at(workspace), run)
    auroc = None
    if column is not None:
        found = known_noise.judge(result, column, noisy_if).detection
        problem = known_noise.nothing_to_tell(found, column)
        if problem:
            out.say(problem)
        else:
            auroc = found.auroc
    _print_noisy(out, result.noisy(), limit, auroc)


def export_command(
    run: str,
    folder: Path,
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
    result = open_run(workspace_at(workspace), run)
    written = result.export(folder, all_pairs=all_pairs, raw=raw)
    out = Output(json)
    if not out.document({"files": [str(path) for path in written]}):
        for path in written:
            out.markup(shown(str(path)))


def temperature_of(text: str) -> float | str:
    """Return a temperature as it was typed, a number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text  # ValueSettings says what is allowed


def print_run(out: Output, manifest: RunManifest, result: Result) -> None:
    """Print a finished run: its settings and totals, the top and the bottom of the values."""
    values = result.values_table().sort_values("value", ascending=False, kind="stable")
    generated = result.generated_table((*GENERATED_COLUMNS, "same_pixels"))
    if out.document(
        {
            **as_json(manifest),
            "top": values.head(10).to_dict("records"),
            "bottom": result.noisy().head(10).to_dict("records"),
            "generated_images": generated.to_dict("records"),
        }
    ):
        return
    totals = manifest.totals or result.totals()
    out.markup(
        f"[bold]{shown(manifest.name)}[/]: {len(generated):,} generated images against "
        f"{len(values):,} training images of {shown(manifest.training.name)}."
    )
    out.markup(
        f"  Distance: {manifest.matching.distance} "
        f"({shown(manifest.reasons['distance'])})\n"
        f"  Quality: {manifest.judging.quality} "
        f"({shown(manifest.reasons['quality'])})"
    )
    out.markup(
        f"  Value handed out: {number(totals.value)}, to {totals.contributors:,} "
        f"training images; {totals.never_contributor:,} were never a contributor.\n"
        f"  Effective contributors of a generated image: "
        f"{number(totals.effective_contributors)} of {result.settings.k}."
    )
    if totals.unattributed > 0:
        out.words(f"  Unattributed: {number(totals.unattributed)}.")
    for sentence in sentences_of_all(generated, manifest.null):
        out.words(f"  {sentence}")
    out.frame("Most valuable training images", values.head(10))
    out.frame("Least valuable (ties: farthest from the generated images first)",
                result.noisy().head(10)[values.columns.tolist()])  # fmt: skip


def _print_contributors(out: Output, result: Result, image: str) -> None:
    found = result.contributors(image)
    rows = [asdict(c) for c in found]
    for row in rows:  # the document names the generated image once
        del row["generated"], row["generated_row"]
    about = result.generated_row(image)
    if out.document({**about, "generated": image, "contributors": rows}):
        return
    columns = ["rank", "training", "distance", "weight", "value", "recall_rank"]
    estimates = [] if all(c.exact for c in found) else ["exact"]
    frame = pd.DataFrame(rows, columns=[*columns, "label", "owner", *estimates])
    out.frame(f"Closest training images (contributors) of {image}", frame)
    for sentence in sentences_of(about, result.manifest.null):
        out.words(sentence)


def _print_noisy(out: Output, ranking: pd.DataFrame, limit: int, auroc: float | None) -> None:
    head = ranking.head(limit)
    if out.document({"auroc": auroc, "ranking": head.to_dict("records")}):
        return
    columns = ["rank", "training", "value", "times_contributor", "nearest_distance", "standing"]
    out.frame("From the bottom", head[[*columns, "label", "owner"]])
    if auroc is not None:
        out.markup(f"AUROC against the known noise: {auroc:.3f}")
