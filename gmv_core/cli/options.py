"""The options that commands share, and the workspace that they work in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gmv_core.store.workspace import Workspace, default_root

Root = Annotated[
    Path | None,
    typer.Option("--workspace", help="Where sets and runs lie (default: GMV_HOME or ./workspace)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
LabelsCsv = Annotated[
    Path | None, typer.Option("--labels", help="CSV: name, label, owner, further attributes.")
]
Precision = Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16.")]


def workspace_at(root: Path | None) -> Workspace:
    """Return the workspace that a command works in."""
    return Workspace(root or default_root())
