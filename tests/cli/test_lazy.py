"""`gmv --help` says what each command says of itself, and imports none of them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

import gmv_core
from gmv_core.cli.lazy import summary
from gmv_core.cli.main import COMMANDS
from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]
QUIET = """
import sys
sys.argv = ["gmv", "--help"]
from gmv_core.cli.main import main
try:
    main()
except SystemExit:
    print(*sorted({"numpy", "pandas", "pyarrow"} & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_sentence_is_the_commands_own(name: str) -> None:
    module, _, place = COMMANDS[name].rpartition(".")
    found = getattr(import_module(f"gmv_core.cli.{module}"), place)
    own = found.info.help if isinstance(found, typer.Typer) else inspect.getdoc(found)
    assert summary(module, place) == (own or "").partition("\n")[0] != ""


def test_help_names_all_and_loads_none(command: Command) -> None:
    told = command("--help")
    assert told.status == 0 and all(f" {name} " in told.out for name in COMMANDS)
    done = subprocess.run(
        [sys.executable, "-c", QUIET], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "" and "Usage" in done.stdout


def test_a_mistyped_command_is_told_the_next_one(command: Command) -> None:
    told = command("sho")
    assert told.status == 2 and "Did you mean 'show'?" in told.err


def test_every_name_of_the_engine_is_there() -> None:
    assert gmv_core.__all__ == sorted(gmv_core.__all__)
    for name in gmv_core.__all__:
        assert getattr(gmv_core, name) is not None, name
    with pytest.raises(AttributeError):
        gmv_core.nothing  # noqa: B018
