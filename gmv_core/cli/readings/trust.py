"""The commands duplicates, find and stability: who is a near copy, and does an answer survive?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from gmv_core.cli.options import Json, On, RayAddress, Root, local_path, workspace_at
from gmv_core.cli.output import Output, shown
from gmv_core.cluster.workers import HERE, workers_on
from gmv_core.criteria.trials.stability import hold
from gmv_core.results.opening import open_run
from gmv_core.results.stability import share_ranges
from gmv_core.sources.source import file_content
from gmv_core.store.tables.kept import Kept
from gmv_core.trust.duplicates import ClustersRecord, find_clusters, members
from gmv_core.trust.finding import find_picture, open_finder
from gmv_core.trust.sentences import clusters_sentence
from gmv_core.words import number, percent, share_text

FOUND = ["training", "row", "how", "distance", "label", "owner"]
MEMBERS = ["training", "size", "owners", "copy", "label", "owner"]
LEAST_STABLE = 10


def duplicates_command(
    name: Annotated[str, typer.Argument(help="Name of a training set.")],
    limit: Annotated[int, typer.Option(help="How many rows.", min=1)] = 50,
    on: On = HERE,
    ray_address: RayAddress = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Find near copies among training images; clusters across owners come first."""
    out, place = Output(json), workspace_at(workspace)
    with workers_on(on, ray_address) as workers, out.progress() as report:
        record: ClustersRecord = find_clusters(place, name, report=report, workers=workers)
    table = members(place.image_set(name))
    told = {"clusters": record.clusters, "extra": record.extra, "exact": record.exact}
    if out.document({"name": name, **told, "images": table.to_dict("records")}):
        return
    out.markup(f"[bold]{shown(name)}[/]: {clusters_sentence(record)}")
    if len(table):
        out.frame("Clusters of near copies", table.head(limit)[MEMBERS])


def find_command(
    file: Annotated[Path, typer.Argument(parser=local_path, help="A picture, an image file.")],
    run: Annotated[str, typer.Option(help="A finished run; its training set is searched.")],
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Find a picture, or near copies of it, in a run's training set, and what it earned there."""
    out, result = Output(json), open_run(workspace_at(workspace), run, kept=Kept())
    sought = find_picture(open_finder(result.training), file_content(file))
    found = pd.DataFrame([asdict(one) for one in sought.found], columns=FOUND)
    earned = result.values_table(("training", "value", "times_contributor"))
    table = found.merge(earned, on="training", how="left")
    told = {"sentence": sought.sentence, "nearest": asdict(sought.nearest)}
    if out.document({"run": run, **told, "found": table.to_dict("records")}):
        return
    out.words(sought.sentence)
    if len(table):
        total = earned["value"].sum()
        share = percent(float(table["value"].sum() / total)) if total else "nothing"
        out.frame("Found, with its value", table.drop(columns="row"))
        out.words(f"That is {share} of the value of all training images in {run}.")


def stability_command(run: str, workspace: Root = None, json: Json = False) -> None:
    """Value a run by every ready distance and embedder, and tell whose first contributor holds."""
    out, place = Output(json), workspace_at(workspace)
    with out.progress() as report:
        found = hold(place, run, report=report)
    result = open_run(place, run, kept=Kept())
    table = result.generated_table(("generated", "stability", "same_first"))
    low, high = share_ranges(result.run, result.settings, basis=result.basis)
    table = table.assign(share_low=low, share_high=high)
    if out.document({"run": run, "readings": found.readings, "images": table.to_dict("records")}):
        return
    known = table[table["stability"].notna()]
    out.markup(
        f"[bold]{shown(run)}[/]: read by {', '.join(found.readings)}; mean stability "
        f"{number(float(known['stability'].mean()))}, from 0 to 1."
    )
    least = known.sort_values("stability", kind="stable").head(LEAST_STABLE)
    ways = len(found.readings)
    columns = {
        "first contributor": [f"under {int(n)} of {ways} ways" for n in least["same_first"]],
        "its share": [
            f"{share_text(low)} to {share_text(high)}"
            for low, high in zip(least["share_low"], least["share_high"], strict=True)
        ],
    }
    least = least[["generated", "stability"]].assign(**columns)
    out.words("The first contributor's share is of the credit, with k and τ a half to twice the "
              "run's and τ by the spread.")  # fmt: skip
    out.frame("The least stable", least)
