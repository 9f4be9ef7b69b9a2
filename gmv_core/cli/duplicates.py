"""The command duplicates: which training images are near copies of each other."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from gmv_core.cli.options import Json, Root, workspace_at
from gmv_core.cli.output import Output
from gmv_core.trust.duplicates import ClustersRecord, find_clusters, members
from gmv_core.trust.sentences import clusters_sentence

SHOWN = ["training", "size", "owners", "copy", "label", "owner"]


def duplicates_command(
    name: Annotated[str, typer.Argument(help="Name of a training set.")],
    limit: Annotated[int, typer.Option(help="How many rows.", min=1)] = 50,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Find near copies among training images; clusters across owners come first."""
    out, place = Output(json), workspace_at(workspace)
    with out.progress() as report:
        record: ClustersRecord = find_clusters(place, name, report=report)
    table = members(place.image_set(name))
    told = {"clusters": record.clusters, "extra": record.extra, "exact": record.exact}
    if out.document({"name": name, **told, "images": table.to_dict("records")}):
        return
    out.markup(f"[bold]{escape(name)}[/]: {clusters_sentence(record)}")
    if len(table):
        out.frame("Clusters of near copies", table.head(limit)[SHOWN])
