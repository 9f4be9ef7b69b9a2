"""Machines started by `ray start` as docs/cluster.md gives it; one joins by an address."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from gmv_core import Workspace
from gmv_core.cluster.on_ray import STORE_BYTES
from tests.cluster.test_on_ray import DRIVER
from tests.fakes import assert_same_set

pytestmark = pytest.mark.cluster
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def token() -> dict[str, str]:
    """What each machine and the command have in their environment."""
    return {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_USAGE_STATS_REPORT_URL": "http://127.0.0.1:9"}  # fmt: skip


@pytest.fixture
def ray_start(token: dict[str, str]) -> Iterator[Start]:
    """Run `ray start`, each with files of its own; `--block` instead of `ray stop`, which ends all.

    Ray's other processes end with it.
    """
    pytest.importorskip("ray", reason="the package ray is not installed (extra: cluster)")
    command = Path(sys.executable).with_name("ray")
    with ExitStack() as stack:

        def start(*words: str) -> subprocess.Popen[bytes]:
            folder = tempfile.mkdtemp(prefix="ray")  # the names of sockets in it have 107 letters
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            given = [command, "start", *words, "--object-store-memory", str(STORE_BYTES // 3),
                     "--temp-dir", folder, "--block"]  # fmt: skip
            started = subprocess.Popen(given, env=token, stdout=subprocess.DEVNULL)
            stack.callback(started.wait)
            stack.callback(started.terminate)
            return started

        yield start


def test_a_machine_joins_by_the_address_and_builds_what_one_process_builds(
    ray_start: Start, token: dict[str, str], here: Workspace, images: Path, workspace: Workspace
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    host, _, port = address.partition(":")
    head = ray_start("--head", "--node-ip-address", host, "--port", port, "--num-cpus", "0",
                     "--include-dashboard=false")  # fmt: skip
    while head.poll() is None:
        with suppress(OSError):
            socket.create_connection((host, int(port)), 1).close()
            break
        time.sleep(0.1)
    ray_start("--address", address, "--num-cpus", "1")
    words = [sys.executable, "-c", DRIVER, str(workspace.root), str(images), address]
    subprocess.run(words, env=token, check=True, stdout=subprocess.DEVNULL)
    assert_same_set(workspace.image_set("train"), here.image_set("train"))
