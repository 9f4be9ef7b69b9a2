"""Jobs: real processes that start, wait for their turn, end, are killed, and are resumed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from gmv_core import WorkspaceError, build, open_source
from gmv_core.jobs import control, requests
from gmv_core.jobs.job import INTERRUPTED, Job, end_job, find_job, list_jobs, requested
from gmv_core.jobs.worker import reporter, work
from gmv_core.store.files import write_json
from gmv_core.store.workspace import Workspace
from gmv_core.types import Progress
from tests.fakes import fake_embedder, write_images


def wait_for(workspace: Workspace, job: Job, *states: str, seconds: float = 120) -> Job:
    """Return the job once it is in one of the states."""
    end = time.monotonic() + seconds
    while (found := find_job(workspace, job.id)).state not in states:
        assert time.monotonic() < end, f"still {found}"
        time.sleep(0.05)
    return found


def pid_of(workspace: Workspace, job: Job) -> int:
    folder = workspace.root / "jobs" / job.id
    request = requested(folder)
    assert request is not None
    return request.pid


@pytest.fixture
def blocked(workspace: Workspace, tmp_path: Path) -> Callable[[], Job]:
    """Start a build that runs, without any work, until its label table can be read."""
    write_images(tmp_path / "train", 20)
    os.mkfifo(tmp_path / "labels.csv")

    def start() -> Job:
        job = control.start(
            workspace,
            ["build", str(tmp_path / "train"), "--name", "slow", "--labels",
             str(tmp_path / "labels.csv")],
            title="Building slow",
            target="slow",
        )  # fmt: skip
        return wait_for(workspace, job, "running")

    return start


def test_a_job_runs_to_its_end_and_its_uploads_go(workspace: Workspace, tmp_path: Path) -> None:
    source = open_source(write_images(tmp_path / "train", 20))
    build(workspace, source, name="old", embedder=fake_embedder())
    uploads = workspace.root / "uploads" / "one"
    uploads.mkdir(parents=True)
    job = control.start(workspace, ["delete", "old"], title="Deleting", target="x", uploads=uploads)
    assert job.state == "queued" and job.active
    done = wait_for(workspace, job, "done", "failed")
    assert (done.state, done.message, done.title, done.target) == ("done", "", "Deleting", "x")
    assert workspace.sets() == []
    end = time.monotonic() + 60
    while uploads.exists():  # they go just after the job is done
        assert time.monotonic() < end
        time.sleep(0.02)
    assert [j.id for j in list_jobs(workspace)] == [job.id]


def test_a_failure_is_the_sentence_of_its_error(workspace: Workspace, tmp_path: Path) -> None:
    uploads = workspace.root / "uploads" / "one"
    uploads.mkdir(parents=True)
    job = control.start(workspace, ["delete", "none"], title="D", target="none", uploads=uploads)
    failed = wait_for(workspace, job, "failed", "done")
    assert failed.message.startswith("There is no set or run named 'none'")
    assert uploads.exists(), "it can be resumed"
    control.forget(workspace, job.id)
    assert not uploads.exists()
    assert list_jobs(workspace) == []
    with pytest.raises(WorkspaceError, match="There is no job"):
        find_job(workspace, job.id)


def test_a_job_imports_nothing_from_the_folder_it_is_started_in(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise RuntimeError('imported from where it was called')")
    monkeypatch.chdir(tmp_path)
    job = control.start(workspace, ["list"], title="Listing", target="x")
    assert wait_for(workspace, job, "done", "failed", "interrupted").state == "done"


def test_an_error_of_the_program_names_its_log(workspace: Workspace) -> None:
    job = control.start(workspace, ["delete"], title="D", target="none")  # an argument is missing
    failed = wait_for(workspace, job, "failed", "done")
    assert failed.message.startswith("This is an error of the program (MissingParameter")
    log = Path(failed.message.split("; ")[-1].removesuffix(" says more."))
    assert "Traceback" in log.read_text()


def test_it_survives_its_starter_and_cancel_kills_it(
    workspace: Workspace, blocked: Callable[[], Job]
) -> None:
    job = blocked()
    process = psutil.Process(pid_of(workspace, job))
    assert os.getsid(process.pid) != os.getsid(0), "a session of its own"
    cancelled = control.cancel(workspace, job.id)
    assert (cancelled.state, cancelled.message) == ("cancelled", "")
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert control.cancel(workspace, job.id) == cancelled, "a second time changes nothing"
    with workspace.writing():
        pass  # the lock is free


def test_the_same_again_is_the_same_job_and_other_work_on_it_is_refused(
    workspace: Workspace, blocked: Callable[[], Job]
) -> None:
    job = blocked()
    assert blocked().id == job.id
    with pytest.raises(WorkspaceError, match=r"'slow' is being worked on \(Building slow\)"):
        control.start(workspace, ["delete", "slow"], title="Deleting", target="slow")
    with pytest.raises(WorkspaceError, match="cancel that first"):
        requests.delete(workspace, "slow")
    control.cancel(workspace, job.id)


def test_a_second_writer_waits_for_its_turn(
    workspace: Workspace, blocked: Callable[[], Job]
) -> None:
    first = blocked()
    second = control.start(workspace, ["delete", "none"], title="D", target="none")
    third = control.start(workspace, ["delete", "none2"], title="D", target="none2")
    reads = control.start(workspace, ["list"], title="L", target="list")
    assert wait_for(workspace, reads, "done", "failed").state == "done", "it need not wait"
    assert wait_for(workspace, second, "queued", "failed").state == "queued"
    assert [j.id for j in list_jobs(workspace)] == [reads.id, third.id, second.id, first.id]
    control.cancel(workspace, first.id)
    second, third = (wait_for(workspace, job, "failed") for job in (second, third))
    folder = workspace.root / "jobs"
    ended = [(folder / job.id / "outcome.json").stat().st_mtime_ns for job in (second, third)]
    assert ended == sorted(ended), "in the order of asking"


@pytest.mark.models
def test_killed_it_is_interrupted_and_resumes_to_the_end(
    workspace: Workspace, blocked: Callable[[], Job], tmp_path: Path
) -> None:
    job = blocked()
    psutil.Process(pid_of(workspace, job)).kill()
    found = wait_for(workspace, job, "interrupted")
    assert found.message == INTERRUPTED and found.seconds_left is None
    (tmp_path / "labels.csv").unlink()
    (tmp_path / "labels.csv").write_text("name,owner\nclass0/0000.png,Ada\n")
    again = control.resume(workspace, job.id)
    assert (again.id, again.arguments) == (job.id, job.arguments)
    assert wait_for(workspace, job, "done", "failed").message == ""
    assert workspace.image_set("slow").manifest().counts.owners == 1
    assert control.resume(workspace, job.id).state == "done", "nothing is left to do"
    requests.delete(workspace, "slow")
    assert workspace.sets() == [] and list_jobs(workspace) == []


@pytest.mark.usefixtures("heeded")
def test_an_interrupt_is_no_end(workspace: Workspace, blocked: Callable[[], Job]) -> None:
    job = blocked()
    psutil.Process(pid_of(workspace, job)).send_signal(signal.SIGINT)
    assert wait_for(workspace, job, "interrupted", "done", "failed").message == INTERRUPTED


def test_without_its_uploads_it_cannot_be_resumed(workspace: Workspace) -> None:
    uploads = workspace.root / "uploads" / "gone"
    job = control.start(workspace, ["delete", "none"], title="D", target="none", uploads=uploads)
    wait_for(workspace, job, "failed")
    with pytest.raises(WorkspaceError, match="The uploads of 'none' are gone; bring"):
        control.resume(workspace, job.id)


def test_another_process_of_the_same_number_is_not_the_job(workspace: Workspace) -> None:
    folder = workspace.root / "jobs" / "20200101-000000-000000-abcd"
    asked = {"title": "t", "target": "x", "arguments": ["list"], "uploads": "", "started": "s"}
    me = psutil.Process()
    write_json(folder / "job.json", {**asked, "pid": me.pid, "created": me.create_time() - 50})
    assert find_job(workspace, folder.name).state == "interrupted"
    write_json(folder / "job.json", {**asked, "pid": me.pid, "created": me.create_time()})
    assert find_job(workspace, folder.name).state == "queued"


def started_here(workspace: Workspace, second: int = 0) -> Path:
    """Return the folder of a job whose process is this one; second: of its start."""
    folder = workspace.root.absolute() / "jobs" / f"20200101-00000{second}-000000-abcd"
    me = psutil.Process()
    asked = {"title": "List", "target": "x", "arguments": ["list"], "uploads": "", "started": "s"}
    write_json(folder / "job.json", {**asked, "pid": me.pid, "created": me.create_time()})
    return folder


@pytest.mark.parametrize("broken", ["", "[]", "{", '{"title": "t"}', '{"title": 3}', "\xff"])
def test_a_job_that_cannot_be_read_costs_itself_alone(workspace: Workspace, broken: str) -> None:
    started_here(workspace, second=1)
    folder = workspace.root / "jobs" / "20200101-000000-000000-abcd"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(broken, encoding="latin-1")
    assert [job.title for job in list_jobs(workspace)] == ["List"]
    with pytest.raises(WorkspaceError, match="There is no job"):
        find_job(workspace, folder.name)
    write_json(folder / "job.json", {"title": "t", "target": "x", "arguments": ["list"]})
    (folder / "outcome.json").write_text(broken, encoding="latin-1")
    (folder / "progress.json").write_text(broken, encoding="latin-1")
    assert find_job(workspace, folder.name).state == "interrupted"


@pytest.mark.parametrize("id", ["", "..", "../../sets/demo", "20200101"])
def test_only_an_id_is_an_id(workspace: Workspace, id: str) -> None:
    with pytest.raises(WorkspaceError, match="is no job's id"):
        control.forget(workspace, id)


def test_uploads_outside_the_workspace_are_never_removed(
    workspace: Workspace, tmp_path: Path
) -> None:
    precious = tmp_path / "photos"
    precious.mkdir()
    control.drop_uploads(workspace, precious)
    assert precious.exists()


def test_old_finished_jobs_are_forgotten(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "KEPT_DONE", 1)
    older, old = (started_here(workspace, second) for second in (1, 2))
    for folder in (older, old):
        end_job(folder, "done")
    job = control.start(workspace, ["list"], title="List", target="c")
    assert [found.id for found in list_jobs(workspace)] == [job.id, old.name]
    assert wait_for(workspace, job, "done", "failed").state == "done"


def test_rate_and_time_left_are_those_of_the_last_seconds(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = started_here(workspace)
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "time", lambda: clock[0])
    report = reporter(folder)

    def step(seconds: float, progress: Progress) -> Job:
        clock[0] += seconds
        report(progress)
        return find_job(workspace, folder.name)

    first = step(0, Progress("embed", 500, 2000))
    assert (first.state, first.stage, first.done, first.total) == ("running", "embed", 500, 2000)
    assert first.rate is None and first.seconds_left is None, "what a resumed job finds is no pace"
    job = step(10, Progress("embed", 600, 2000))
    assert job.rate == 10 and job.seconds_left == 140
    clock[0] += 40
    assert find_job(workspace, folder.name).seconds_left == 100
    job = step(10, Progress("embed", 1600, 2000))
    assert job.rate == 20 and job.seconds_left == 20, "the slow start is forgotten"
    assert step(0.1, Progress("embed", 1700, 2000)).done == 1600, "not written that often"
    job = step(0.1, Progress("index", 0, None))
    assert (job.stage, job.total, job.rate, job.seconds_left) == ("index", None, None, None)


def test_the_process_side_tells_how_it_ended(workspace: Workspace) -> None:
    folder = started_here(workspace)
    seen = []
    assert (
        work(workspace, folder, lambda: seen.append(find_job(workspace, folder.name)), writes=True)
        == 0
    )
    assert seen[0].state == "running"
    assert find_job(workspace, folder.name).state == "done"
    assert work(workspace, folder, lambda: 1 / 0, writes=False) == 1
    job = find_job(workspace, folder.name)
    assert job.state == "failed" and "(ZeroDivisionError: division by zero)" in job.message
