"""The two stages of a build: bring both tables to the end of a source, then index and describe."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from gmv_core.cluster.workers import Workers
from gmv_core.errors import SourceError
from gmv_core.sets.adding import ALREADY, Clashes, pending
from gmv_core.sets.describe import describe
from gmv_core.sets.filling import catch_up, fill
from gmv_core.sets.index import build_index
from gmv_core.sets.making.spread import catch_up_spread, fill_spread, recipe_of
from gmv_core.sets.provenance import Stages
from gmv_core.sets.removal import forget_vectors
from gmv_core.sets.soundness import files_of
from gmv_core.settings import BuildSettings
from gmv_core.sources.label_fit import origin_words
from gmv_core.sources.labels import Labels
from gmv_core.sources.source import Source
from gmv_core.store.manifests import EMPTY, READY, SetManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Embedder, Progress, Report


def carry_out(
    target: ImageSet,
    manifest: SetManifest,
    source: Source,
    labels: Labels | None,
    settings: BuildSettings,
    embedder: Embedder,
    report: Report,
    stamp: str | None = None,
    workers: Workers | None = None,
) -> SetManifest:
    """Bring both tables to the end of the source, then finish the set.

    stamp: the time that a set is to keep as that of its last change. workers: see `build`.
    """
    stages = Stages(manifest, target.write_manifest)
    _read_in(stages, target, source, labels, settings, embedder, report, workers)
    with stages.stage("index", anew=True):
        report(Progress("index", 0, None))
        _index(stages, target, source, labels, settings, embedder, workers)
    stages.change(files=files_of(target, embedder.key))
    counts = stages.manifest.counts
    assert counts is not None  # noqa: S101  (the stage before writes them)
    finished = stages.finish(stamp, state=READY if counts.ok else EMPTY)
    report(Progress("done", counts.images, counts.images))
    return replace(finished, reused=False)


def _read_in(
    stages: Stages[SetManifest],
    target: ImageSet,
    source: Source,
    labels: Labels | None,
    settings: BuildSettings,
    embedder: Embedder,
    report: Report,
    workers: Workers | None,
) -> None:
    """Append what is missing to both tables, batch by batch."""
    recipe = recipe_of(target, stages.manifest, settings, given=embedder)
    with stages.stage("embed") as commit:
        target.embeddings(embedder.key).cut(len(target.images))
        if workers is None:
            catch_up(target, embedder, settings.embed.batch_size, report)
        else:
            catch_up_spread(workers, recipe, report)
        *earlier, last = stages.manifest.sources
        if last.complete:
            return
        clashes = Clashes()
        images = pending(
            target, source, last.first_row,
            labels=labels, settings=settings.ingest, clashes=clashes,
        )  # fmt: skip
        if workers is None:
            batches = fill(target, images, settings, embedder)
        else:
            batches = fill_spread(workers, recipe, source, images, labels, last.first_row)
        done, passed_over = len(target.images) - last.first_row, Counter[str]()
        for batch in batches:
            commit()
            done += batch.count
            passed_over.update(batch.skipped)
            report(Progress("embed", done, source.total))
        if len(target.images) == 0:
            raise SourceError(f"No image was found in {source.location}; give another source.")
        skipped = {**source.skipped, **passed_over}
        if clashes.passed_over:
            skipped[ALREADY] = clashes.passed_over
        last = replace(last, complete=True, skipped=skipped, renamed=clashes.renamed)
        stages.change(sources=(*earlier, last))


def _index(
    stages: Stages[SetManifest],
    target: ImageSet,
    source: Source,
    labels: Labels | None,
    settings: BuildSettings,
    embedder: Embedder,
    workers: Workers | None,
) -> None:
    """Index the set, and describe it in its manifest."""
    *earlier, last = stages.manifest.sources
    forget_vectors(target)  # of images whose removal was interrupted
    target.images.tidy()
    target.embeddings(embedder.key).tidy()
    told = describe(target, labels, last)
    last = replace(
        last,
        images=told.of_source,
        labelled=told.labelled,
        labels_from=origin_words(source, labels, told.labels) if told.labelled else "",
    )
    stages.change(
        sources=(*earlier, last),
        index=build_index(target, embedder.key, settings.index, workers),
        counts=told.counts,
        typical=told.typical,
        labels=told.labels or stages.manifest.labels,
        notes=told.notes,
        embedder=replace(
            stages.manifest.embedder, dim=embedder.dim, has_features=embedder.has_features
        ),
    )
