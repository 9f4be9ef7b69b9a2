"""The command owner: what one owner gets in a run, and what would change it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gmv_core.audit.statement.write import write_statement, write_statements
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
from gmv_core.errors import SettingsError
from gmv_core.results.owners.answer import (
    answer_sentence,
    known_sentence,
    owner_answer,
    unattributed_sentence,
)
from gmv_core.results.owners.grouped import OWNER, Grouped
from gmv_core.results.owners.pictures import best_images, closest_generated, copies_elsewhere
from gmv_core.results.owners.without import shares_without, short_sentence
from gmv_core.words import counted, percent

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10
Column = Annotated[str, typer.Option(help="Another column to group by: label, or any attribute.")]


def owner_command(
    run: str,
    name: Annotated[str, typer.Argument(help="The owner, or a value of --column.")],
    column: Column = OWNER,
    k: OtherK = None,
    temperature: OtherTemperature = None,
    weighting: OtherWeighting = None,
    credit: OtherCredit = None,
    duplicates: OtherCopies = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Say what an owner gets in a run, how sure that is, and what would change it."""
    out, result = (
        Output(json),
        read_run(workspace, run, k, temperature, weighting, credit, duplicates),
    )
    of = Grouped(result, column)
    answer = owner_answer(result, name, column, of=of)
    best = best_images(result, name, column, of=of)
    closest = closest_generated(result, name, column, of=of)
    without = shares_without(result, name, column, of=of)
    short = short_sentence(result, name, column, of=of)
    copies = copies_elsewhere(result, name, column, of=of)
    told = {
        **asdict(answer),
        "share_of_images": answer.share_of_images,
        "verdict": answer.verdict,
        "images_to_tell": answer.images_to_tell,
        "best_images": best.to_dict("records"),
        "closest_generated": closest.to_dict("records"),
        "copies_elsewhere": copies.to_dict("records"),
        "without": without.to_dict("records"),
    }
    if out.document(told):
        return
    out.markup(f"[bold]{shown(name)}[/] in {shown(run)}: {answer_sentence(answer)}")
    out.words(" ".join(filter(None, [known_sentence(answer), unattributed_sentence(answer)])))
    out.words(f"{counted(answer.never, 'image')} of {answer.images:,} earned nothing.")
    if answer.copied is not None:
        out.words(f"{counted(answer.copied, 'image')} with a near copy among another's images.")
    if answer.as_one is not None:
        out.words(f"With near copies as one image: {percent(answer.as_one)} of the value.")
    _tables(out, name, column, best.head(SHOWN), closest.head(SHOWN), without.head(SHOWN))
    if short:
        out.words(short)
    if len(copies):
        out.frame("Near copies among another's images",
                  copies.head(SHOWN).drop(columns=["id", "other_id"]))  # fmt: skip


def _tables(
    out: Output, name: str, column: str, best: pd.DataFrame, closest: pd.DataFrame,
    without: pd.DataFrame,
) -> None:  # fmt: skip
    """Print what is there of an owner's images and of the others."""
    if len(best):
        out.frame("Most valuable images", best.drop(columns=["id", column], errors="ignore"))
    if len(closest):
        shares = closest.assign(share=closest["share"].map(percent))
        out.frame("Generated images that give it most credit",
                  shares.drop(columns=["id", "training_id"]))  # fmt: skip
    if len(without):
        shares = without.assign(**{c: without[c].map(percent) for c in without if c != column})
        named = shares.assign(**{column: shares[column].replace("", f"(no {column})")})
        out.frame(f"What the others get without {name}", named)


def statement_command(
    run: str,
    place: Annotated[
        Path,
        typer.Argument(parser=local_path, help="The HTML file to write; with --all, a folder."),
    ],
    owner: Annotated[
        str | None, typer.Option(help="Whose statement it is: an owner, or a value of --column.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="One an owner, and an index.")] = False,
    column: Column = OWNER,
    k: OtherK = None,
    temperature: OtherTemperature = None,
    weighting: OtherWeighting = None,
    credit: OtherCredit = None,
    duplicates: OtherCopies = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Write an owner's statement: one HTML file to take home, that prints well."""
    if (owner is None) == (not all_):
        raise SettingsError("Give --owner NAME for one statement, or --all for one an owner.")
    out, result = (
        Output(json),
        read_run(workspace, run, k, temperature, weighting, credit, duplicates),
    )
    if owner is not None:
        write_statement(result, owner, place, column)
        files = [place]
    else:
        with out.progress() as report:
            files = write_statements(result, place, column, report=report)
    if not out.document({"files": [str(file) for file in files]}):
        out.words(f"{files[0]} is written. Open it in a browser; printing it makes a PDF.")
