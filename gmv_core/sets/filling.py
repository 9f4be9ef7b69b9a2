"""One pass over a source: decode ahead in threads, embed, and append to a set's two tables."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
import pyarrow as pa

from gmv_core.errors import WorkspaceError
from gmv_core.images.decode import decode
from gmv_core.images.glimpse import glimpse
from gmv_core.method.sketch import SKETCH_DIM, sketch
from gmv_core.models.choice import reload_embedder
from gmv_core.models.embedders.embedder import stack
from gmv_core.settings import BuildSettings, EmbedSettings, IngestSettings
from gmv_core.sources.source import MAX_TEXT, MAX_TEXTS, storable
from gmv_core.store.columns import embedding_rows, image_rows, previews_of
from gmv_core.store.manifests import EmbedderEntry
from gmv_core.store.workspace import ImageSet
from gmv_core.types import (
    OK,
    DecodedImage,
    Embedder,
    Int64,
    Progress,
    Report,
    SourceImage,
    UInt8,
    silent,
)

COMMIT_ROWS = 512
HELD_BYTES = 128_000_000  # read ahead and not decoded yet, besides the image read last
TASK_BYTES = 8_000_000
TASK_IMAGES = 32  # decoded by a thread in one go: one task an image costs more on tiny images


@dataclass(frozen=True)
class Filled:
    """A batch that was appended to both tables. skipped: what was passed over, besides what is
    listed, with why."""

    count: int
    skipped: Mapping[str, int] = field(default_factory=dict)


def fill(
    target: ImageSet, images: Iterator[SourceImage], settings: BuildSettings, embedder: Embedder
) -> Iterator[Filled]:
    """Append images to both tables of a set, and yield each batch when it is."""
    for pairs, arrays in decoded_batches(images, settings.ingest, embedder):
        start = len(target.images)
        target.images.append(image_rows(start, pairs))
        append_vectors(target, start, arrays, embedder, settings.embed.batch_size)
        yield Filled(len(pairs))


def catch_up(target: ImageSet, embedder: Embedder, batch_size: int, report: Report) -> None:
    """Embed the images that have no vector yet, from their previews."""
    total = len(target.images)
    start = len(target.embeddings(embedder.key))
    for first in range(start, total, COMMIT_ROWS):
        rows = np.arange(first, min(first + COMMIT_ROWS, total))
        append_vectors(target, first, stored_squares(target, rows, embedder), embedder, batch_size)
        report(Progress("embed", int(rows[-1]) + 1, total))


def stored_squares(target: ImageSet, rows: Int64, embedder: Embedder) -> list[UInt8 | None]:
    """Return the squares to embed of images that are stored, None for a rejected one."""
    previews = previews_of(target, rows)
    statuses = target.images.take(rows, ["status"])["status"].to_pylist()
    return [
        _square(preview, embedder) if status == OK else None
        for preview, status in zip(previews, statuses, strict=True)
    ]


def append_vectors(
    target: ImageSet, start: int, arrays: list[UInt8 | None], embedder: Embedder, batch_size: int
) -> None:
    """Embed the squares and append one row an image; a rejected image (None) gets zeros."""
    table = target.embeddings(embedder.key)
    table.path.parent.mkdir(parents=True, exist_ok=True)
    table.append(embedded(start, arrays, embedder, batch_size))


def embedded(
    start: int, arrays: list[UInt8 | None], embedder: Embedder, batch_size: int
) -> pa.Table:
    """Return one row of vectors an image, ids from `start` on; a rejected image gets zeros."""
    there = [i for i, array in enumerate(arrays) if array is not None]
    vectors = np.zeros((len(arrays), embedder.dim), np.float32)
    norm = embedder.features_norm_squared
    sketches = None if norm is None else np.zeros((len(arrays), SKETCH_DIM), np.int8)
    for first in range(0, len(there), batch_size):
        rows = there[first : first + batch_size]
        vectors[rows], features = embedder(
            np.stack([a for i in rows if (a := arrays[i]) is not None])
        )
        if sketches is not None and norm is not None and features is not None:
            sketches[rows] = sketch(features, norm_squared=norm)
    return embedding_rows(start, vectors, sketches)


def _square(pixels: UInt8, embedder: Embedder) -> UInt8:
    square: UInt8 = stack([pixels], embedder.side_px, crop=embedder.crop)[0]
    return square


Prepared = tuple[SourceImage, DecodedImage, UInt8 | None]


def decoded_batches(
    pending: Iterator[SourceImage],
    settings: IngestSettings,
    embedder: Embedder,
    *,
    pool: ThreadPoolExecutor | None = None,
) -> Iterator[tuple[list[tuple[SourceImage, DecodedImage]], list[UInt8 | None]]]:
    """Decode ahead in threads and yield COMMIT_ROWS images at a time, in their order.

    pool: of threads to decode in; a thread for each processor by default.
    """

    def prepare(images: list[SourceImage]) -> list[Prepared]:
        return [_prepared(image, settings, embedder) for image in images]

    tasks = _tasks(pending)
    window: deque[tuple[Future[list[Prepared]], int]] = deque()

    def read_ahead() -> None:
        """Read until enough is held undecoded, by number and by bytes."""
        while len(window) < COMMIT_ROWS // TASK_IMAGES and sum(n for _, n in window) < HELD_BYTES:
            images = next(tasks, [])
            if not images:
                return
            size_bytes = sum(len(image.data) for image in images)
            window.append((threads.submit(prepare, images), size_bytes))

    with nullcontext(pool) if pool else ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        try:
            read_ahead()
            done: list[Prepared] = []
            while window:
                done += window.popleft()[0].result()
                read_ahead()
                # Tasks of large images are short: a batch is COMMIT_ROWS whatever their size.
                while len(done) >= COMMIT_ROWS or (done and not window):
                    batch, done = done[:COMMIT_ROWS], done[COMMIT_ROWS:]
                    yield [(image, decoded) for image, decoded, _ in batch], [d[2] for d in batch]
        finally:
            for future, _ in window:
                future.cancel()


def _tasks(pending: Iterator[SourceImage]) -> Iterator[list[SourceImage]]:
    """Yield what a thread decodes in one go: TASK_IMAGES images, fewer where they are large."""
    task, size_bytes = list[SourceImage](), 0
    for image in pending:
        task.append(image)
        size_bytes += len(image.data)
        if len(task) == TASK_IMAGES or size_bytes >= TASK_BYTES:
            yield task
            task, size_bytes = [], 0
    if task:
        yield task


def _prepared(image: SourceImage, settings: IngestSettings, embedder: Embedder) -> Prepared:
    if image.error:
        decoded = DecodedImage(sha256="", size_bytes=0, status=storable(image.error))
    else:
        decoded = decode(image.data, settings)
        if decoded.status != OK:
            decoded = replace(decoded, preview=glimpse(image.data))
    square = None if decoded.pixels is None else _square(decoded.pixels, embedder)
    # The bytes and the full preview pixels are let go: a batch keeps what it writes.
    return _storable(image), replace(decoded, pixels=None), square


def _storable(image: SourceImage) -> SourceImage:
    """Return an image's record without its bytes, its texts such that they can be stored."""
    most = min(MAX_TEXT, MAX_TEXTS // max(1, len(image.attributes)))
    return replace(
        image,
        data=b"",
        name=storable(image.name),
        label=storable(image.label),
        owner=storable(image.owner),
        attributes={
            storable(key, most): storable(value, most) for key, value in image.attributes.items()
        },
    )


def ensure_embedded(
    target: ImageSet, chosen: EmbedderEntry, *, embedder: Embedder | None, report: Report = silent
) -> None:
    """Give a finished set the vectors of another embedder, from its previews, where it lacks them.

    chosen: the "embedder" of the manifest of the set that it will be compared with. Raises
    WorkspaceError where this set's own vectors are of that embedder in another precision.
    """
    manifest = target.manifest()
    own, table = manifest.embedder, target.embeddings(chosen.key)
    if manifest.precisions.get(chosen.key, chosen.precision) != chosen.precision:
        if own.key == chosen.key:
            raise WorkspaceError(
                f"The set {target.name!r} was embedded in {own.precision} and the training set "
                f"in {chosen.precision}; build one of them again with the other's --precision."
            )
        table.drop()
    if len(table) < len(target.images):
        network = reload_embedder(chosen.key, chosen.precision, embedder)
        precisions = {**manifest.precisions, chosen.key: chosen.precision}
        target.write_manifest(msgspec.structs.replace(manifest, precisions=precisions))
        catch_up(target, network, EmbedSettings().batch_size, report)
