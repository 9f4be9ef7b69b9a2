"""The commands duplicates and stability: who is a near copy, and does an answer survive?"""

from __future__ import annotations

from typing import Annotated

import typer

from gmv_core.cli.options import Json, Root, workspace_at
from gmv_core.cli.output import Output, shown
from gmv_core.criteria.trials.stability import hold
from gmv_core.results.result import open_run
from gmv_core.trust.duplicates import ClustersRecord, find_clusters, members
from gmv_core.trust.sentences import clusters_sentence
from gmv_core.trust.stability import words
from gmv_core.words import number

MEMBERS = ["training", "size", "owners", "copy", "label", "owner"]
LEAST_STABLE = 10


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
    out.markup(f"[bold]{shown(name)}[/]: {clusters_sentence(record)}")
    if len(table):
        out.frame("Clusters of near copies", table.head(limit)[MEMBERS])


def stability_command(run: str, workspace: Root = None, json: Json = False) -> None:
    """Value a run by every ready distance, and tell whose first contributor holds."""
    out, place = Output(json), workspace_at(workspace)
    with out.progress() as report:
        found = hold(place, run, report=report)
    table = open_run(place, run).generated_table(("generated", "stability", "same_first"))
    if out.document({"run": run, "readings": found.readings, "images": table.to_dict("records")}):
        return
    known = table[table["stability"].notna()]
    out.markup(
        f"[bold]{shown(run)}[/]: read by {', '.join(found.readings)}; mean stability "
        f"{number(float(known['stability'].mean()))}, from 0 to 1."
    )
    least = known.sort_values("stability", kind="stable").head(LEAST_STABLE)
    least = least.assign(
        holds=[words(int(n), len(found.readings)) for n in least["same_first"]]
    ).drop(columns="same_first")
    out.frame("The least stable", least)
