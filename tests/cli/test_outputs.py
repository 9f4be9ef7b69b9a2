"""What a command writes for a user never lands among the workspace's own files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core import Workspace, make_review
from gmv_core.store.access import READ_ONLY
from tests.built import write_run
from tests.cli.conftest import Command
from tests.fakes import digests

WRITERS = {
    "export": ("export", "run", "{}"),
    "evidence": ("evidence", "run", "{}"),
    "statement": ("statement", "run", "{}", "--owner", "Ada"),
    "statements": ("statement", "run", "{}", "--all"),
    "review export": ("review", "export", "run-1", "{}"),
}
OWN = (
    "sets/run-set",
    "Sets/run-set",
    "runs/run/manifest.json",
    "runs/new",
    "reviews.sqlite",
    ".lock",
    "jobs/x",
)


@pytest.fixture
def home(copied: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copied(write_run, "run", 5)
    monkeypatch.setenv("GMV_HOME", str(tmp_path / "home"))
    make_review(Workspace(tmp_path / "home"), "run")
    return tmp_path / "home"


@pytest.mark.parametrize("name", ["export", "evidence", "statement", "statements", "review export"])
@pytest.mark.parametrize("own", OWN)
def test_nothing_of_the_workspace_is_written_over(
    name: str, own: str, command: Command, home: Path
) -> None:
    before = digests(home)
    told = command(*(word.format(home / own) for word in WRITERS[name]))
    assert (told.status, "among what it keeps" in " ".join(told.err.split())) == (1, True), told.err
    assert digests(home) == before


@pytest.mark.parametrize("writer", ["evidence", "statement"])
def test_a_pipe_or_device_is_not_replaced_by_a_file(
    writer: str, command: Command, home: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    ended = command(*(part.format(tmp_path / "pipe") for part in WRITERS[writer]))
    assert ended.status == 1 and "it is there, and is no file" in ended.err
    assert (tmp_path / "pipe").is_fifo()


def test_neither_a_link_nor_dots_lead_there(command: Command, home: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(home / "sets")
    before = digests(home)
    for path in (tmp_path / "link" / "run-set", tmp_path / "link" / ".." / "runs" / "run"):
        assert "among what it keeps" in " ".join(command("export", "run", path).err.split())
    assert digests(home) == before


def test_beside_its_own_files_a_workspace_takes_an_export_while_it_may_be_changed(
    command: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("export", "run", home / "exports").status == 0
    monkeypatch.setenv(READ_ONLY, "1")
    before = digests(home)
    for name in ("export", "evidence", "statement", "statements", "review export"):
        told = command(*(word.format(home / "exports" / "new") for word in WRITERS[name]))
        assert told.status == 1, name
    assert digests(home) == before
    assert command("export", "run", tmp_path / "out").status == 0


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_is_no_place_to_write_to(
    name: str, blank: str, command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a variable of the shell is not set: it was the folder that one is in."""
    here = home.parent / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    told = command(*(word.format(blank) for word in WRITERS[name]))
    assert (told.status, list(here.iterdir())) == (1, []) and "is no path; give" in told.err
