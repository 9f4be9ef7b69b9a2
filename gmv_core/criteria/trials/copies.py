"""The runs and sets that were made to judge a run: list them, delete them."""

from __future__ import annotations

from gmv_core.criteria.trials.corruption import COPY, location_of
from gmv_core.criteria.trials.findings import drop_findings
from gmv_core.results.opening import open_run
from gmv_core.store.records import readable
from gmv_core.store.workspace import Record, Workspace


def copies_of(workspace: Workspace, run: str, training: str) -> list[Record]:
    """Return the runs that were made to judge a run, then the copies of its training set."""
    from_here = (COPY, location_of(run, training))
    sets = set()
    for made in readable(workspace.sets()):
        source = made.sources[0]
        if (source.kind, source.location) == from_here:
            sets.add(made.name)
    runs = [
        made.name
        for made in readable(workspace.runs())
        # One that was stopped half-way is not marked yet.
        if made.judges == run or made.training.name in sets
    ]
    return [*map(workspace.run, runs), *map(workspace.image_set, sorted(sets))]


def drop_copies(workspace: Workspace, run: str) -> list[str]:
    """Delete what `copies_of` lists and return the names; what it found is forgotten with it."""
    with workspace.writing():
        result = open_run(workspace, run)
        gone = copies_of(workspace, run, result.training.name)
        for record in gone:
            workspace.drop(record)
        drop_findings(result)
        return [record.name for record in gone]
