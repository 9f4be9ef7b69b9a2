"""The command owner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.built import write_run
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
