"""A lock on an object store: an object that its holder renews, and that others may take when not.

It is made and taken over by conditional writes, so that of two who ask at once one gets it. Its age
is told by the store's own clock. A holder that could not renew it in time stops before it writes
again: by then another one may have it.
"""

from __future__ import annotations

import os
import platform
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import msgspec

from gmv_core.errors import WorkspaceError
from gmv_core.store.remote.objects import ObjectPath

LEASE_SECONDS = 30.0
_RENEW = 1 / 6  # of that, until it is renewed
_MARGIN = 1 / 6  # of that, left at least when something is written
_CLOCK_SECONDS = 2.0  # the store tells its times in whole seconds
_LOOK_SECONDS = 0.5


class Holder(msgspec.Struct, frozen=True):
    """What is in the object. token: of one holding, "" when it was let go. seconds: it lasts."""

    token: str
    holder: str = ""
    seconds: float = LEASE_SECONDS
    renewed: int = 0


class Seen(NamedTuple):
    """What was found. mark: changes when it is renewed. free: whether it may be taken."""

    mark: str | None
    free: bool


class _Lease:
    """A lease that this process holds."""

    def __init__(self, path: ObjectPath, token: str, mark: str, asked: float) -> None:
        self.path, self.token, self.mark = path, token, mark
        self.until = asked + LEASE_SECONDS  # by this process's clock, from before it was asked for
        self.lost = False
        self.thread, self.depth = threading.get_ident(), 1
        self._done = threading.Event()
        self._renewing = threading.Thread(target=self._renew, daemon=True)
        self._renewing.start()

    def _renew(self) -> None:
        renewed = 0
        while not self._done.wait(LEASE_SECONDS * _RENEW) and not self.lost:
            renewed += 1
            asked = time.monotonic()
            try:
                mark = _put(self.path, _content(self.token, renewed), over=self.mark)
            except WorkspaceError:  # asked again until it is too late
                continue
            if mark is None:
                self.lost = True
            else:
                self.mark, self.until = mark, asked + LEASE_SECONDS

    def release(self) -> None:
        self._done.set()
        self._renewing.join()
        try:
            self.path.put(msgspec.json.encode(Holder("")), over=self.mark)
        except WorkspaceError:  # it ends by itself
            return


_held: dict[tuple[ObjectPath, int], _Lease] = {}  # by thread: one may have lost it to another
_guard = threading.Lock()


@contextmanager
def leased(path: ObjectPath, *, seconds: float, busy: str) -> Iterator[None]:
    """Hold a lease; raise WorkspaceError with the sentence `busy` where another keeps it.

    seconds: to wait for another holder, −1 for as long as it takes; at least as long as it takes to
    see that the other one renews it: a killed one does not, and its lease is taken over.
    """
    lease = _again(path) or _take(path, seconds, busy)
    try:
        yield
    finally:
        with _guard:
            lease.depth -= 1
            if lease.depth == 0:
                del _held[path, lease.thread]
        if lease.depth == 0:
            lease.release()


def confirm(path: ObjectPath) -> None:
    """Raise WorkspaceError where a lease that covers a path ran out while this process held it.

    To be asked before each write. A lease covers the folder in which its object lies. Who holds it
    himself is judged by his own, for another thread may have taken it over.
    """
    inside, me = f"{path}/", threading.get_ident()
    with _guard:
        held = [lease for (at, _), lease in _held.items() if inside.startswith(f"{at.parent}/")]
    for lease in [lease for lease in held if lease.thread == me] or held:
        if lease.lost or time.monotonic() > lease.until - LEASE_SECONDS * _MARGIN:
            raise WorkspaceError(
                f"The right to write in {lease.path.parent} was lost: it could not be renewed for "
                f"{LEASE_SECONDS:.0f} seconds, and another process may be writing; what was "
                "committed is kept. Give the same command again."
            )


def _again(path: ObjectPath) -> _Lease | None:
    """Return the lease that this thread holds already, one level deeper."""
    with _guard:
        lease = _held.get((path, threading.get_ident()))
        if lease is not None:
            lease.depth += 1
        return lease


def _take(path: ObjectPath, seconds: float, busy: str) -> _Lease:
    token, began, first = secrets.token_hex(8), time.monotonic(), None
    while True:
        asked = time.monotonic()
        seen = _look(path)
        if seen.free:
            content = _content(token, 0)
            mark = _put(path, content, over=seen.mark)
            if mark is not None:
                _check_conditions(path, content)
                lease = _Lease(path, token, mark, asked)
                with _guard:
                    _held[path, lease.thread] = lease
                return lease
        else:
            first = first or seen.mark
            if seen.mark != first and 0 <= seconds < time.monotonic() - began:
                raise WorkspaceError(busy)
        time.sleep(_LOOK_SECONDS)


def _check_conditions(path: ObjectPath, content: bytes) -> None:
    """Raise WorkspaceError where the store writes over what is there though told not to."""
    if path.put(content, over=None) is not None:
        raise WorkspaceError(
            f"The object store of {path.parent} does not keep to conditional writes (If-None-Match "
            "and If-Match), so nothing tells two writers apart; use one that does, or a folder."
        )


def _look(path: ObjectPath) -> Seen:
    """Return the state of a lease, its age by the store's own clock."""
    try:
        with path.answered():
            found = path.call("head_object")
            holder = _holder(path.read_bytes())
    except FileNotFoundError:
        return Seen(None, True)
    told = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
    age = (told - found["LastModified"]).total_seconds()
    lasts = holder.seconds if holder else LEASE_SECONDS
    free = (holder is not None and not holder.token) or age > lasts + _CLOCK_SECONDS
    return Seen(str(found["ETag"]), free)


def _put(path: ObjectPath, content: bytes, *, over: str | None) -> str | None:
    """Write the object if it is still the one that was seen; return its mark, None where not.

    An answer may be lost on the way and the write repeated: then it is known by its content.
    """
    mark = path.put(content, over=over)
    if mark is None:
        with path.answered():
            try:
                found = path.etag()
                return found if path.read_bytes() == content else None
            except FileNotFoundError:
                return None
    return mark


def _content(token: str, renewed: int) -> bytes:
    who = f"{platform.node()} {os.getpid()}"
    return msgspec.json.encode(Holder(token, who, LEASE_SECONDS, renewed))


def _holder(content: bytes) -> Holder | None:
    if not content:  # the lock file of a workspace that was copied from a disk
        return Holder("")
    try:
        return msgspec.json.decode(content, type=Holder)
    except msgspec.MsgspecError:
        return None
