"""Nothing leaves the machine: a fresh home, every command and page, each connection refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kit.app_server import free_port
from tests.fakes import write_images

ROOT = Path(__file__).parents[1]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))

# Read by every Python process before anything else; an audit hook sees what a thread or a copied
# function does as well, and cannot be taken away again.
GUARD = """
import os, sys

def guard(event, given):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        asked = given[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(given[1], tuple):
        asked = given[1][0]
    else:
        return
    if str(asked) not in ("127.0.0.1", "::1", "localhost", "None"):
        with open(os.environ["ASKED"], "a") as file:
            print(event, asked, " ".join(sys.orig_argv[-3:])[:200], file=file)
        raise PermissionError(f"{event} {asked}")

sys.addaudithook(guard)
"""
# Draws every page; each finished run and set is looked at.
VISIT = """
import sys
from streamlit.testing.v1 import AppTest
for page in sys.argv[1:]:
    app = AppTest.from_file("app.py", default_timeout=300)
    app.run()
    app.switch_page(f"pages/{page}.py").run()
    assert app.title and not app.exception, (page, app.exception)
"""
# Starts the server as `gmv app` does, waits until it answers, asks for a connection as a page of
# another site would, and stops it.
SERVE = """
import http.client, subprocess, sys, time, urllib.request
command = [sys.executable, "-m", "gmv_core", "app", "--port", sys.argv[1]]
server = subprocess.Popen(command)
try:
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/_stcore/health").close()
            break
        except OSError:
            time.sleep(0.2)
    assert server.poll() is None, "the server ended"
    asked = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    asked.request("GET", "/_stcore/stream", headers={
        "Origin": "http://example.invalid", "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert asked.getresponse().status == 403
finally:
    server.terminate()
    server.wait()
"""
HOSTILE = """
import socket, threading
def ask():
    try:
        socket.create_connection(("example.invalid", 80))
    except OSError:
        pass
thread = threading.Thread(target=ask)
thread.start()
thread.join()
"""

Run = Callable[..., None]


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """What was asked of other machines: a line each."""
    return tmp_path / "asked"


@pytest.fixture
def run(tmp_path: Path, asked: Path) -> Run:
    """Run Python in a process of its own: a home nobody used yet, no mark of a test machine."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "user").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    kept = ("PATH", "LANG", "LC_ALL", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {key: os.environ[key] for key in kept if key in os.environ} | {
        "HOME": str(tmp_path / "user"),
        "GMV_HOME": str(tmp_path / "home"),
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "guard"), str(ROOT)]),
        "ASKED": str(asked),
    }

    def python(*words: str) -> None:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return python


def test_the_guard_counts_what_a_thread_asks_and_swallows(run: Run, asked: Path) -> None:
    run("-c", HOSTILE)
    assert asked.read_text().startswith("socket.getaddrinfo example.invalid")


@pytest.mark.models
def test_a_fresh_machine_asks_nobody(run: Run, asked: Path, tmp_path: Path) -> None:
    write_images(tmp_path / "train", 12)
    write_images(tmp_path / "made", 4, first_seed=100)
    for words in (
        ("models",),
        ("build", str(tmp_path / "train"), "--name", "train"),
        ("value", str(tmp_path / "made"), "--against", "train", "--name", "run"),
        ("criteria", "run", "--inject", "noise"),
        ("influence", "run"),
    ):
        run("-m", "gmv_core", *words)
    run("-c", VISIT, *PAGES)
    run("-c", SERVE, str(free_port()))
    assert not asked.exists(), asked.read_text()
    # Only what we keep lies in that home: no client's id of anybody.
    left = {path.name for path in (tmp_path / "user").iterdir()}
    assert left <= {".cache", ".streamlit", ".config"}, left


@pytest.mark.cluster
@pytest.mark.models
def test_a_ray_on_this_machine_asks_nobody_and_leaves_no_key(
    run: Run, asked: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="the package ray is not installed (extra: cluster)")
    write_images(tmp_path / "train", 12)
    run("-m", "gmv_core", "build", str(tmp_path / "train"), "--name", "train", "--on", "ray")
    assert not asked.exists(), asked.read_text()
    assert {path.name for path in (tmp_path / "user").iterdir()} <= {".cache"}
