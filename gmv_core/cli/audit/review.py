"""The commands `review …`: reviews are made, listed, told, exported and imported; the app shows
their pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from msgspec import to_builtins

from gmv_core.audit.review import sentences
from gmv_core.audit.review.files import export_verdicts, import_verdicts
from gmv_core.audit.review.people import hand_over, reviewers
from gmv_core.audit.review.results import PARTS, ReviewResults, review_results
from gmv_core.audit.review.reviews import Review, delete_review, list_reviews, make_review
from gmv_core.audit.review.sampling import BY_BOTH, STRATA, ReviewSettings
from gmv_core.cli.options import Json, Root, local_path, workspace_at
from gmv_core.cli.output import Output, shown
from gmv_core.words import counted, number, percent

Id = Annotated[str, typer.Argument(help="A review, as `review list` names it.")]
File = Annotated[Path, typer.Argument(parser=local_path)]


def make_command(
    run: str,
    pairs: Annotated[int, typer.Option(help="Pairs to judge, controls among them.")] = 60,
    controls: Annotated[float, typer.Option(help="Share of controls among them.")] = 0.2,
    strata: Annotated[str, typer.Option(help=f"{' or '.join(map(repr, STRATA))}.")] = BY_BOTH,
    overlap: Annotated[
        float, typer.Option(help="Share of the pairs that every reviewer judges.")
    ] = 1.0,
    reviewers: Annotated[int, typer.Option(help="Among how many the other pairs are divided.")] = 2,
    seed: int = 0,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Draw pairs of a run for people to judge, blind."""
    settings = ReviewSettings(pairs, controls, strata, overlap, reviewers, seed)
    review = make_review(workspace_at(workspace), run, settings=settings)
    out = Output(json)
    if not out.document(_told(review)):
        out.markup(f"[bold]{shown(review.id)}[/]: {shown(sentences.design_sentence(review))}")
        out.words("Judge them on the page Review of the app.")


def list_command(
    run: Annotated[str | None, typer.Argument(help="A run; else of all.")] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """List reviews and how far they are, of deleted runs, too."""
    out, place = Output(json), workspace_at(workspace)
    found = list_reviews(place, run)
    people = {review.id: reviewers(place, review.id) for review in found}
    told = [
        {**_told(review), "reviewers": [vars(one) for one in people[review.id]]} for review in found
    ]
    if out.document({"reviews": told}):
        return
    if not found:
        out.markup("No review yet. Make one with `gmv review make RUN`.")
        return
    rows = [
        {
            "review": review.id,
            "run": review.run,
            "created": review.created[:16].replace("T", " "),
            "pairs": review.places,
            "verdicts": ", ".join(f"{p.name} {p.done}/{p.of}" for p in people[review.id]) or "none",
        }
        for review in found
    ]
    out.frame("Reviews", pd.DataFrame(rows))


def results_command(
    id: Id,
    reviewer: Annotated[
        str | None, typer.Option(help="Count this reviewer's verdicts alone.")
    ] = None,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Tell precision by rank, controls, agreement, and the distance at which yes ends."""
    out = Output(json)
    found = review_results(workspace_at(workspace), id, reviewer=reviewer)
    if out.document(_results_document(found)):
        return
    out.markup(f"[bold]{shown(id)}[/]: {shown(sentences.design_sentence(found.review))}")
    for sentence in sentences.result_sentences(found):
        out.words(sentence)
    if not len(found.precision):
        return
    out.frame("Precision: share of the first k judged alike", _shares(found.precision))
    for part in PARTS:
        if len(found.parts[part]):
            out.frame(f"By {part}, of the first 10", _shares(found.parts[part]))
    if len(found.controls):
        out.frame("Controls", _shares(found.controls))
    if len(found.agreement):
        out.frame("Agreement", found.agreement)
    if len(found.disagreements):
        out.frame("Judged differently", found.disagreements.drop(columns=["rank", "distance"]))


def export_command(id: Id, path: File, workspace: Root = None, json: Json = False) -> None:
    """Write the verdicts of a review as CSV."""
    out = Output(json)
    export_verdicts(workspace_at(workspace), id, path)
    if not out.document({"review": id, "file": str(path)}):
        out.words(f"Written: {path}")


def import_command(id: Id, path: File, workspace: Root = None, json: Json = False) -> None:
    """Take verdicts from a CSV with the columns place, reviewer and verdict; all or none."""
    out = Output(json)
    new = import_verdicts(workspace_at(workspace), id, path)
    if not out.document({"review": id, "new": new}):
        out.words(f"{counted(new, 'new verdict')} in {id}.")


def hand_over_command(
    id: Id,
    reviewer: Annotated[str, typer.Argument(help="Who does not go on.")],
    to: Annotated[
        str, typer.Option(help="A reviewer who takes the pairs; else one more who joins.")
    ] = "",
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Give the divided pairs that someone has not judged to another."""
    out = Output(json)
    left = hand_over(workspace_at(workspace), id, reviewer, to)
    if not out.document({"review": id, "handed_over": left}):
        out.words(f"{counted(left, 'pair')} of {id} handed over to {to or 'one more who joins'}.")


def delete_command(id: Id, workspace: Root = None, json: Json = False) -> None:
    """Delete a review with all its verdicts, for good."""
    out = Output(json)
    delete_review(workspace_at(workspace), id)
    if not out.document({"deleted": id}):
        out.words(f"The review {id} is deleted.")


COMMANDS: dict[str, Callable[..., None]] = {
    "make": make_command,
    "list": list_command,
    "results": results_command,
    "export": export_command,
    "import": import_command,
    "hand-over": hand_over_command,
    "delete": delete_command,
}

review_app = typer.Typer(
    help="Let people judge pairs of a run, blind.", no_args_is_help=True, add_completion=False
)
for name, command in COMMANDS.items():
    review_app.command(name)(command)


def _told(review: Review) -> dict[str, object]:
    return {
        "review": review.id,
        "run": review.run,
        "created": review.created,
        "pairs": review.places,
        "design": to_builtins(review.design),
    }


def _results_document(found: ReviewResults) -> dict[str, object]:
    tables = {"precision": found.precision, "controls": found.controls,
              "agreement": found.agreement, "disagreements": found.disagreements}  # fmt: skip
    return {
        **_told(found.review),
        "reviewers": [vars(one) for one in found.reviewers],
        **{name: table.to_dict("records") for name, table in tables.items()},
        "by": {part: table.to_dict("records") for part, table in found.parts.items()},
        "half": vars(found.half) if found.half else None,
        "reach": found.reach,
    }


def _shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its share and interval in one column, in percent."""
    told = [
        f"{percent(row.share)} ({number(100 * row.low)} to {number(100 * row.high)})"
        if row.share == row.share else "–"
        for row in table.itertuples()
    ]  # fmt: skip
    shares = table.assign(share=told).drop(columns=["low", "high"])
    if "unsure" in shares:
        shares["unsure"] = shares["unsure"].map(percent)
    return shares
