"""Commands about image sets: build, add, label and remove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins

from gmv_core.cli.options import (
    Json,
    LabelsCsv,
    On,
    Precision,
    RayAddress,
    ReadAs,
    Root,
    Split,
    local_path,
    workspace_at,
)
from gmv_core.cli.output import Output, shown
from gmv_core.cluster.workers import HERE, workers_on
from gmv_core.errors import SettingsError, SourceError
from gmv_core.jobs.overview import is_outgrown
from gmv_core.jobs.uploads import open_given
from gmv_core.runs.labelling import label_generated
from gmv_core.sets.build import add, build
from gmv_core.sets.contents import few_rows, label_words, note_words, rejected, renamed_words
from gmv_core.sets.removal import remove
from gmv_core.settings import BuildSettings, EmbedSettings, IndexSettings
from gmv_core.sources.label_fit import labels_sentence
from gmv_core.sources.labels import Labels, labels_for
from gmv_core.sources.source import Source
from gmv_core.sources.tables.reading import names_in
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import IndexEntry, SetManifest
from gmv_core.store.marks import marked as marked_names
from gmv_core.store.selections import names_of, read_selection
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.words import counted

REJECTED_SHOWN = 5
Index = Annotated[str, typer.Option(help="auto, exact, sq8, pq or disk.")]


def build_command(
    source: Annotated[
        str, typer.Argument(help="Folder, zip, tar, Parquet, npz or IDX file; or an address.")
    ],
    name: Annotated[str, typer.Option(help="Name of the set.")],
    labels: LabelsCsv = None,
    read_as: ReadAs = "",
    split: Split = "",
    embedder: Annotated[str, typer.Option(help="A key of `models`.")] = "auto",
    index: Index = "auto",
    precision: Precision = "auto",
    on: On = HERE,
    ray_address: RayAddress = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Read, embed and index a training set; the same command goes on after an interruption."""
    out = Output(json)
    settings = BuildSettings(
        embed=EmbedSettings(embedder, precision), index=IndexSettings(kind=index)
    )
    opened, table = _opened(out, workspace_at(workspace), source, labels, read_as, split)
    with workers_on(on, ray_address) as workers, out.progress() as report:
        manifest = build(
            workspace_at(workspace),
            opened,
            name=name,
            labels=table,
            settings=settings,
            report=report,
            workers=workers,
        )
    _print_set(out, manifest, workspace_at(workspace).image_set(name))


def add_command(
    name: str,
    source: str,
    labels: LabelsCsv = None,
    read_as: ReadAs = "",
    split: Split = "",
    index: Index = "auto",
    on: On = HERE,
    ray_address: RayAddress = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Add another source's images to a set; those that it already has are passed over."""
    out = Output(json)
    opened, table = _opened(out, workspace_at(workspace), source, labels, read_as, split)
    with workers_on(on, ray_address) as workers, out.progress() as report:
        manifest = add(
            workspace_at(workspace),
            name,
            opened,
            labels=table,
            index=IndexSettings(kind=index),
            report=report,
            workers=workers,
        )
    _print_set(out, manifest, workspace_at(workspace).image_set(name))


def label_command(
    run: str,
    table: Annotated[
        Path, typer.Argument(parser=local_path, help="A table: name, label, owner, attributes.")
    ],
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Give a run's generated images labels, owners or attributes, after they were valued."""
    out = Output(json)
    fit = label_generated(workspace_at(workspace), run, table)
    if not out.document(to_builtins(fit)):
        out.words(label_words(fit))


def remove_command(
    name: Annotated[str, typer.Argument(help="Name of the set.")],
    images: Annotated[list[str] | None, typer.Argument(help="Names of images in it.")] = None,
    marked: Annotated[
        bool, typer.Option("--marked", help="Those that are marked for removal.")
    ] = False,
    selection: Annotated[
        str | None, typer.Option(help="Those of a saved selection of the set.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            parser=local_path,
            help="A list: one name a line, or a table with a column name or training.",
        ),
    ] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Take images out of a set without building it anew; `vacuum` then erases their bytes."""
    out, place = Output(json), workspace_at(workspace)
    target = place.image_set(name)
    target.manifest()  # raises where there is no such set
    names = {*(images or ()), *(marked_names(target) if marked else ())}
    names |= set(names_of(target, read_selection(target, selection))) if selection else set()
    names |= set(names_in(file)) if file else set()
    if not names:
        raise SettingsError("No image is named; give names, --marked, --selection or --file.")
    with out.progress() as report:
        manifest = remove(place, name, names, report=report)
    if out.document(as_json(manifest)) or manifest.counts is None:
        return
    counts = manifest.counts
    now = "is removed" if len(names) == 1 else "are removed"
    told = "had been removed before" if manifest.reused else now
    left = f"it has {counted(counts.ok, 'image')} now"
    out.words(f"{counted(len(names), 'image')} of {name} {told}; {left}.")
    out.words(f"  Their bytes are still stored: `gmv vacuum {name}` erases them.")
    for run in place.users(name):
        if is_outgrown(place.run(run).manifest(), {name: manifest}):
            out.say(f"The run {run} valued them: run its `value` command again.")


def _opened(
    out: Output, place: Workspace, given: str, csv: Path | None, reading: str, split: str
) -> tuple[Source, Labels | None]:
    """Return a source and its labels; say how it is read, where there was something to decide."""
    source = open_given(place, given, reading=reading, split=split)
    labels = labels_for(source, csv)
    out.reading(source, labels)
    return source, labels


def _print_set(out: Output, manifest: SetManifest, images: ImageSet) -> None:
    if manifest.counts and not manifest.counts.ok:
        raise SourceError(
            f"No image of {manifest.name!r} could be read: {_first_rejected(images)}; give other "
            "images, and delete this set."
        )
    if out.document(as_json(manifest)):
        return
    counts, index = manifest.counts, manifest.index
    if counts is None or index is None:  # build and add return finished sets
        return
    told = "already built" if manifest.reused else "ready"
    fine = counted(counts.ok, "image")
    out.markup(f"[bold]{shown(manifest.name)}[/] is {told}: {fine}.")
    print_images(out, manifest, images)
    embedder = manifest.embedder
    out.markup(f"  Embedder: {embedder.key}, {embedder.precision} ({shown(embedder.reason)})")
    out.markup(f"  Index: {index.kind}, {_recall(index)}")


def print_images(out: Output, manifest: SetManifest, images: ImageSet) -> None:
    """Print what became of the images of a set's last source, and of their labels."""
    counts = manifest.counts
    if counts is not None and counts.rejected:
        out.markup(f"  Rejected: {counted(counts.rejected, 'image')}.")
        out.words(f"    {_first_rejected(images)}.")
    if counts is not None and counts.removed:
        out.markup(f"  Removed: {counted(counts.removed, 'image')}.")
    last = manifest.sources[-1]
    if last.images is not None and last.labelled is not None:
        out.words(f"  {labels_sentence(last.labels_from, last.labelled, last.images)}")
    for reason, count in last.skipped.items():
        out.markup(f"  Passed over: {counted(count, 'file')}, {shown(reason)}.")
    if last.renamed:
        out.words(f"  {renamed_words(last)}")
    if counts is not None and counts.duplicates:
        copies = counted(counts.duplicates, "image")
        out.markup(f"  Exact duplicates of others: {copies}.")
    for sentence in note_words(manifest.notes):
        out.markup(f"  {shown(sentence)}")
    fit = label_words(manifest.labels)
    if fit:
        (out.say if few_rows(manifest.labels) else out.words)(f"  {fit}")


def _first_rejected(images: ImageSet) -> str:
    """Name the first rejected images with their reasons."""
    table = rejected(images)
    shown = table.head(REJECTED_SHOWN)
    told = [f"{name} ({reason})" for name, reason in zip(shown.name, shown.reason, strict=True)]
    more = len(table) - len(shown)
    rest = f", and {more:,} more: gmv show {images.name} --rejected" if more else ""
    return f"{', '.join(told)}{rest}"


def _recall(index: IndexEntry) -> str:
    if index.kind == "exact":
        return "finds all nearest neighbours."
    where = " on the disk" if index.kind == "disk" else ""
    return (
        f"finds {100 * index.recall:.1f} % of the true nearest {index.recall_at} "
        f"({index.nprobe} probes, {index.bytes_per_vector:.0f} bytes a vector{where})."
    )
