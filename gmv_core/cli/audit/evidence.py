"""The commands evidence, verify and keys: what can be checked again, by whom, and with what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gmv_core.audit.checking.verify import Against, as_json, verify
from gmv_core.audit.evidence import write_evidence
from gmv_core.audit.keys import make_keys, private_key
from gmv_core.cli.options import Json, Root, local_path
from gmv_core.cli.output import Output, shown
from gmv_core.cli.readings.reading import (
    OtherCopies,
    OtherCredit,
    OtherK,
    OtherTemperature,
    OtherWeighting,
    read_run,
)
from gmv_core.sources.opening import open_source
from gmv_core.words import size_text

ANSWERS = {True: "[green]holds[/]", False: "[red]does not hold[/]", None: "[yellow]not checked[/]"}


def evidence_command(
    run: str,
    file: Annotated[Path, typer.Argument(parser=local_path, help="The zip file to write.")],
    key: Annotated[
        Path | None,
        typer.Option(parser=local_path, help="A private Ed25519 key (PEM) that signs it."),
    ] = None,
    with_previews: Annotated[
        bool, typer.Option("--with-previews", help="The pictures go along, up to 256 px.")
    ] = False,
    k: OtherK = None,
    temperature: OtherTemperature = None,
    weighting: OtherWeighting = None,
    credit: OtherCredit = None,
    duplicates: OtherCopies = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Write a run's tables, settings and digests into one file that others can check."""
    out = Output(json)
    result = read_run(workspace, run, k, temperature, weighting, credit, duplicates)
    signer = private_key(key) if key else None
    with out.progress() as report:
        root = write_evidence(result, file, key=signer, with_previews=with_previews, report=report)
    size_bytes = file.stat().st_size
    told = {"file": str(file), "root": root, "size_bytes": size_bytes, "signed": key is not None}
    if not out.document(told):
        out.markup(
            f"{shown(str(file))} ({size_text(size_bytes)}) has the evidence of {shown(run)}."
        )
        out.words(f"The root of its digests is {root}.")
        if not key:
            out.words("It is not signed; `keys FILE` makes a key, and --key FILE signs with it.")


def verify_command(
    file: Annotated[Path, typer.Argument(parser=local_path, help="A file that `evidence` wrote.")],
    public_key: Annotated[
        Path | None,
        typer.Option(parser=local_path, help="The public key that must have signed it."),
    ] = None,
    root: Annotated[str, typer.Option(help="The root that its digests must have.")] = "",
    source: Annotated[
        list[str] | None, typer.Option(help="Where the training images lie; can be repeated.")
    ] = None,
    generated: Annotated[
        list[str] | None, typer.Option(help="Where the generated images lie; can be repeated.")
    ] = None,
    recompute: Annotated[
        int, typer.Option(min=0, help="So many random pairs are embedded and measured anew.")
    ] = 0,
    json: Json = False,
) -> None:
    """Check evidence, offline and without a workspace; 1 where something does not hold."""
    out = Output(json)
    against = Against(
        public=public_key,
        root=root,
        training=[open_source(place) for place in source or ()],
        generated=[open_source(place) for place in generated or ()],
        pairs=recompute,
    )
    checks = verify(file, against)
    told = as_json(checks)
    if not out.document(told):
        for check in checks:  # no table: it would cut the digests
            out.markup(f"{ANSWERS[check.held]} [bold]{check.what}[/]: {shown(check.said)}")
        out.words("Everything that was checked holds." if told["holds"] else "It does not hold.")
    if not told["holds"]:
        raise typer.Exit(1)


def keys_command(
    file: Annotated[
        Path,
        typer.Argument(parser=local_path, help="The private key to write; beside it, FILE.pub."),
    ],
    json: Json = False,
) -> None:
    """Make a pair of Ed25519 keys to sign evidence with, and to check it."""
    out = Output(json)
    private, public = make_keys(file)
    if not out.document({"private": str(private), "public": str(public)}):
        out.words(f"{private} signs: keep it to yourself. {public} checks: give it to others.")
