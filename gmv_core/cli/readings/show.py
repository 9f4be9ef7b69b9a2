"""The command show, and how a finished run is printed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import pandas as pd
import typer

from gmv_core.cli.options import Json, Root, workspace_at
from gmv_core.cli.output import Output, shown
from gmv_core.cli.readings.reading import (
    OtherCopies,
    OtherCredit,
    OtherK,
    OtherTemperature,
    OtherWeighting,
    read_run,
)
from gmv_core.results.export import values_of
from gmv_core.results.result import Result
from gmv_core.results.standings import sentences_of, sentences_of_all
from gmv_core.results.tables import GENERATED_COLUMNS
from gmv_core.sets.contents import rejected, removed
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import Workspace
from gmv_core.words import number

SHOWN = 10


def show_command(
    run: Annotated[str, typer.Argument(help="Name of a run; with --rejected, of a set too.")],
    image: Annotated[str | None, typer.Option(help="Name of a generated image.")] = None,
    k: OtherK = None,
    temperature: OtherTemperature = None,
    weighting: OtherWeighting = None,
    credit: OtherCredit = None,
    duplicates: OtherCopies = None,
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
    result = read_run(workspace, run, k, temperature, weighting, credit, duplicates)
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


def print_run(out: Output, manifest: RunManifest, result: Result) -> None:
    """Print a finished run: its settings and totals, the top and the bottom of the values."""
    generated = result.generated_table((*GENERATED_COLUMNS, "same_pixels"))
    if out.as_json:
        ranked = values_of(result).sort_values("rank")
        told = {"top": ranked.head(SHOWN), "bottom": ranked.tail(SHOWN)[::-1],
                "generated_images": generated}  # fmt: skip
        rows = {name: table.to_dict("records") for name, table in told.items()}
        out.document({**as_json(manifest), **rows})
        return
    values = result.values_table().sort_values("value", ascending=False, kind="stable")
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
    out.frame("Most valuable training images", values.head(SHOWN))
    out.frame("Least valuable (ties: farthest from the generated images first)",
                result.noisy().head(SHOWN)[values.columns.tolist()])  # fmt: skip


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
