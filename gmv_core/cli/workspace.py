"""Commands about the workspace: list, delete, check, vacuum, demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import pandas as pd
import typer

from gmv_core.audit.review.reviews import kept_sentence
from gmv_core.cli.options import Json, Root, workspace_at
from gmv_core.cli.output import Output, shown
from gmv_core.cli.readings.show import print_run
from gmv_core.demo import make
from gmv_core.jobs.deletion import delete
from gmv_core.jobs.vacuum import vacuum
from gmv_core.results.opening import open_run
from gmv_core.sets.soundness import damage
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import RunManifest, SetManifest
from gmv_core.store.records import readable
from gmv_core.store.tables.kept import Kept
from gmv_core.store.workspace import Record
from gmv_core.words import counted, size_text


def list_command(workspace: Root = None, json: Json = False) -> None:
    """List the sets and runs of the workspace."""
    place, out = workspace_at(workspace), Output(json)
    unreadable: dict[Record, str] = {}
    _print_list(out, readable(place.sets(), unreadable), readable(place.runs(), unreadable))
    for why in unreadable.values():
        out.say(why)


def delete_command(name: str, workspace: Root = None, json: Json = False) -> None:
    """Delete a set, or a run with what was made for it alone; a set that a run uses is kept."""
    out, place = Output(json), workspace_at(workspace)
    kind = delete(place, name)
    kept = kept_sentence(place, name) if kind == "run" else ""
    if not out.document({"deleted": name, "kind": kind} | ({"kept": kept} if kept else {})):
        out.markup(f"The {kind} {shown(name)} is deleted. {shown(kept)}".strip())


def check_command(name: str, workspace: Root = None, json: Json = False) -> None:
    """Read a set or a run to its end and say what of it is damaged; 1 where something is."""
    out, place = Output(json), workspace_at(workspace)
    records: list[Record] = [place.run(name), place.image_set(name)]
    found = [record for record in records if record.exists()] or records[1:]
    said = {record.kind: damage(record) for record in found}
    if not out.document({"name": name, "sound": not any(said.values()), "damage": said}):
        for kind, sentences in said.items():
            if not sentences:
                out.markup(f"The {kind} {shown(name)} is sound.")
            for sentence in sentences:
                out.words(sentence)
        if any(said.values()):
            out.words("Give the command that made it again: it repairs what can be made again.")
    if any(said.values()):
        raise typer.Exit(1)


def vacuum_command(
    name: Annotated[str, typer.Argument(help="Name of a set; every set, if not given.")] = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Erase what is still stored of removed images, and say what is left of them elsewhere."""
    out = Output(json)
    with out.progress() as report:
        found = vacuum(workspace_at(workspace), name, report=report)
    if out.document(asdict(found)):
        return
    images = counted(sum(found.erased.values()), "removed image")
    out.words(f"Erased: {images}; {size_text(max(0, found.freed_bytes))} less on the disk.")
    for sentence in found.left:
        out.say(sentence)


def demo_command(workspace: Root = None, json: Json = False) -> None:
    """Draw, build and value the demo, offline."""
    out = Output(json)
    place = workspace_at(workspace)
    with out.progress() as report:
        manifest = make.make_demo(place, report=report)
    print_run(out, manifest, open_run(place, make.DEMO_RUN, kept=Kept()))


def _print_list(out: Output, sets: Sequence[SetManifest], runs: Sequence[RunManifest]) -> None:
    if out.document({"sets": [as_json(m) for m in sets], "runs": [as_json(m) for m in runs]}):
        return
    if not sets:
        out.markup(
            "Nothing here yet. Start with `python -m gmv_core demo`, or "
            "`python -m gmv_core build FOLDER --name NAME`."
        )
        return
    keep = [
        {
            "set": m.name,
            "state": m.state,
            "images": m.counts and m.counts.ok,
            "rejected": m.counts and m.counts.rejected,
            "labels": m.counts and m.counts.labels,
            "owners": m.counts and m.counts.owners,
            "embedder": m.embedder.key,
        }
        for m in sets
    ]
    out.frame("Image sets", pd.DataFrame(keep))
    done = [
        {
            "run": m.name,
            "state": m.state,
            "training": m.training.name,
            "generated": m.generated.name,
            "images": m.generated.images,
            "k": m.value.k,
            "distance": m.matching.distance,
            "quality": m.judging.quality,
        }
        for m in runs
    ]
    if done:
        out.frame("Runs", pd.DataFrame(done))
