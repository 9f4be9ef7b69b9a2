"""Commands about models: what is ready, and fetching the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import pandas as pd
import typer

from gmv_core.cli.options import Json, Root
from gmv_core.cli.output import Output

if TYPE_CHECKING:
    from gmv_core.models.catalogue import ModelRow


def models_command(context: typer.Context, json: Json = False, workspace: Root = None) -> None:
    """List the models, what is ready and what it would take to get the rest."""
    if context.invoked_subcommand is None:
        from gmv_core.models.catalogue import list_models

        _print_models(Output(json), list_models())


def download_command(key: str, json: Json = False, workspace: Root = None) -> None:
    """Fetch a model's weights; the only command that uses the network."""
    from gmv_core.models.download import download

    _print_models(Output(json), [download(key)])


def _print_models(out: Output, rows: Sequence[ModelRow]) -> None:
    if out.document([asdict(row) for row in rows]):
        return
    shown = [
        {
            "key": row.key,
            "step": row.step,
            "ready": row.ready,
            "MB": None if row.size_bytes is None else row.size_bytes / 1e6,
            "what it is": row.title,
            "note": row.note,
        }
        for row in rows
    ]
    out.frame("Models (licences: --json, or the README)", pd.DataFrame(shown))


models_app = typer.Typer(
    help="Which models are ready, and fetch one.", invoke_without_command=True, add_completion=False
)
models_app.callback(invoke_without_command=True)(models_command)
models_app.command("download")(download_command)
