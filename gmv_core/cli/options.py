"""The options that commands share, and the workspace that they work in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gmv_core.errors import SettingsError, without_secrets
from gmv_core.sources.addresses.address import is_address
from gmv_core.store.workspace import Workspace, default_root

Root = Annotated[
    str | None,
    typer.Option(
        "--workspace",
        help="Where sets and runs lie: a folder, or s3://… (default: GMV_HOME or ./workspace).",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def local_path(text: str) -> Path:
    """Return a path of this machine.

    Raises SettingsError for an address, of which Path makes a folder, and for a blank, of which it
    makes the one that one is in.
    """
    if not text.strip():
        raise SettingsError(f"{text!r} is no path; give a file or a folder.")
    if is_address(text):
        raise SettingsError(
            f"{without_secrets(text)[:80]!r} is an address; here only a file or folder of this "
            "machine can be given: copy it from or to the other place by that store's own tools."
        )
    return Path(text)


LabelsCsv = Annotated[
    Path | None,
    typer.Option("--labels", parser=local_path, help="A table: name, label, owner, attributes."),
]
ReadAs = Annotated[
    str,
    typer.Option(
        "--as", help="Of a folder that can be read in several ways: folder, parquet, tar, idx, zip."
    ),
]
Split = Annotated[
    str, typer.Option(help="Which splits are read (default: train, beside others); or all.")
]
NoisyIf = Annotated[
    str, typer.Option(help="Which values of the column mean noise, as '>0' or '=bad'.")
]
Contributors = Annotated[int, typer.Option(help="Contributors of each generated image.")]
Candidates = Annotated[int, typer.Option(help="Candidates before re-ranking (R).")]
Model = Annotated[str, typer.Option(help="A key of `models`.")]
CREDIT = "paper, or convincing: farther than unseen real images reach, a match earns nothing."
COPIES = "each, or cluster: near copies in the training set earn as one and share equally."
On = Annotated[
    str, typer.Option("--on", help="Who does the work: here, this machine; or ray, a cluster.")
]
RayAddress = Annotated[
    str,
    typer.Option(help="Of the cluster's head, as 10.0.0.1:6379 (default: a Ray on this machine)."),
]
Precision = Annotated[str, typer.Option(help="auto, fp32, bf16 or fp16.")]


def workspace_at(root: str | None) -> Workspace:
    """Return the workspace that a command works in."""
    return Workspace(root or default_root())


def temperature_of(text: str) -> float | str:
    """Return a temperature as it was typed, a number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text  # ValueSettings says what is allowed
