"""`gmv …`, the same as `python -m gmv_core …`: the one place where an error becomes a sentence.

Exit status: 0 done, 1 a GMVError (one sentence on stderr), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import warnings
from functools import partial
from pathlib import Path

import typer

from gmv_core.cli.interrupt import INTERRUPTED, interruptible
from gmv_core.cli.lazy import LazyGroup
from gmv_core.errors import GMVError
from gmv_core.place import JOB_FOLDER

# Where each command is; its module is imported when it is called.
COMMANDS: dict[str, str] = {
    "build": "sets.build_command",
    "add": "sets.add_command",
    "remove": "sets.remove_command",
    "value": "runs.value_command",
    "label": "sets.label_command",
    "watch": "runs.watch_command",
    "show": "readings.show.show_command",
    "noisy": "readings.noisy.noisy_command",
    "owner": "audit.owners.owner_command",
    "statement": "audit.owners.statement_command",
    "compare": "readings.compare.compare_command",
    "duplicates": "readings.trust.duplicates_command",
    "find": "readings.trust.find_command",
    "stability": "readings.trust.stability_command",
    "influence": "readings.influence.influence_command",
    "regions": "readings.regions.regions_command",
    "map": "selections.map_command",
    "selections": "selections.selections_command",
    "criteria": "criteria.criteria_command",
    "export": "runs.export_command",
    "evidence": "audit.evidence.evidence_command",
    "verify": "audit.evidence.verify_command",
    "keys": "audit.evidence.keys_command",
    "list": "workspace.list_command",
    "check": "workspace.check_command",
    "delete": "workspace.delete_command",
    "vacuum": "workspace.vacuum_command",
    "demo": "workspace.demo_command",
    "app": "app.app_command",
    "models": "models.models_app",
    "review": "audit.review.review_app",
}
# Commands that write in no workspace.
READING = (
    "list", "show", "noisy", "owner", "compare", "export", "models", "app", "check", "evidence",
    "verify", "keys", "statement", "find", "selections",
)  # fmt: skip

app = typer.Typer(
    help="Which training images is each generated image closest to, and how is credit spread?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class _Group(LazyGroup):
    places = COMMANDS


@app.callback(cls=_Group)
def _group() -> None: ...


def main() -> None:
    """Run the command line.

    As the process of a job (see jobs/control.py), the sentence goes into the job's outcome instead;
    an interrupted job has none.
    """
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")  # of odd metadata
    job = os.environ.get(JOB_FOLDER)
    try:
        if job:
            from gmv_core.jobs.worker import work
            from gmv_core.store.workspace import Workspace, default_root

            command = partial(_run, standalone_mode=False)
            place = Workspace(default_root())
            sys.exit(work(place, Path(job), command, writes=sys.argv[1] not in READING))
        _run()
    except GMVError as error:
        from gmv_core.cli.output import Output

        Output("--json" in sys.argv).error(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        from gmv_core.cli.output import Output

        Output(False).say("Stopped; what was done is kept, the same command goes on.")
        sys.exit(INTERRUPTED)


def _run(**given: bool) -> None:
    with interruptible():
        app(**given)
