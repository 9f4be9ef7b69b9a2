"""Commands about image sets: build and add."""

from __future__ import annotations

from typing import Annotated

import typer

from gmv_core.cli.options import Json, LabelsCsv, Precision, Root, workspace_at
from gmv_core.cli.output import Output, shown
from gmv_core.jobs.uploads import open_given
from gmv_core.sets.build import add, build
from gmv_core.sets.contents import note_words
from gmv_core.settings import BuildSettings, EmbedSettings, IndexSettings
from gmv_core.sources.labels import labels_for
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import IndexEntry, SetManifest
from gmv_core.words import counted

Index = Annotated[str, typer.Option(help="auto, exact, sq8 or pq.")]


def build_command(
    source: Annotated[str, typer.Argument(help="Folder, zip, tar, Parquet, npz or IDX file.")],
    name: Annotated[str, typer.Option(help="Name of the set.")],
    labels: LabelsCsv = None,
    embedder: Annotated[str, typer.Option(help="A key of `models`.")] = "auto",
    index: Index = "auto",
    precision: Precision = "auto",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Read, embed and index a training set; the same command goes on after an interruption."""
    out = Output(json)
    settings = BuildSettings(
        embed=EmbedSettings(embedder, precision), index=IndexSettings(kind=index)
    )
    opened = open_given(workspace_at(workspace), source)
    table = labels_for(opened, labels)
    with out.progress() as report:
        manifest = build(
            workspace_at(workspace),
            opened,
            name=name,
            labels=table,
            settings=settings,
            report=report,
        )
    _print_set(out, manifest)


def add_command(
    name: str,
    source: str,
    labels: LabelsCsv = None,
    index: Index = "auto",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Add another source's images to a set; images of a name it already has are passed over."""
    out = Output(json)
    opened = open_given(workspace_at(workspace), source)
    table = labels_for(opened, labels)
    with out.progress() as report:
        manifest = add(
            workspace_at(workspace),
            name,
            opened,
            labels=table,
            index=IndexSettings(kind=index),
            report=report,
        )
    _print_set(out, manifest)


def _print_set(out: Output, manifest: SetManifest) -> None:
    if out.document(as_json(manifest)):
        return
    counts, index = manifest.counts, manifest.index
    if counts is None or index is None:  # build and add return finished sets
        return
    told = "already built" if manifest.reused else "ready"
    fine = counted(counts.ok, "image")
    out.markup(f"[bold]{shown(manifest.name)}[/] is {told}: {fine}.")
    if counts.rejected:
        out.markup(f"  Rejected: {counted(counts.rejected, 'image')}.")
    for reason, count in manifest.sources[-1].skipped.items():
        out.markup(f"  Passed over: {counted(count, 'file')}, {shown(reason)}.")
    if counts.duplicates:
        copies = counted(counts.duplicates, "image")
        out.markup(f"  Exact duplicates of others: {copies}.")
    for sentence in note_words(manifest.notes):
        out.markup(f"  {shown(sentence)}")
    labels = manifest.labels
    if labels and (labels.images_without_row or labels.rows_without_image):
        out.markup(
            f"  Without a row in the label table: "
            f"{counted(labels.images_without_row, 'image')}; fitting no image: "
            f"{counted(labels.rows_without_image, 'row')}."
        )
    embedder = manifest.embedder
    out.markup(f"  Embedder: {embedder.key}, {embedder.precision} ({shown(embedder.reason)})")
    out.markup(f"  Index: {index.kind}, {_recall(index)}")


def _recall(index: IndexEntry) -> str:
    if index.kind == "exact":
        return "finds all nearest neighbours."
    return (
        f"finds {100 * index.recall:.1f} % of the true nearest {index.recall_at} "
        f"({index.nprobe} probes, {index.bytes_per_vector:.0f} bytes a vector)."
    )
