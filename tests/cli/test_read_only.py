"""GMV_READ_ONLY: every command that writes is refused with a sentence, and no byte changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core.cli.main import COMMANDS, READING
from gmv_core.store.access import READ_ONLY
from tests.built import write_run
from tests.cli.conftest import Command
from tests.fakes import digests

# How each is called on a workspace with the set "run-set" and the run "run"; the paths are its own.
WRITING = {
    "build": ("run/made", "--name", "more"),
    "add": ("run-set", "run/made"),
    "value": ("run/made", "--against", "run-set", "--name", "again"),
    "label": ("run", "run/made"),
    "duplicates": ("run-set",),
    "map": ("run-set",),
    "selections --delete": ("run-set", "mine", "--delete"),
    "stability": ("run",),
    "influence": ("run",),
    "regions": ("run",),
    "criteria --compare": ("run", "--compare"),
    "criteria --inject": ("run", "--inject", "noise"),
    "criteria --forget": ("run", "--forget"),
    "remove": ("run-set", "class0/0000.png"),
    "vacuum": (),
    "watch": ("run/made", "--against", "run-set", "--name", "again"),
    "delete": ("run",),
    "demo": (),
}


@pytest.fixture
def read_only(
    tmp_path: Path, copied: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return the digest of each file of a finished workspace that is read-only from now on."""
    copied(write_run, "run", 5)
    monkeypatch.setenv(READ_ONLY, "1")
    monkeypatch.setenv("GMV_HOME", str(tmp_path / "home"))
    return digests(tmp_path / "home")


def test_every_command_is_a_reading_one_or_tried_here() -> None:
    tried = {name.partition(" ")[0] for name in WRITING}
    assert tried | set(READING) | {"review"} == set(COMMANDS)  # its own are in test_review.py


@pytest.mark.parametrize("name", WRITING)
def test_a_command_that_writes_is_refused(
    name: str, command: Command, tmp_path: Path, read_only: dict[str, str]
) -> None:
    given = [str(tmp_path / g) if g.startswith("run/") else g for g in WRITING[name]]
    told = command(name.partition(" ")[0], *given)
    assert (told.status, "read-only" in told.err) == (1, True), (told.out, told.err)
    assert digests(tmp_path / "home") == read_only


@pytest.mark.parametrize("name", ["list", "show", "noisy", "check", "criteria", "export"])
def test_a_command_that_reads_goes_on(
    name: str, command: Command, tmp_path: Path, read_only: dict[str, str]
) -> None:
    given = {"list": (), "export": ("run", str(tmp_path / "out"))}.get(name, ("run",))
    assert command(name, *given).status == 0
    assert digests(tmp_path / "home") == read_only


def test_an_unknown_word_is_refused(
    command: Command, read_only: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(READ_ONLY, "on")
    told = command("delete", "run")
    assert (told.status, "GMV_READ_ONLY is 'on'; use 1" in told.err) == (1, True)
