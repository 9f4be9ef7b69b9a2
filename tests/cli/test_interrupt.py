"""Ctrl-C at any moment: status 130, one sentence, and the same command goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from gmv_core.models import choice
from gmv_core.models.embedders.embedder import NetworkEmbedder
from gmv_core.store.workspace import Workspace
from gmv_core.types import Float32, UInt8
from tests.cli.conftest import Command
from tests.fakes import DIM, FAKE, NORM_SQUARED, SIDE_PX, fake_vectors

pytestmark = pytest.mark.usefixtures("small_commits", "heeded")


def raised() -> None:
    signal.raise_signal(signal.SIGINT)


def turned_into_an_error() -> None:
    """As Lance's readers do it."""
    try:
        raised()
    except KeyboardInterrupt as interrupt:
        raise pa.ArrowInvalid("External error: KeyboardInterrupt: ") from interrupt


def lost() -> None:
    """As it is in what runs when an object is freed."""
    try:
        raised()
    except KeyboardInterrupt:
        pass


@pytest.mark.parametrize("press", [raised, turned_into_an_error, lost])
def test_an_interrupted_build_stops_and_the_same_command_goes_on(
    command: Command,
    sources: Path,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    press: Callable[[], None],
) -> None:
    def interrupted(pixels: UInt8) -> tuple[Float32, Float32]:
        press()
        return fake_vectors(pixels)

    embedder = NetworkEmbedder(FAKE, SIDE_PX, DIM, NORM_SQUARED, interrupted)
    words = ("build", sources / "train", "--name", "train")
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(choice, "load_embedder", lambda key, precision: embedder)
        stopped = command(*words)
    assert stopped.status == 130
    assert stopped.err.strip() == "! Stopped; what was done is kept, the same command goes on."
    assert stopped.out == ""
    assert signal.getsignal(signal.SIGINT) is before
    train = workspace.image_set("train")
    assert train.manifest().state == "building" and len(train.images) == 8, "one batch"
    assert command(*words).status == 0
    assert train.manifest().counts.images == 20


STANDING = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's "&" has it ignored
from gmv_core.cli.main import main
from gmv_core.models import choice
from gmv_core.models.embedders.embedder import NetworkEmbedder
from gmv_core.sets import build as building
from tests import fakes

def stand(pixels):
    print("embedding", flush=True)
    time.sleep(600)  # until it is interrupted, however busy the machine is

building.resolve_embedder = lambda key: (fakes.FAKE, "a test")
choice.load_embedder = lambda key, precision: NetworkEmbedder(
    fakes.FAKE, fakes.SIDE_PX, fakes.DIM, fakes.NORM_SQUARED, stand)
main()
"""


def test_a_signal_from_outside_ends_the_process(workspace: Workspace, sources: Path) -> None:
    words = ["build", str(sources / "train"), "--name", "train", "--workspace", str(workspace.root)]
    process = subprocess.Popen(
        [sys.executable, "-c", STANDING, *words], cwd=Path(__file__).parents[2], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stdout.readline() == "embedding\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Stopped; what was done is kept" in err
    assert "Traceback" not in err


def test_an_interrupt_that_is_ignored_stays_so(
    command: Command, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `nohup` and a shell's "&" have it: nothing in the foreground may stop the build."""

    def pressed(pixels: UInt8) -> tuple[Float32, Float32]:
        raised()
        return fake_vectors(pixels)

    embedder = NetworkEmbedder(FAKE, SIDE_PX, DIM, NORM_SQUARED, pressed)
    monkeypatch.setattr(choice, "load_embedder", lambda key, precision: embedder)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert command("build", sources / "train", "--name", "train").status == 0
