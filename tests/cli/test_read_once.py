"""A command that answers about results opens each table once: on an object store that counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.built import write_runs_to_compare
from tests.cli.conftest import Command
from tests.fakes import count_opened


@pytest.mark.parametrize(
    "words", [("compare", "run", "other"), ("owner", "run", "Ada"), ("show", "run"),
              ("noisy", "run"), ("export", "run", "{out}")], ids=lambda words: words[0],
)  # fmt: skip
def test_a_command_opens_each_table_once(
    words: tuple[str, ...], copied: Callable[..., None], command: Command,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    copied(write_runs_to_compare)
    given = [word.format(out=tmp_path / "out") for word in words]
    opened = count_opened(monkeypatch)
    told = command(*given, "--workspace", tmp_path / "home", "--json")
    assert told.status == 0 and len(opened) > 3
    assert set(opened.values()) == {1}, opened
