"""Predict the influence of every training image on a run's generated images, resumably.

Pixels and statistics are measured once; then, for each block of generated images, all training
images in blocks: matrix products, no recall. A block that is appended is done for good.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from gmv_core.method.scales import (
    add_relative_sums,
    no_relative_sums,
    relative_probes,
    total_relative_influence,
)
from gmv_core.results.influence.tables import (
    HARMFUL,
    HELPFUL,
    InfluenceRecord,
    influence_table,
    read_record,
    stamps,
    totals_table,
    write_record,
)
from gmv_core.results.opening import open_run
from gmv_core.sets.linear import LinearModel, fit_linear, label_share
from gmv_core.sets.pixels import ensure_pixels, pixel_blocks, pixel_form, pixels_of_rows
from gmv_core.settings import InfluenceSettings
from gmv_core.store.columns import fixed, labels_of, statuses
from gmv_core.store.tables.damage import drop_damaged
from gmv_core.store.workspace import ImageSet, Run, Workspace
from gmv_core.types import Float32, Float64, Int64, Progress, Report, silent
from gmv_core.words import listed

LABELLED = 0.5  # of the generated images at least, for a mean of each class
BLOCK = 256  # generated images held against a block of training images at once
Say = Callable[[str], None]


def predict_influence(
    workspace: Workspace,
    name: str,
    *,
    settings: InfluenceSettings | None = None,
    report: Report = silent,
    say: Say = lambda _: None,
) -> InfluenceRecord:
    """Predict influence for the finished run `name` and keep it with the run.

    Tables that an earlier call made from equal images, labels and settings are kept; say is told
    where they are computed anew, and why.
    """
    with workspace.writing():
        result = open_run(workspace, name)
        settings = settings or InfluenceSettings()
        return predict(result.run, result.training, result.generated, settings, report, say)


def predict(
    run: Run,
    training: ImageSet,
    generated: ImageSet,
    settings: InfluenceSettings,
    report: Report = silent,
    say: Say = lambda _: None,
) -> InfluenceRecord:
    """Do the same for a run whose sets are open; the caller holds the workspace's lock."""
    form = pixel_form(training, settings.side_px)
    # An image's class by the nearest mean is worse than no classes at all: docs/influence.md.
    by_class = label_share(training, generated) >= LABELLED
    made_of = _digest(training), _digest(generated), settings, form.grey, by_class
    record = InfluenceRecord(*made_of, valued=stamps(run.manifest()))
    before, tables = read_record(run), (influence_table(run), totals_table(run))
    sound = [not drop_damaged(table) and table.exists() for table in tables]
    if before is not None and before.inputs == record.inputs and before.ready and all(sound):
        for images in (training, generated):
            ensure_pixels(images, form, report)  # a set that was built again has none
        kept = replace(before, valued=record.valued)
        if kept != before:
            write_record(run, kept)
        return kept
    if before is None or before.inputs != record.inputs:
        influence_table(run).drop()
    if before is not None and before.inputs != record.inputs:
        changed = [k for k, v in record.inputs.items() if before.inputs.get(k) != v]
        say(f"The influence is predicted anew, because {listed(changed)} changed.")
    write_record(run, record)
    for images in (training, generated):
        ensure_pixels(images, form, report)
    directions, by_label = settings.kept_directions, record.by_class
    model = fit_linear(training, form, generated=generated, kept=directions, by_label=by_label)
    return fill_tables(run, generated, model, record, report)


def fill_tables(
    run: Run, generated: ImageSet, model: LinearModel, record: InfluenceRecord, report: Report
) -> InfluenceRecord:
    """Write the totals, append the missing blocks of lists, and return the finished record."""
    labels, fine, total = labels_of(generated), statuses(generated), len(generated.images)
    spread = _write_totals(run, generated, model, labels)
    table = influence_table(run)
    for start in range(len(table), total, BLOCK):
        rows = np.arange(start, min(start + BLOCK, total))
        there = rows[fine[rows]]
        x = pixels_of_rows(generated, model.form, there)
        table.append(_block(model, x, labels[there], rows, there - start, spread))
        report(Progress("influence", int(rows[-1]) + 1, total))
    table.tidy()
    known = [label for label in model.labels if label]
    done = replace(
        record,
        sigma=model.scales[0].denoiser.sigma,
        detail=model.detail,
        classes=len(model.labels),
        images=int(fine.sum()),
        by_label=int(np.isin(labels[fine].astype(str), known).sum()),
        ready=True,
    )
    write_record(run, done)
    return done


def _write_totals(run: Run, generated: ImageSet, model: LinearModel, labels: np.ndarray) -> Float64:
    """Write each training image's sum over the generated ones; return the part `spread`."""
    scales = model.scales
    sums = no_relative_sums(scales)
    for ids, x in pixel_blocks(generated, model.form):
        asked = relative_probes(scales, x, model.classes_of(x, labels[ids]))
        sums = add_relative_sums(scales, sums, asked)
    spread, found = model.spread(), np.full(len(model.codes), np.nan)
    for ids, x in model.blocks():
        codes, own = model.codes[ids], spread[:, ids]
        found[ids] = total_relative_influence(scales, sums, x, codes, spread=own)
    totals_table(run).write(pa.table({"id": np.arange(len(found)), "influence": pa.array(found)}))
    return spread


def _block(
    model: LinearModel, x: Float32, labels: np.ndarray, rows: Int64, there: Int64, spread: Float64
) -> pa.Table:
    """Return the table's rows of some generated images; a rejected one has no list.

    x, labels: of those that were not rejected. there: their places among the rows.
    """
    codes = model.classes_of(x, labels)
    asked = relative_probes(model.scales, x, codes)
    helpful, harmful = model.lists(asked, spread, helpful=HELPFUL, harmful=HARMFUL)
    label = np.full(len(rows), "", object)
    label[there] = np.array(model.labels, object)[codes]
    columns = {"id": pa.array(rows), "class": pa.array(label, pa.string())}
    lists = (("helpful", helpful, HELPFUL), ("harmful", harmful, HARMFUL))
    for kind, (values, ids), count in lists:
        named, sizes = np.full((len(rows), count), -1), np.full((len(rows), count), np.nan)
        named[there, : ids.shape[1]], sizes[there, : ids.shape[1]] = ids, values
        columns |= {kind: fixed(named), f"{kind}_influence": fixed(sizes)}
    return pa.table(columns)


def _digest(images: ImageSet) -> str:
    """Name all of a set that influence depends on: bytes, states and labels, in order."""
    told = hashlib.sha256()
    for batch in images.images.batches(["sha256", "status", "label"]):
        for column in batch.columns:
            told.update("\n".join(text or "" for text in column.to_pylist()).encode() + b"\0")
    return told.hexdigest()
