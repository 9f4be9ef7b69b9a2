"""Commands about runs: value, show, noisy, export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.markup import escape

from gmv_core.cli.options import Json, LabelsCsv, NoisyIf, Root, workspace_at
from gmv_core.cli.output import Output
from gmv_core.criteria import known_noise
from gmv_core.errors import SettingsError
from gmv_core.matching.contributors import Contributor
from gmv_core.results.result import Result, open_run
from gmv_core.runs.valuation import value
from gmv_core.sets.contents import rejected
from gmv_core.settings import MatchSettings, RunSettings, ValueSettings
from gmv_core.sources.labels import labels_for
from gmv_core.sources.opening import Source, open_source
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import Workspace
from gmv_core.words import number


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
        influence,
    )
    place = workspace_at(workspace)
    known = {s.name for s in place.sets()}
    opened: Source | str = generated
    if Path(generated).exists() or generated not in known:
        opened = open_source(generated)
    table = labels_for(opened, labels) if isinstance(opened, Source) else None
    with out.progress() as report:
        manifest = value(
            place,
            opened,
            against=against,
            name=name,
            labels=table,
            settings=settings,
            report=report,
            say=out.say,
        )
    print_run(out, manifest, open_run(place, name))


def show_command(
    run: Annotated[str, typer.Argument(help="Name of a run; with --rejected, of a set too.")],
    image: Annotated[str | None, typer.Option(help="Name of a generated image.")] = None,
    k: Annotated[int | None, typer.Option(help="Another k than the run's.")] = None,
    temperature: Annotated[str | None, typer.Option(help="Another temperature.")] = None,
    only_rejected: Annotated[
        bool, typer.Option("--rejected", help="The rejected images of a set or run, with reasons.")
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
        changed["temperature"] = _temperature(temperature)
    result = open_run(place, run, settings=ValueSettings(**changed))
    for sentence in result.manifest.warnings:
        out.say(sentence)
    if image is None:
        print_run(out, result.told(), result)
    else:
        _print_contributors(out, image, result.contributors(image))


def _print_rejected(out: Output, place: Workspace, name: str) -> None:
    """Print every rejected image of a set, or of the generated images of a run."""
    images = place.image_set(name)
    if not images.exists():
        images = place.image_set(place.run(name).manifest().generated.name)
    table = rejected(images)
    if out.document({"set": images.name, "rejected": table.to_dict("records")}):
        return
    if table.empty:
        out.words(f"No image of {images.name} was rejected.")
    else:
        out.frame(f"Rejected images of {images.name}", table[["name", "reason"]],
                  {"name": 1, "reason": 1})  # fmt: skip


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
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Write the tables of a run as Parquet and CSV, and manifest.json."""
    written = open_run(workspace_at(workspace), run).export(folder, all_pairs=all_pairs)
    out = Output(json)
    if not out.document({"files": [str(path) for path in written]}):
        for path in written:
            out.markup(escape(str(path)))


def _temperature(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # ValueSettings says what is allowed


def print_run(out: Output, manifest: RunManifest, result: Result) -> None:
    """Print a finished run: its settings and totals, the top and the bottom of the values."""
    values = result.values_table().sort_values("value", ascending=False, kind="stable")
    generated = result.generated_table()
    if out.document(
        {
            **as_json(manifest),
            "top": values.head(10).to_dict("records"),
            "bottom": result.noisy().head(10).to_dict("records"),
        }
    ):
        return
    totals = manifest.totals or result.totals()
    out.markup(
        f"[bold]{escape(manifest.name)}[/]: {len(generated):,} generated images against "
        f"{len(values):,} training images of {escape(manifest.training.name)}."
    )
    out.markup(
        f"  Distance: {manifest.matching.distance} "
        f"({escape(manifest.reasons['distance'])})\n"
        f"  Quality: {manifest.judging.quality} "
        f"({escape(manifest.reasons['quality'])})"
    )
    out.markup(
        f"  Value handed out: {number(totals.value)}, to {totals.contributors:,} "
        f"training images; {totals.never_contributor:,} were never a contributor.\n"
        f"  Effective contributors of a generated image: "
        f"{number(totals.effective_contributors)} of {result.settings.k}."
    )
    out.frame("Most valuable training images", values.head(10))
    out.frame("Least valuable (ties: farthest from the generated images first)",
                result.noisy().head(10)[values.columns.tolist()])  # fmt: skip


def _print_contributors(out: Output, image: str, found: Sequence[Contributor]) -> None:
    rows = [asdict(c) for c in found]
    for row in rows:  # the document names the generated image once
        del row["generated"], row["generated_row"]
    if out.document({"generated": image, "contributors": rows}):
        return
    columns = ["rank", "training", "distance", "weight", "value", "recall_rank"]
    estimates = [] if all(c.exact for c in found) else ["exact"]
    frame = pd.DataFrame(rows, columns=[*columns, "label", "owner", *estimates])
    out.frame(f"Closest training images (contributors) of {image}", frame)


def _print_noisy(out: Output, ranking: pd.DataFrame, limit: int, auroc: float | None) -> None:
    head = ranking.head(limit)
    if out.document({"auroc": auroc, "ranking": head.to_dict("records")}):
        return
    columns = ["rank", "training", "value", "times_contributor", "nearest_distance", "standing"]
    out.frame("From the bottom", head[[*columns, "label", "owner"]])
    if auroc is not None:
        out.markup(f"AUROC against the known noise: {auroc:.3f}")
