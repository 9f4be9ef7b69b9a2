"""What the process of a job does besides its command: wait for its turn, tell how far it is."""

from __future__ import annotations

import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gmv_core.errors import GMVError
from gmv_core.jobs.control import drop_uploads
from gmv_core.jobs.job import PROGRESS, Step, end_job, find_job, list_jobs
from gmv_core.store.files import now, write_json
from gmv_core.store.workspace import Workspace
from gmv_core.types import Progress, Report

WRITE_SECONDS = 0.3  # progress is written this often at most
RATE_SECONDS = 20.0  # and its rate is that of the last so many seconds
TURN_SECONDS = 0.3  # between two looks at the queue


def work(workspace: Workspace, folder: Path, command: Callable[[], object], *, writes: bool) -> int:
    """Run the command of the job in `folder` to its end, whatever that is; return an exit status.

    writes: whether it writes in the workspace. Then it waits until those asked for earlier, and any
    other writer, are done.
    """
    try:
        if writes:
            with _turn(workspace, folder):
                command()
        else:
            _tell(folder, "running")
            command()
    except GMVError as error:
        print(f"Error: {error}", file=sys.stderr)
        end_job(folder, "failed", str(error))
        return 1
    except Exception as error:
        traceback.print_exc()
        end_job(
            folder,
            "failed",
            f"This is an error of the program ({type(error).__name__}: {error}); "
            f"{folder / 'log.txt'} says more.",
        )
        return 1
    end_job(folder, "done")
    drop_uploads(workspace, find_job(workspace, folder.name).uploads)
    return 0


@contextmanager
def _turn(workspace: Workspace, folder: Path) -> Iterator[None]:
    _tell(folder, "queued")
    while any(job.state == "queued" and job.id < folder.name for job in list_jobs(workspace)):
        time.sleep(TURN_SECONDS)
    with workspace.writing(wait=True):
        _tell(folder, "running")
        yield


def reporter(folder: Path) -> Report:
    """Return a report that keeps progress.json, with the rate of the last seconds."""
    stage = ""
    written = 0.0
    past: deque[tuple[float, int]] = deque()

    def report(step: Progress) -> None:
        nonlocal stage, written
        moment = time.monotonic()
        if step.stage != stage:
            stage, written = step.stage, 0.0
            past.clear()
        past.append((moment, step.done))
        while len(past) > 2 and moment - past[0][0] > RATE_SECONDS:
            past.popleft()
        if moment - written < WRITE_SECONDS:
            return
        written = moment
        seconds, count = moment - past[0][0], step.done - past[0][1]
        rate = count / seconds if seconds > 0 and count > 0 else None
        _tell(folder, "running", step, rate)

    return report


def _tell(
    folder: Path, state: str, step: Progress | None = None, rate: float | None = None
) -> None:
    step = step or Progress("", 0, None)
    told = Step(state, step.stage, step.done, step.total, rate, time.time(), now())
    write_json(folder / PROGRESS, msgspec.to_builtins(told))
