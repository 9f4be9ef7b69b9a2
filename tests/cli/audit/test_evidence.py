"""The commands evidence, verify and keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.built import write_run
from tests.cli.conftest import Command


@pytest.fixture
def home(copied: Callable[..., None], tmp_path: Path, command: Command,
         monkeypatch: pytest.MonkeyPatch) -> Path:  # fmt: skip
    """A folder with the workspace "home", in which there is "run", and its images."""
    copied(write_run, "run", 5)
    monkeypatch.setenv("GMV_HOME", str(tmp_path / "home"))
    return tmp_path


def test_from_keys_to_a_flipped_byte(command: Command, home: Path) -> None:
    key, file = home / "key", home / "e.zip"
    assert "keep it to yourself" in command("keys", key).out
    made = command("evidence", "run", file, "--key", key, "--json").json
    assert (made["signed"], made["size_bytes"]) == (True, file.stat().st_size)
    asked = ("--public-key", f"{key}.pub", "--root", made["root"], "--source", home / "run/train")
    held = command("verify", file, *asked, "--json")
    assert (held.status, held.json["holds"]) == (0, True)
    said = command("verify", file, *asked)
    assert said.out.count("holds") >= 5 and "not checked generated files" in said.out
    assert said.out.endswith("Everything that was checked holds.\n")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    told = command("verify", file, *asked)
    assert (told.status, "does not hold bytes" in told.out) == (1, True)
    assert "Everything" not in told.out


def test_evidence_says_how_it_can_be_signed(command: Command, home: Path) -> None:
    told = command("evidence", "run", home / "e.zip")
    assert told.status == 0
    assert "The root of its digests is " in told.out and "--key FILE signs" in told.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify", "none.zip"), "There is no file none.zip"),
        (("evidence", "nothing", "e.zip"), "There is no run named 'nothing'"),
        (("evidence", "run", "e.zip", "--key", "none"), "none cannot be read"),
        (("keys", "home"), "home is there already"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    command: Command, home: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    told = command(*words)
    assert (told.status, said in told.err) == (1, True), told.err
