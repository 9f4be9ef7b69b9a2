"""A run: value one generated set against one training set, block by block, resumable.

Three stages with a table each: matches (needs models), quality (needs a metric), then values, which
are cheap and computed anew for every k, temperature and quality weighting. A fourth one where it is
wished for: predicted influence, see influence.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import msgspec
import numpy as np
import pyarrow as pa

from gmv_core.cluster.workers import Workers
from gmv_core.errors import GMVError, WorkspaceError
from gmv_core.matching.loading import by_clusters, load_matcher
from gmv_core.matching.matcher import Matcher
from gmv_core.matching.thumbnails import ensure_thumbnails
from gmv_core.models.choice import reload_embedder
from gmv_core.results.influence.tables import read_record
from gmv_core.results.totals import quality_warnings
from gmv_core.runs.calibration import held_out_set, seen_sentences, with_closeness, write_identical
from gmv_core.runs.generated import generated_set
from gmv_core.runs.influence import predict
from gmv_core.runs.inputs import Say, started
from gmv_core.runs.spread import Block, match_recipe, spread, spread_null
from gmv_core.runs.stages import match_block, quality_block, write_values
from gmv_core.sets.describe import preview_side, shifts
from gmv_core.sets.provenance import Stages
from gmv_core.settings import CLUSTER, CONVINCING, InfluenceSettings, RunSettings
from gmv_core.sources.labels import Labels
from gmv_core.sources.source import Source
from gmv_core.store.manifests import EMPTY, READY, NullEntry, RunManifest, SetManifest
from gmv_core.store.tables.damage import drop_damaged
from gmv_core.store.workspace import ImageSet, Run, Workspace
from gmv_core.trust.credit import basis_of
from gmv_core.trust.duplicates import find_clusters, read_clusters
from gmv_core.trust.null import null_of
from gmv_core.types import Embedder, Int64, Progress, Report, silent

Each = Callable[[Block], Callable[[Iterable[Int64]], Iterator[pa.Table]]]  # who works on blocks
BLOCK = 256  # generated images matched at once and committed together


def value(
    workspace: Workspace,
    generated: Source | str,
    *,
    against: str,
    name: str,
    labels: Labels | None = None,
    settings: RunSettings | None = None,
    held_out: Source | str | None = None,
    calibrated: bool = True,
    embedder: Embedder | None = None,
    report: Report = silent,
    say: Say = lambda _: None,
    workers: Workers | None = None,
) -> RunManifest:
    """Value generated images against the training set `against` and keep the result as run `name`.

    generated: a source, which becomes the set "<name>-generated", or the name of a set.
    held_out: real images that the model was not trained on, a source or a set, for the null of
    `trust.null`; without, training images are left out. calibrated: false for no null,
    unless the settings need one.
    say: is told in a sentence what shifts, what is reused, what is recomputed and why.
    workers: that share building, matching and judging, such as those of `ray_workers`; None: this
    process does it.
    Work that an earlier call of the same name did with equal inputs is kept; the returned
    manifest's "reused" is true where nothing but the values had to be computed.
    """
    settings = settings or RunSettings()
    calibrated = calibrated or settings.value.credit == CONVINCING
    run = workspace.run(name)
    with workspace.writing(), _no_trace_of_mistakes(workspace, run):
        training = workspace.image_set(against)
        trained = _trained(training, embedder)
        images = generated_set(
            workspace, generated, run=run, trained=trained, settings=settings, labels=labels,
            embedder=embedder, report=report, workers=workers,
        )  # fmt: skip
        made = _finished(images)
        unseen = None
        if calibrated and held_out is not None:
            unseen = held_out_set(
                workspace, held_out, run=name, trained=trained, embedder=embedder, report=report,
                workers=workers,
            )  # fmt: skip
            for sentence in seen_sentences(training, unseen):
                say(sentence)
        told = shifts(trained.typical, made.typical)
        for sentence in told:
            say(sentence)
        matcher = _matcher(workspace, training, trained, made, settings, embedder, report, workers)
        manifest = started(run, trained, images, made, matcher, settings, say)
        manifest = msgspec.structs.replace(manifest, shifts=tuple(told))
        _drop_damaged(run, say)
        run.write_manifest(manifest)
        matcher = replace(matcher, exact_depth=manifest.matching.exact_depth)
        each: Each = lambda block: partial(map, partial(block, matcher, images))  # noqa: E731
        share = None
        if workers is not None:
            recipe = match_recipe(matcher, trained, images, settings)
            each = partial(partial, spread, workers, recipe)
            share = partial(spread_null, workers, recipe, unseen)
        null = partial(null_of, matcher, manifest.matching, held_out=unseen, report=report,
                       share=share)  # fmt: skip
        own = unseen is not None and not isinstance(held_out, str)
        done = _work(
            run, manifest, matcher, images, each, settings, report, say,
            null=(lambda: msgspec.structs.replace(null(), own=own)) if calibrated else None,
        )  # fmt: skip
        for sentence in done.warnings:
            say(sentence)
        return done


def _drop_damaged(run: Run, say: Say) -> None:
    """Drop tables that would be kept but have changed on disk, so that they are computed anew."""
    for name in ("matches", "quality"):
        if drop_damaged(run.table(name)):
            say(f"The table {name} is damaged on disk, so it is computed anew.")


@contextmanager
def _no_trace_of_mistakes(workspace: Workspace, run: Run) -> Iterator[None]:
    """Drop a run that this call began, where a mistake ends it before its work."""
    known = run.exists()
    try:
        yield
    except GMVError:
        if not known and run.exists() and run.manifest().state == "begun":
            workspace.drop(run)
        raise


def _trained(training: ImageSet, embedder: Embedder | None) -> SetManifest:
    """Return the manifest of a finished training set with images; raise for another embedder."""
    trained = _finished(training)
    if trained.typical is None:
        raise WorkspaceError(
            f"No image of {training.name!r} could be read; give a training set with images."
        )
    chosen = trained.embedder
    if embedder is not None or chosen.precision == "own":
        reload_embedder(chosen.key, chosen.precision, embedder)
    return trained


def _matcher(
    workspace: Workspace,
    training: ImageSet,
    trained: SetManifest,
    made: SetManifest,
    settings: RunSettings,
    embedder: Embedder | None,
    report: Report,
    workers: Workers | None,
) -> Matcher:
    """Load what generated images are matched with; near copies are found where they count as one.

    made: the manifest of the generated set.
    """
    ensure_thumbnails(training, report)
    matcher = load_matcher(
        training,
        trained,
        settings=settings.match,
        value=settings.value,
        side_px=preview_side(made),
        embedder=embedder,
    )
    if settings.value.duplicates != CLUSTER:
        return matcher
    find_clusters(workspace, training.name, matcher.embedder, report=report, workers=workers)
    return by_clusters(matcher, read_clusters(training).of)


def _finished(images: ImageSet) -> SetManifest:
    manifest = images.manifest()
    if manifest.state not in (READY, EMPTY):
        raise WorkspaceError(
            f"The set {images.name!r} is unfinished; run its build again to finish it."
        )
    return manifest


def _work(
    run: Run,
    manifest: RunManifest,
    matcher: Matcher,
    images: ImageSet,
    each: Each,
    settings: RunSettings,
    report: Report,
    say: Say,
    *,
    null: Callable[[], NullEntry] | None,
) -> RunManifest:
    total = len(images.images)
    reused = len(run.table("matches")) == total and len(run.table("quality")) == total
    stages = Stages(manifest, run.write_manifest)
    _fill(run, stages, "matches", total, report, each(match_block))
    _fill(run, stages, "quality", total, report, each(quality_block))
    with stages.stage("null"):
        write_identical(run, matcher, images)
        entry = null() if null else None
        if entry is not None:
            entry = with_closeness(entry, run, matcher, images)
        stages.change(null=entry)
    with stages.stage("values", anew=True):
        report(Progress("values", 0, None))
        basis = basis_of(matcher.training, stages.manifest.null, settings.value)
        totals = write_values(
            run, matcher.training, images, matcher.embedder.key, settings.value, basis
        )
        quality = run.table("quality").read(["quality"])["quality"].to_numpy()
        stages.change(totals=totals, warnings=quality_warnings(quality, manifest.judging.quality))
    finished = stages.finish()
    if settings.influence:
        # The values can be read by now, whatever becomes of the prediction.
        reused &= _predict(run, stages, matcher.training, images, report, say)
        finished = stages.manifest
    report(Progress("done", total, total))
    return msgspec.structs.replace(finished, reused=reused)


def _predict(
    run: Run,
    stages: Stages[RunManifest],
    training: ImageSet,
    images: ImageSet,
    report: Report,
    say: Say,
) -> bool:
    """Predict influence under the default settings; return whether all of it was there."""
    before = read_record(run)
    with stages.stage("influence") as commit:

        def committing(step: Progress) -> None:
            commit()
            report(step)

        record = predict(run, training, images, InfluenceSettings(), committing, say)
    run.write_manifest(stages.manifest)
    return record == before


def _fill(
    run: Run,
    stages: Stages[RunManifest],
    name: str,
    total: int,
    report: Report,
    work: Callable[[Iterable[Int64]], Iterator[pa.Table]],
) -> None:
    """Append the missing rows of one table block by block."""
    table = run.table(name)
    done = len(table)
    blocks = (np.arange(at, min(at + BLOCK, total)) for at in range(done, total, BLOCK))
    with stages.stage(name) as commit:
        for rows in work(blocks):
            table.append(rows)
            commit()
            done += len(rows)
            report(Progress(name, done, total))
        table.tidy()
