"""The commands owner and statement."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.built import write_judged_run, write_run
from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def home(
    copied: Callable[..., None], tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(write_run, "run", 6)
    monkeypatch.setenv("GMV_HOME", str(tmp_path / "home"))


def test_owner(command: Command) -> None:
    told = command("owner", "run", "Ada", "--json").json
    assert told["images"] == 16 and told["of_images"] == 24
    assert told["without"][0]["owner"] == "Ben"
    said = command("owner", "run", "Ada").out
    assert said.startswith("Ada in run: ") and "of the value (95 % interval" in said
    assert "What the others get without Ada" in said


def test_another_column(command: Command) -> None:
    assert command("owner", "run", "class0", "--column", "label", "--json").json["by"] == "label"


def test_an_owner_that_is_not_there(command: Command) -> None:
    told = command("owner", "run", "Eve")
    assert (told.status, "choose one of: Ada, Ben" in told.err) == (1, True)


def test_another_reading(command: Command) -> None:
    own, other = (command("owner", "run", "Ada", *given, "--json").json["share"]
                  for given in ((), ("--k", "3", "--no-weighting")))  # fmt: skip
    assert own != other


def test_the_evidence_that_a_statement_names_can_be_made(command: Command, tmp_path: Path) -> None:
    """With the settings that it was read with, by the commands that stand in it."""
    page = tmp_path / "ada.html"
    command("statement", "run", str(page), "--owner", "Ada", "--k", "3", "--credit", "convincing")
    evidence, verify = map(html.unescape, re.findall("<code>(gmv .*?)</code>", page.read_text()))
    file = str(tmp_path / "evidence.zip")
    for words in (evidence, verify):
        given = [file if word == "evidence.zip" else word for word in shlex.split(words)[1:]]
        assert command(*given).status == 0, words


def test_all_statements_and_where_none_can_be(command: Command, tmp_path: Path) -> None:
    told = command("statement", "run", str(tmp_path / "out"), "--all", "--json").json
    assert len(told["files"]) == 3 and all(Path(file).is_file() for file in told["files"])
    for given in ((), ("--all", "--owner", "Ada")):
        assert "Give --owner NAME" in command("statement", "run", "x.html", *given).err
    assert "has no column 'shoe'" in command(
        "statement", "run", str(tmp_path / "x"), "--all", "--column", "shoe"
    ).err  # fmt: skip


def test_no_statement_where_there_is_no_owner(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GMV_HOME", str(tmp_path / "judged" / "home"))
    write_judged_run(tmp_path / "judged")
    told = command("statement", "run", str(tmp_path / "none"), "--all")
    assert (told.status, (tmp_path / "none").exists()) == (1, False)
    assert "has the column 'owner'; choose another" in told.err


def test_names_stay_letters(command: Command) -> None:
    assert "'[bold]:smile:'" in command("owner", "run", "[bold]:smile:").err
