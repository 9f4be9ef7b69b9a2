"""The writer's lease: one holder at a time, taken over from the dead, and lost without renewal."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from gmv_core import Workspace, WorkspaceError
from gmv_core.store.remote import lease
from gmv_core.store.remote.lease import Holder, confirm, leased
from gmv_core.store.remote.objects import ObjectPath
from gmv_core.store.tables.table import Table
from tests.fakes import set_manifest
from tests.store.remote.leases import lock_of, outdate, outdated

ROOT = Path(__file__).parents[3]
COUNTING = """
import sys, time
from gmv_core import Workspace
import pytest
from tests.store.remote.leases import renew_often
renew_often(pytest.MonkeyPatch())
place = Workspace(sys.argv[1])
count = place.root / "count"
for _ in range(4):
    with place.writing(wait=True):
        seen = int(count.read_text()) if count.is_file() else 0
        time.sleep(0.05)
        assert count.put(str(seen + 1).encode(), over=count.etag() if seen else None)
"""
HOLDING = """
import sys, time
from gmv_core import Workspace
import pytest
from tests.store.remote.leases import renew_often
renew_often(pytest.MonkeyPatch())
with Workspace(sys.argv[1]).writing():
    print("held", flush=True)
    time.sleep(600)
"""


def started(code: str, place: Workspace) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(place.root)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def until_lost(table: Table) -> None:
    """Wait until who holds the lease sees that another one took it."""
    with pytest.raises(WorkspaceError, match="was lost: it could not be renewed"):
        while True:
            confirm(table.path)
            time.sleep(0.05)


def test_processes_at_once_write_one_after_another(place: Workspace) -> None:
    counting = [started(COUNTING, place) for _ in range(2)]
    assert [process.wait(timeout=120) for process in counting] == [0, 0]
    assert (place.root / "count").read_text() == "8"


def test_a_holder_that_lives_is_respected_and_a_killed_one_replaced(place: Workspace) -> None:
    process = started(HOLDING, place)
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        with pytest.raises(WorkspaceError, match="Another build or run is writing in s3://"):
            with place.writing():
                pass
    finally:
        process.kill()
        process.communicate()
    outdate(place)
    with place.writing():
        confirm(lock_of(place))


def test_a_lease_that_is_not_renewed_ends_by_the_stores_clock(place: Workspace) -> None:
    lock = lock_of(place)
    lock.put(msgspec.json.encode(Holder("of a dead one", seconds=1.0)), over=None)
    began = time.monotonic()
    with place.writing():
        assert time.monotonic() - began > 1.0 and b"of a dead one" not in lock.read_bytes()


def test_a_thread_holds_it_more_than_once_and_another_thread_waits(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def other() -> None:
        with place.writing(wait=True):
            seen.append("other")

    looked, look = threading.Event(), lease._look

    def looking(path: ObjectPath) -> lease.Seen:
        found = look(path)
        looked.set()
        return found

    with place.writing():
        with place.writing():
            seen.append("inner")
        monkeypatch.setattr(lease, "_look", looking)
        thread = threading.Thread(target=other)
        thread.start()
        assert looked.wait(timeout=60)
        seen.append("outer")
    thread.join(timeout=60)
    assert seen == ["inner", "outer", "other"]


def test_who_lost_it_writes_no_more(place: Workspace) -> None:
    table = Table(place.root / "some.lance")
    with place.writing():
        table.append(pa.table({"id": [0]}))
        lock = lock_of(place)
        lock.put(b'{"token": "another"}', over=lock.etag())  # as who takes it over
        until_lost(table)
        with pytest.raises(WorkspaceError, match="was lost"):
            table.append(pa.table({"id": [1]}))
        anothers = ObjectPath(f"{place.root}/sets/new/images.lance/data")
        anothers.put(b"of a set that is being made", over=None)
        with pytest.raises(WorkspaceError, match="was lost"):
            place.image_set("new").write_manifest(set_manifest("new"))
    assert len(table) == 1 and anothers.exists()
    assert lock.read_bytes() == b'{"token": "another"}'  # and does not let go of another's


def test_another_thread_that_took_it_over_lends_it_to_nobody(place: Workspace) -> None:
    table, lock = Table(place.root / "some.lance"), lock_of(place)
    taken, ended = threading.Event(), threading.Event()

    def other() -> None:
        with place.writing(wait=True):
            taken.set()
            ended.wait(timeout=60)
            table.append(pa.table({"id": [0]}))  # its own still holds when the first one is gone

    with place.writing():
        lock.put(outdated(), over=lock.etag())
        thread = threading.Thread(target=other)
        thread.start()
        assert taken.wait(timeout=60)
        until_lost(table)
        with pytest.raises(WorkspaceError, match="was lost"):
            table.append(pa.table({"id": [1]}))
    ended.set()
    thread.join(timeout=60)
    assert table.read(["id"])["id"].to_pylist() == [0]
    with place.writing():
        confirm(lock)


def test_who_cannot_renew_it_in_time_writes_no_more(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.writing():
        confirm(lock_of(place))
        with monkeypatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # nobody answers there
            later = time.monotonic() + lease.LEASE_SECONDS
            patch.setattr(lease, "time", SimpleNamespace(monotonic=lambda: later))
            with pytest.raises(WorkspaceError, match="was lost"):
                confirm(lock_of(place))


def test_a_write_whose_answer_was_lost_counts(place: Workspace) -> None:
    lock = lock_of(place)
    with leased(lock, seconds=0, busy="busy"):
        pass
    mark = lock.etag()
    assert lock.put(b"first", over=mark) and lock.put(b"second", over=mark) is None
    assert lock.put(b"third", over=None) is None
    assert lock.read_bytes() == b"first"


def test_what_is_no_lease_is_taken_when_it_is_old(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", 1.0)  # how old; it is not held for as long as that
    lock = lock_of(place)
    lock.put(b"not ours", over=None)
    with place.writing():
        assert lock.read_bytes() != b"not ours"


def test_a_lock_file_copied_from_a_disk_is_nobodys(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE_SECONDS", 600.0)
    lock_of(place).put(b"", over=None)
    with place.writing():
        confirm(lock_of(place))


def test_a_store_that_passes_over_conditions_is_refused(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DomainDispatcherApplication(create_backend_app)

    def careless(environ: dict[str, Any], start: Any) -> Any:  # noqa: ANN401  (of WSGI)
        for condition in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
            environ.pop(condition, None)
        return store(environ, start)

    server = make_server("127.0.0.1", 0, careless, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
    try:
        with pytest.raises(WorkspaceError, match="does not keep to conditional writes"):
            with place.writing():
                pass
    finally:
        server.shutdown()
