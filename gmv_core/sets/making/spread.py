"""A build's batches on many machines: each reads, decodes, embeds and writes; the driver commits.

The rows are those of a build in one process: the same functions make them, and a batch's place in
the source tells its ids. What a machine wrote is seen once the driver has committed it, batch after
batch in order; so a killed driver goes on behind the last one, as after any interruption.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from socket import gethostname

import numpy as np

from gmv_core.cluster.workers import Workers
from gmv_core.errors import ClusterError, SourceError
from gmv_core.models.choice import reload_embedder
from gmv_core.sets.filling import COMMIT_ROWS, Filled, decoded_batches, embedded, stored_squares
from gmv_core.settings import BuildSettings
from gmv_core.sources.addresses.address import is_address
from gmv_core.sources.labels import Labels
from gmv_core.sources.source import PartReader, Source
from gmv_core.sources.tables.label_rows import LabelRow, with_row
from gmv_core.store.columns import image_rows
from gmv_core.store.manifests import EmbedderEntry, SetManifest
from gmv_core.store.tables.parts import Part, append_parts, write_part
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Embedder, Int64, Progress, Report, SourceImage

SENT_BYTES = 64_000_000  # of images that are sent with a batch


@dataclass(frozen=True)
class Recipe:
    """What a process needs to work on a set. created: of the set, to know it again.

    given: the embedder, where it came from Python. location: of the source, "" where its images are
    sent with the batches.
    """

    target: ImageSet
    created: str
    chosen: EmbedderEntry
    given: Embedder | None
    settings: BuildSettings
    location: str = ""


@dataclass(frozen=True)
class Bench:
    """A recipe, and what a process holds for it: the embedder, and the thread that decodes.

    One thread for all batches: memory that a thread has let go of is kept for it, so that a new one
    each time would make a process grow.
    """

    recipe: Recipe
    embedder: Embedder
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))


@dataclass(frozen=True)
class Batch:
    """Images of a source that become rows from `start` on. labels: what tables say, by name."""

    start: int
    count: int
    read: PartReader
    labels: Mapping[str, Sequence[LabelRow]] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """What a process wrote of a batch."""

    filled: Filled
    images: Sequence[Part]
    embeddings: Sequence[Part]


def recipe_of(
    target: ImageSet, manifest: SetManifest, settings: BuildSettings, *, given: Embedder
) -> Recipe:
    """Return what other machines need; the set's folder is named in full for them."""
    return Recipe(
        target=ImageSet(target.folder.absolute()),
        created=manifest.created,
        chosen=manifest.embedder,
        given=given if manifest.embedder.precision == "own" else None,
        settings=settings,
    )


def fill_spread(
    workers: Workers,
    recipe: Recipe,
    source: Source,
    images: Iterator[SourceImage],
    labels: Labels | None,
    first_row: int,
) -> Iterator[Filled]:
    """Bring a set's tables to the end of a source and yield each batch that is committed.

    images: those that are still to come, labelled and named; they are read here and sent where
    the source cannot be read in parts, or where the set had images before it (first_row > 0).
    """
    target = recipe.target
    vectors = target.embeddings(recipe.chosen.key)
    start = len(target.images)
    if first_row == 0 and source.part and source.total and (source.names or not labels):
        recipe = replace(recipe, location=source.location)
        batches = _parts(source, labels, start)
    else:
        batches = _sent(images, start)
    for written in workers.in_order(partial(bench_of, recipe), _work, batches):
        append_parts(target.images, written.images)
        append_parts(vectors, written.embeddings)
        yield written.filled
    # What was written and never committed is that of processes that died.
    for table in (target.images, vectors):
        table.forget_versions()


def catch_up_spread(workers: Workers, recipe: Recipe, report: Report) -> None:
    """Embed the images that have no vector yet, from their previews; see `filling.catch_up`."""
    target, vectors = recipe.target, recipe.target.embeddings(recipe.chosen.key)
    total, start = len(target.images), len(vectors)
    blocks = (
        np.arange(first, min(first + COMMIT_ROWS, total))
        for first in range(start, total, COMMIT_ROWS)
    )
    for part in workers.in_order(partial(bench_of, recipe), _embedded_again, blocks):
        append_parts(vectors, [part])
        start = min(start + COMMIT_ROWS, total)
        report(Progress("embed", start, total))


def _parts(source: Source, labels: Labels | None, start: int) -> Iterator[Batch]:
    assert source.part is not None and source.total is not None  # noqa: S101
    for first in range(start, source.total, COMMIT_ROWS):
        stop = min(first + COMMIT_ROWS, source.total)
        names = source.names[first:stop] if labels and source.names else []
        rows = {name: labels.rows(name) for name in names} if labels else {}
        yield Batch(first, stop - first, source.part(first, stop), rows)


def _sent(images: Iterator[SourceImage], start: int) -> Iterator[Batch]:
    held, size_bytes = list[SourceImage](), 0
    for image in images:
        held.append(image)
        size_bytes += len(image.data)
        if len(held) == COMMIT_ROWS or size_bytes >= SENT_BYTES:
            yield Batch(start, len(held), partial(_given, tuple(held)))
            start, held, size_bytes = start + len(held), [], 0
    if held:
        yield Batch(start, len(held), partial(_given, tuple(held)))


def _given(images: Sequence[SourceImage], _: Counter[str]) -> Iterator[SourceImage]:
    return iter(images)


def bench_of(recipe: Recipe) -> Bench:
    """Load what a process needs; raise ClusterError where it does not see the set or the source."""
    check_seen(recipe.target, recipe.created)
    if recipe.location and not is_address(recipe.location) and not Path(recipe.location).exists():
        raise _unseen(f"the images in {recipe.location}")
    chosen = recipe.chosen
    return Bench(recipe, reload_embedder(chosen.key, chosen.precision, recipe.given))


def check_seen(images: ImageSet, created: str) -> None:
    """Raise ClusterError where this machine does not see the set that was created then."""
    if not images.exists() or images.manifest().created != created:
        raise _unseen(f"the workspace's {images.folder}")


def _unseen(what: str) -> ClusterError:
    return ClusterError(
        f"The machine {gethostname()} does not see {what}; give a place that every machine of the "
        "cluster has under the same path."
    )


def _work(bench: Bench, batch: Batch) -> Written:
    """Read, decode and embed a batch, and write its rows where no reader sees them yet."""
    recipe, embedder, skipped = bench.recipe, bench.embedder, Counter[str]()
    target, row = recipe.target, batch.start
    vectors = target.embeddings(embedder.key)
    vectors.path.parent.mkdir(parents=True, exist_ok=True)
    written: list[tuple[Part, Part]] = []
    images = islice(_labelled(batch.read(skipped), batch.labels), batch.count)
    for pairs, arrays in decoded_batches(images, recipe.settings.ingest, embedder, pool=bench.pool):
        rows = embedded(row, arrays, embedder, recipe.settings.embed.batch_size)
        images_part = write_part(target.images, image_rows(row, pairs))
        written.append((images_part, write_part(vectors, rows)))
        row += len(pairs)
    if row - batch.start != batch.count:
        raise SourceError(
            f"{row - batch.start} of {batch.count} images came from {recipe.location}; it has "
            "changed since it was listed: give the same again."
        )
    filled = Filled(batch.count, skipped)
    return Written(filled, [a for a, _ in written], [b for _, b in written])


def _embedded_again(bench: Bench, rows: Int64) -> Part:
    target, embedder = bench.recipe.target, bench.embedder
    squares = stored_squares(target, rows, embedder)
    batch_size = bench.recipe.settings.embed.batch_size
    vectors = target.embeddings(embedder.key)
    vectors.path.parent.mkdir(parents=True, exist_ok=True)
    return write_part(vectors, embedded(int(rows[0]), squares, embedder, batch_size))


def _labelled(
    images: Iterator[SourceImage], labels: Mapping[str, Sequence[LabelRow]]
) -> Iterator[SourceImage]:
    for image in images:
        for row in labels.get(image.name, ()):
            image = with_row(image, row)
        yield image
