"""Commands that are imported when they are called: `gmv --help` need not load what they load."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


class LazyGroup(TyperGroup):
    """A group of commands. places: module of this package and function (or Typer) of each."""

    places: Mapping[str, str] = {}
    _listing = False

    def __init__(self, **given: Any) -> None:  # noqa: ANN401
        super().__init__(**given)
        named: dict[str, Any] = dict.fromkeys(self.places)  # what a mistyped name is compared with
        self.commands.update(named)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401  (Click's context)
        return list(self.places)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ANN401
        if cmd_name not in self.places:
            return None
        module, _, name = self.places[cmd_name].rpartition(".")
        if self._listing:
            return TyperCommand(cmd_name, help=summary(module, name))
        found = getattr(import_module(f"{__package__}.{module}"), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command(cmd_name)(found)
            found = alone
        command: Any = get_command(found)
        command.name = cmd_name
        made: TyperCommand | TyperGroup = command
        return made

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Print the help of the group; nothing is imported for the sentence on each command."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


def summary(module: str, name: str) -> str:
    """Return the sentence on a command as its module says it, without importing that.

    It is the docstring of a function, or the `help` of a Typer.
    """
    file = Path(__file__).parent.joinpath(*module.split(".")).with_suffix(".py")
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return (ast.get_docstring(node) or "").partition("\n")[0]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            named = [target.id for target in node.targets if isinstance(target, ast.Name)]
            told = [k.value for k in node.value.keywords if k.arg == "help"]
            if name in named and told and isinstance(told[0], ast.Constant):
                return str(told[0].value)
    raise KeyError(f"{module}.{name}")
