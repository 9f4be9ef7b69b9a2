"""The command `criteria`: what it runs and what it prints."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
import typer

from gmv_core.cli.options import Json, NoisyIf, Root, workspace_at
from gmv_core.cli.output import Output
from gmv_core.criteria import sentences, tables
from gmv_core.criteria.known_noise import nothing_to_tell
from gmv_core.criteria.report import Criteria, as_json, criteria_of
from gmv_core.criteria.same_kind import PAPER
from gmv_core.criteria.trials import comparison as comparison_trial
from gmv_core.criteria.trials import injection as injection_trial
from gmv_core.criteria.trials.copies import drop_copies
from gmv_core.criteria.trials.corruption import Injection
from gmv_core.criteria.trials.derived_runs import PIXELS, value_by
from gmv_core.errors import SettingsError
from gmv_core.results.opening import open_run
from gmv_core.results.result import Result
from gmv_core.store.tables.kept import Kept


def criteria_command(
    run: str,
    column: Annotated[
        str | None, typer.Option(help="An attribute that marks known noise (default: by name).")
    ] = None,
    noisy_if: NoisyIf = "",
    inject: Annotated[
        str | None, typer.Option(help="noise, blur or foreign: spoil a copy of the set, score it.")
    ] = None,
    source_set: Annotated[
        str, typer.Option("--from", help="The set that foreign images are taken from.")
    ] = "",
    share: Annotated[float, typer.Option(help="How much of the copy is spoilt.")] = 0.05,
    strength: Annotated[
        float | None,
        typer.Option(help="σ of the noise (0.1), radius of the blur (0.03 of a side)."),
    ] = None,
    seed: int = 0,
    pixels: Annotated[
        bool, typer.Option("--pixels", help="Order the candidates by pixel L2 as well.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Value by every ready distance and compare them.")
    ] = False,
    k: Annotated[list[int] | None, typer.Option(help="k to compare at; give it twice.")] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete the copies and runs that judged this run.")
    ] = False,
    workspace: Root = None,
    json: Json = False,
) -> None:
    """Hold a run against classes, attributes, noise and cost, each beside a baseline."""
    if noisy_if and not column:
        raise SettingsError(f"--noisy-if {noisy_if!r} is of no column; give it with --column.")
    out, place = Output(json), workspace_at(workspace)
    injection = Injection(inject, strength, share, seed, source_set) if inject is not None else None
    with out.progress() as report:
        if forget:
            out.say(f"Deleted: {', '.join(drop_copies(place, run)) or 'nothing was there'}.")
        if injection is not None:
            injection_trial.inject(place, run, injection, report=report)
        if pixels:
            with place.writing():
                value_by(place, open_run(place, run), PIXELS, report=report)
        if compare:
            comparison_trial.compare(place, run, ks=k or (), report=report)
    result = open_run(place, run, kept=Kept())
    criteria = criteria_of(place, result, column=column, noisy_if=noisy_if)
    problem = nothing_to_tell(criteria.noise, criteria.column) if criteria.noise else ""
    if problem:
        out.say(problem)
    _print_criteria(out, result, criteria)


def _print_criteria(out: Output, result: Result, criteria: Criteria) -> None:
    """Print C1 to C4 and the comparison, or one JSON document."""
    if out.document(as_json(result, criteria)):
        return
    _classes(out, criteria)
    attributes = tables.attribute_rows(dict(criteria.attributes))
    if len(attributes):
        narrow = tables.shown_in_a_line(attributes)
        out.table("C2: contributors with the same attribute", narrow)
        out.words(f"The paper reports, {PAPER['attributes']}.")
    _low_value(out, criteria)
    out.table(f"C4: cost (paper: {PAPER['cost']})", tables.shown(tables.cost_rows(criteria.cost)))
    if criteria.comparison:
        stale = ", of an earlier state of the run" if criteria.comparison.stale else ""
        out.table(
            f"The ready distances{stale}", tables.shown(tables.comparison_rows(criteria.comparison))
        )
    for sentence in sentences.LIMITS:
        out.words(sentence)


def _classes(out: Output, criteria: Criteria) -> None:
    if criteria.classes is None:
        out.words("C1: no labels in both sets; give each a CSV with name and label.")
        return
    if criteria.classes.images:
        by_k = tables.shown(tables.shares_by_k(criteria.classes))
        by_k = by_k.set_index("order").T.rename_axis(None, axis=1)
        out.table("C1: contributors of the same class", by_k.reset_index(names="k"))
        out.words(f"The paper reports {PAPER['class']}, of its own generators.")
        by_class = tables.shares_by_value(criteria.classes, "class")
        narrow = tables.shown_in_a_line(by_class)
        out.table("C1 by class", narrow.drop(columns=["k = 5", "k = 50"], errors="ignore"))
    out.words(" ".join(sentences.counted(criteria.classes, "class")))


def _low_value(out: Output, criteria: Criteria) -> None:
    tests = []
    if criteria.noise:
        tests.append(tables.detection_row(f"column {criteria.column}", criteria.noise))
    for finding in criteria.injections:
        tests.append(tables.detection_row(sentences.injection_name(finding),
                                         finding.detection))  # fmt: skip
    if tests:
        columns = ["noisy", "test", "reads as", "AUROC", "distance alone", "precision"]
        out.table(
            "C3: known noise, ranked from the bottom", tables.shown(pd.DataFrame(tests)[columns])
        )
    if len(criteria.foreign):
        narrow = tables.shown(tables.foreign_rows(criteria.foreign)).drop(
            columns=["generated images left out", "by chance"]
        )
        out.table("C3: whole classes as foreign ones", narrow)
