"""Workers on a Ray cluster, or on a Ray that is started on this machine for the time being.

Batches are plain Ray tasks, not a pipeline of Ray Data. A result counts when the driver commits it
in the order of the rows, and what a lost machine had begun must go to whichever machine is left:
Ray does the latter for a task by itself, while an actor waits for a machine with room for it. Each
process holds its model between tasks as an actor would. What a task returns are the names of the
Lance files that it wrote, a few hundred bytes, which no lost machine takes along.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from secrets import token_hex
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

from gmv_core.cluster.workers import Held, Item, Result
from gmv_core.errors import ClusterError, GMVError

RETRIES = 3  # of a batch whose process or machine died
AHEAD = 2  # batches given out for each that can be worked on
CONNECT_SECONDS = 10
STORE_BYTES = 300_000_000  # for objects in flight, of a Ray on this machine alone

_held: dict[str, tuple[Any, Callable[[Any, Any], Any]]] = {}  # by key; one at a time


@contextmanager
def ray_workers(
    address: str = "", *, cpus: int = 1, machine_cpus: int | None = None
) -> Iterator[RayWorkers]:
    """Hand out the workers of a Ray cluster.

    address: of its head, as "10.0.0.1:6379", or "auto" on one of its machines; "": a Ray on this
    machine alone, which ends with the block. cpus: processors of each worker. machine_cpus: of the
    Ray on this machine, all by default.

    Raises ClusterError where the package `ray` is missing or the cluster does not answer.
    """
    ray = _ray_silent()
    _check_answers(address)
    options: dict[str, Any] = {"address": address}
    folder = ""
    if not address:
        folder = mkdtemp(prefix="ray", dir=os.environ.get("RAY_TMPDIR"))
        options = {
            "address": "local",
            "num_cpus": machine_cpus,
            "object_store_memory": STORE_BYTES,
            "_temp_dir": folder,
        }
    try:
        with warnings.catch_warnings(), nullcontext() if address else _to_itself():
            warnings.simplefilter("ignore")  # Lance's, that the processes to come are forked
            ray.init(**options, logging_level=logging.ERROR, log_to_driver=False)
    except Exception as error:  # Ray raises a bare one where its start takes too long
        if address:
            raise _unreachable(address, error) from error
        raise ClusterError(
            f"Ray did not start on this machine ({_short(error)}); give the same again where it "
            "has less to do, or go without --on ray."
        ) from error
    try:
        yield RayWorkers(cpus)
    finally:
        ray.shutdown()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _ray_silent() -> Any:  # noqa: ANN401  (mypy follows no ray)
    """Return the module ray, which then reports its use to nobody."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise ClusterError(
            "The package ray is not installed; `pip install ray` does it."
        ) from error
    return ray


@cache
def _own_key() -> str:
    """Return the key by which the processes of a Ray in here know each other.

    It is this process's own, for Ray would keep one in the home folder; and one for all starts, for
    Ray reads it once.
    """
    return token_hex(32)


def _check_answers(address: str) -> None:
    """Raise ClusterError where nobody listens at HOST:PORT: Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or "/" in host:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> ClusterError:
    return ClusterError(
        f"Ray at {address} cannot be reached ({_short(error)}); check the address, the cluster's "
        "token (RAY_AUTH_MODE=token), and that `ray status` answers there."
    )


class _PatientClock:
    """A clock by which a busy machine has five minutes to start Ray, and not half of one."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  (what the module has)
        return getattr(time, name)

    def monotonic(self) -> float:
        return time.monotonic() / 10


@contextmanager
def patience() -> Iterator[None]:
    """Let Ray wait for its own processes as long as they take to start; it looks on all along."""
    from ray._private import node

    node.time = _PatientClock()
    try:
        yield
    finally:
        node.time = time


@contextmanager
def _to_itself() -> Iterator[None]:
    """Start a Ray in here that talks to nobody but its own processes, by the loopback address.

    The process of the dashboard is left out: it asks a cloud's metadata address where it runs, even
    where Ray may not report its use.
    """
    from ray._private import ray_constants, services

    given = {ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR: "0", "RAY_AUTH_TOKEN": _own_key()}
    before = services.start_api_server, ray_constants.ENABLE_RAY_CLUSTER
    os.environ.update(given)
    services.start_api_server = lambda *_, **__: (None, None)
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        with patience():
            yield
    finally:
        services.start_api_server, ray_constants.ENABLE_RAY_CLUSTER = before
        for key in given:
            del os.environ[key]


@dataclass(frozen=True)
class RayWorkers:
    """The `Workers` of a Ray that this process is connected to. cpus: what one batch takes."""

    cpus: int = 1

    def in_order(
        self,
        load: Callable[[], Held],
        work: Callable[[Held, Item], Result],
        items: Iterable[Item],
    ) -> Iterator[Result]:
        import ray

        given = ray.put((load, work))
        task = ray.remote(_worked).options(
            num_cpus=self.cpus,
            max_retries=RETRIES,
            retry_exceptions=[OSError],  # a file system's, and of a version that was just forgotten
            scheduling_strategy="SPREAD",
        )
        key, waiting = uuid4().hex, deque[Any]()
        try:
            for item in items:
                while len(waiting) >= self._most():
                    yield _result(waiting.popleft())
                # In a list, so that Ray hands the task the reference and not what it refers to.
                waiting.append(task.remote(key, [given], item))
            while waiting:
                yield _result(waiting.popleft())
        finally:
            for left in waiting:
                ray.cancel(left, force=True)

    def _most(self) -> int:
        """Return how many batches may be under way: machines come and go."""
        import ray

        return AHEAD * max(1, int(ray.cluster_resources().get("CPU", 0)) // self.cpus)


def _worked(key: str, given: list[Any], item: Any) -> Any:  # noqa: ANN401
    """Work on one item in a process of the cluster, with what that process holds."""
    import ray

    if key not in _held:
        _held.clear()
        load, work = ray.get(given[0])
        _held[key] = load(), work
    held, work = _held[key]
    return work(held, item)


def _result(reference: Any) -> Any:  # noqa: ANN401
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        return ray.get(reference)
    except RayTaskError as error:
        if isinstance(error.cause, GMVError):
            raise error.cause from None
        raise
    except RayError as error:
        raise ClusterError(
            f"A batch could not be worked on, tried {RETRIES + 1} times ({_short(error)}); what "
            "was done is kept, the same command goes on."
        ) from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
