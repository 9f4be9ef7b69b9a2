"""The command stability: does a run's answer survive another distance?"""

from __future__ import annotations

from rich.markup import escape

from gmv_core.cli.options import Json, Root, workspace_at
from gmv_core.cli.output import Output
from gmv_core.criteria.trials.stability import hold
from gmv_core.results.result import open_run
from gmv_core.trust.stability import words
from gmv_core.words import number

SHOWN = 10


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
        f"[bold]{escape(run)}[/]: read by {', '.join(found.readings)}; mean stability "
        f"{number(float(known['stability'].mean()))}, from 0 to 1."
    )
    shown = known.sort_values("stability", kind="stable").head(SHOWN)
    shown = shown.assign(
        holds=[words(int(n), len(found.readings)) for n in shown["same_first"]]
    ).drop(columns="same_first")
    out.frame("The least stable", shown)
