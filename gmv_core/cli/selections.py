"""The commands map and selections: a set in two dimensions, and parts of it kept under a name."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gmv_core.cli.options import Json, Root, local_path, workspace_at
from gmv_core.cli.output import Output, shown
from gmv_core.errors import SettingsError
from gmv_core.results.explore.files import selection_table, write_table, write_zip
from gmv_core.results.explore.share import share_of
from gmv_core.results.opening import open_run
from gmv_core.sets.layout import make_layout
from gmv_core.sources.tables.reading import names_in
from gmv_core.store.outputs import check_output
from gmv_core.store.selections import (
    delete_selection,
    names_of,
    read_selection,
    rows_of,
    save_selection,
    selections,
)
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64
from gmv_core.words import counted, percent

SHOWN = 10


def map_command(
    name: Annotated[str, typer.Argument(help="Name of a training set.")],
    seed: int = 0,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Lay a training set out in two dimensions for the page Map, and keep that with the set."""
    out = Output(json)
    with out.progress() as report:
        record = make_layout(workspace_at(workspace), name, seed=seed, report=report)
    if out.document({"set": name, "images": record.images, "fitted": record.fitted}):
        return
    rest = record.images - record.fitted
    placed = f"; {counted(rest, 'image')} placed by their neighbours" if rest else ""
    out.markup(f"[bold]{shown(name)}[/]: {counted(record.fitted, 'image')} laid out{placed}.")


def selections_command(
    set_name: Annotated[str, typer.Argument(metavar="SET", help="Name of an image set.")],
    name: Annotated[str | None, typer.Argument(help="A selection of it; all without.")] = None,
    given: Annotated[
        Path | None,
        typer.Option(
            "--from",
            parser=local_path,
            help="Save the images named in a file, one a line, or in a table.",
        ),
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="A run: what the selection is worth in it.")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            parser=local_path, help="Write a table of its images: FILE.csv or FILE.parquet."
        ),
    ] = None,
    images_zip: Annotated[
        Path | None, typer.Option("--zip", parser=local_path, help="Write its images into a zip.")
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Forget the selection.")] = False,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """List the saved selections of a set; show, save, write out or forget one."""
    out, place = Output(json), workspace_at(workspace)
    images = place.image_set(set_name)
    images.manifest()
    if name is None:
        if any((given, run, table, images_zip, delete)):
            raise SettingsError(f"Name the selection of {set_name!r} that is meant.")
        _print_all(out, images)
        return
    if delete:
        delete_selection(images, name)
        if not out.document({"set": set_name, "deleted": name}):
            out.markup(f"Deleted the selection {shown(name)}; no image was.")
        return
    if given is not None:
        save_selection(images, name, rows_of(images, names_in(given)))
    rows = read_selection(images, name)
    result = None if run is None else open_run(place, run)
    if result is not None and result.training.name != set_name:
        raise SettingsError(
            f"The run {run!r} is against {result.training.name!r}, not against {set_name!r}."
        )
    told: dict[str, object] = {"set": set_name, "name": name, "images": names_of(images, rows)}
    if result is not None:
        told["share"] = asdict(share_of(result, rows))
    for file in filter(None, (table, images_zip)):
        check_output(images, file)
    if table is not None:
        write_table(selection_table(images, rows, result), table)
        told["table"] = str(table)
    if images_zip is not None:
        told["zip"] = {"file": str(images_zip), **asdict(write_zip(images, rows, images_zip))}
    if not out.document(told):
        _print_one(out, images, name, rows, told)


def _print_all(out: Output, images: ImageSet) -> None:
    found = {name: len(rows) for name, rows in selections(images).items()}
    if out.document({"set": images.name, "selections": found}):
        return
    if not found:
        out.words(f"No selection of {images.name} is saved yet; the page Map makes them.")
    for name, count in found.items():
        out.markup(f"[bold]{shown(name)}[/]: {counted(count, 'image')}")


def _print_one(
    out: Output, images: ImageSet, name: str, rows: Int64, told: dict[str, object]
) -> None:
    out.markup(f"[bold]{shown(name)}[/] of {shown(images.name)}: {counted(len(rows), 'image')}.")
    for one in names_of(images, rows[:SHOWN]):
        out.words(f"  {one}")
    if len(rows) > SHOWN:
        out.words(f"  … and {len(rows) - SHOWN:,} more.")
    share = told.get("share")
    if isinstance(share, dict):
        out.words(
            f"Share of the value: {percent(share['share_of_value'])} (95 % interval "
            f"{percent(share['low'])} to {percent(share['high'])}); of the images: "
            f"{percent(share['share_of_images'])}."
        )
    zipped = told.get("zip")
    if isinstance(zipped, dict):
        kept = counted(zipped["originals"], "image")
        out.words(f"{zipped['file']}: {kept} as brought, {zipped['previews']:,} as previews.")
    if "table" in told:
        out.words(str(told["table"]))
