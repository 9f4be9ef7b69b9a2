"""Which distance deserves trust on this data: C1, C2 and C3 of every ready distance, in one table.

Each distance orders the same candidates of the same generated images, under a run of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gmv_core.criteria.foreign_classes import OneOut, distances_without, held_out_classes
from gmv_core.criteria.known_noise import judge, noise_columns, sounds_like_noise
from gmv_core.criteria.same_kind import (
    RUN,
    Agreement,
    attribute_agreement,
    class_agreement,
    lists_of,
)
from gmv_core.criteria.trials.derived_runs import ready_distances, value_by
from gmv_core.criteria.trials.findings import (
    COMPARISON,
    ComparisonFinding,
    ComparisonRow,
    SharesFound,
    write_finding,
)
from gmv_core.errors import SettingsError
from gmv_core.results.opening import open_run
from gmv_core.results.result import Result
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder, Progress, Report, silent


def compare(
    workspace: Workspace,
    run: str,
    *,
    ks: Sequence[int] = (),
    embedder: Embedder | None = None,
    report: Report = silent,
) -> ComparisonFinding:
    """Value the run's generated set by every ready distance, and keep and return the table.

    ks: the values of k, () for `usual_ks`.
    embedder: needed again where the training set was built with one given from Python.
    """
    with workspace.writing():
        result = open_run(workspace, run)
        chosen = _checked(result, ks or usual_ks(result))
        columns = [c for c in noise_columns(result.training) if sounds_like_noise(c)]
        column = columns[0] if columns else ""
        far = distances_without(result)
        rows = []
        for distance in ready_distances(result):
            told = under(report, distance)
            other = value_by(workspace, result, distance, embedder=embedder, report=told)
            rows += _rows(other, chosen, column, far)
        finding = ComparisonFinding(column=column, ks=chosen, rows=tuple(rows))
        return write_finding(result, COMPARISON, finding)


def usual_ks(result: Result) -> tuple[int, ...]:
    """Return the run's own k and three times as many, as far as there are candidates."""
    most = _candidates(result)
    return tuple(sorted({min(result.settings.k, most), min(3 * result.settings.k, most)}))


def _candidates(result: Result) -> int:
    counts = result.training.manifest().counts
    return min(result.manifest.matching.candidates, counts.ok if counts else 0)


def _checked(result: Result, ks: Sequence[int]) -> tuple[int, ...]:
    most = _candidates(result)
    for k in ks:
        if not 1 <= k <= most:
            raise SettingsError(f"k is {k}; give a number from 1 to {most}, the run's candidates.")
    return tuple(sorted(set(ks)))


def under(report: Report, distance: str) -> Report:
    """Return a report that says which distance is being worked on."""

    def told(step: Progress) -> None:
        if step.stage != "done":
            report(Progress(f"{distance}: {step.stage}", step.done, step.total))

    return told


def _rows(result: Result, ks: Sequence[int], column: str, far: OneOut) -> list[ComparisonRow]:
    """Return the rows of one distance.

    classes and attributes (the mean over the columns) are shares from 0 to 1, with low, high and
    by_chance; noise and foreign are AUROC against `column` and the mean of `held_out_classes`.
    """
    lists = {RUN: lists_of(result)[RUN]}
    classes = class_agreement(result, lists, depths=ks)
    shared = attribute_agreement(result, lists, depths=ks)
    manifest = result.manifest
    seconds = manifest.seconds.get("matches", np.nan) / manifest.generated.images
    rows = []
    for k in ks:
        at = replace(result, settings=replace(result.settings, k=k))
        foreign = held_out_classes(at, far)
        by_column = {name: _at(agreement, k) for name, agreement in shared.items()}
        means = [
            float(np.mean([getattr(found, part) for found in by_column.values()]))
            if by_column
            else None
            for part in ("share", "by_chance")
        ]
        rows.append(
            ComparisonRow(
                distance=manifest.matching.distance,
                run=result.run.name,
                k=k,
                classes=_at(classes, k) if classes else None,
                attributes=by_column,
                attributes_share=means[0],
                attributes_by_chance=means[1],
                noise=judge(at, column).detection.auroc if column else None,
                foreign=float(foreign["auroc"].mean()) if len(foreign) else None,
                seconds_per_image=float(seconds),
            )
        )
    return rows


def _at(agreement: Agreement, k: int) -> SharesFound:
    found = agreement.overall()
    row = found[found["k"] == k]
    columns = ("share", "low", "high", "by_chance")
    return SharesFound(*(float("nan") if row.empty else float(row[c].iloc[0]) for c in columns))
