"""The index of a set: built at the end of a build, judged against exact search, loaded to search.

Also keeps the *reference* of the realism metric, and the sample that the recall was measured on.
"""

from __future__ import annotations

import zipfile
from dataclasses import asdict
from typing import Any

import msgspec
import numpy as np

from gmv_core.cluster.workers import Workers
from gmv_core.errors import ModelError, WorkspaceError
from gmv_core.method.realism import COPY_SQUARED, MAX_REFERENCE, Reference, make_reference
from gmv_core.method.recall import (
    MIN_ON_DISK,
    ExactIndex,
    Index,
    IndexReport,
    QuantizedIndex,
    add_codes,
    choose_kind,
    exact_search,
    take_out,
    train_codes,
    tune,
)
from gmv_core.sets.making.disk_index import build_disk, drop_disk, open_disk
from gmv_core.settings import IndexSettings
from gmv_core.store.columns import all_vectors, vector_blocks, vectors_of
from gmv_core.store.files import aside
from gmv_core.store.manifests import IndexEntry
from gmv_core.store.remote.copies import on_this_machine
from gmv_core.store.remote.objects import Place
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float32, Int64

REFERENCE, CODES = "reference.npz", "codes.faiss"
SAMPLE_QUERIES = 200
RECALL_AT = 100
TRAIN_ROWS = 100_000  # vectors that train the quantizer, about 250 MB


def build_index(
    target: ImageSet, embedder: str, settings: IndexSettings, workers: Workers | None = None
) -> IndexEntry:
    """Build the index files of a set and return the manifest's entry of them.

    workers: that share the work of an index on the disk; None: this process does it.
    """
    import psutil

    table = target.embeddings(embedder)
    ids = np.concatenate([b for b, _ in vector_blocks(table)] or [np.empty(0, np.int64)])
    folder = target.index_folder(embedder)
    folder.mkdir(parents=True, exist_ok=True)
    kind = choose_kind(settings.kind, len(ids), psutil.virtual_memory().total)
    rng = np.random.default_rng(settings.seed)
    _write_reference(folder, table, ids, rng)
    report = IndexReport(kind, len(ids), 0.0, 1.0, min(RECALL_AT, len(ids)), 0, 1, 0)
    if kind != "disk":
        drop_disk(folder)
    if kind in ("exact", "disk"):
        (folder / CODES).unlink(missing_ok=True)
    if kind == "exact":
        dim = 0 if not len(ids) else vectors_of(table, ids[:1]).shape[1]
        report = IndexReport(kind, len(ids), 4.0 * dim + 8, 1.0, report.recall_at, 0, 1, 0)
    elif kind == "disk":
        queries, truth = _judges(table, ids, rng)
        report = build_disk(folder, table, queries=queries, truth=truth, workers=workers)
    else:
        report = _build_quantized(target, embedder, kind, ids, rng)
    return IndexEntry(**asdict(report), seed=settings.seed, asked=settings.kind, rows=len(table))


def shrink_index(target: ImageSet, embedder: str, built: IndexEntry, covered: Int64) -> IndexEntry:
    """Take images whose vectors are gone out of the index files; return the new entry.

    covered: rows that the index covers. Where that is not so, it is built anew.
    """
    settings, table = IndexSettings(built.asked, built.seed), target.embeddings(embedder)
    ids = np.concatenate([b for b, _ in vector_blocks(table)] or [np.empty(0, np.int64)])
    if built.kind == "disk":
        kind = "disk" if len(ids) >= MIN_ON_DISK else "exact"
        made = build_index(target, embedder, IndexSettings(kind, built.seed))
        return msgspec.structs.replace(made, asked=built.asked)
    codes = None if built.kind == "exact" else _read_codes(target, embedder)
    if codes is None or codes.ntotal != len(covered):
        return build_index(target, embedder, settings)
    rng = np.random.default_rng(built.seed)
    _write_reference(target.index_folder(embedder), table, ids, rng)
    take_out(codes, np.flatnonzero(~np.isin(covered, ids)))
    report = _judged(target, embedder, built.kind, codes, ids, rng)
    return IndexEntry(**asdict(report), seed=built.seed, asked=built.asked, rows=len(table))


def _build_quantized(
    target: ImageSet, embedder: str, kind: str, ids: np.ndarray, rng: np.random.Generator
) -> IndexReport:
    table = target.embeddings(embedder)
    # The sample is let go before the codes are filled.
    codes = train_codes(
        kind, vectors_of(table, np.sort(rng.permutation(ids)[:TRAIN_ROWS])), vectors=len(ids)
    )
    rows = add_codes(codes, vector_blocks(table))
    return _judged(target, embedder, kind, codes, rows, rng)


def _judged(
    target: ImageSet,
    embedder: str,
    kind: str,
    codes: Any,  # noqa: ANN401  (faiss ships no types)
    ids: Int64,
    rng: np.random.Generator,
) -> IndexReport:
    """Tune codes against exact search on some of the set's own images, and write their file.

    ids: the row of each position.
    """
    import faiss

    table = target.embeddings(embedder)
    queries, truth = _judges(table, ids, rng)
    _, report = tune(
        codes,
        ids,
        lambda wanted: vectors_of(table, wanted),
        kind=kind,
        queries=queries,
        truth=truth,
    )
    with aside(target.index_folder(embedder) / CODES) as unfinished:
        faiss.write_index(codes, str(unfinished))
    return report


def _judges(table: Table, ids: Int64, rng: np.random.Generator) -> tuple[Float32, Int64]:
    """Return some of the set's own vectors, and the rows of their true neighbours."""
    queries = vectors_of(table, np.sort(rng.permutation(ids)[:SAMPLE_QUERIES]))
    blocks = vector_blocks(table)
    return queries, exact_search(queries, blocks, k=min(RECALL_AT, len(ids))).ids


def _read_codes(target: ImageSet, embedder: str) -> Any:  # noqa: ANN401
    import faiss

    with on_this_machine(target.index_folder(embedder) / CODES) as file:
        return faiss.read_index(str(file))


def load_index(target: ImageSet, embedder: str, built: IndexEntry) -> Index:
    """Return the searchable index of a finished set.

    built: the manifest's entry. Raises WorkspaceError where the table has grown since.
    """
    table = target.embeddings(embedder)
    if len(table) != built.rows:
        raise WorkspaceError(
            f"The index of {target.name!r} covers {built.rows} images and the set has "
            f"{len(table)}; run its build or add again to finish it."
        )
    if built.kind == "exact":
        return ExactIndex(*all_vectors(table))
    if built.kind == "disk":
        folder = target.index_folder(embedder)
        return open_disk(folder, table, nprobe=built.nprobe, overfetch=built.overfetch)
    ids = np.concatenate([b for b, _ in vector_blocks(table)])
    codes = _read_codes(target, embedder)
    if codes.ntotal != len(ids):  # another process is adding or removing images
        raise WorkspaceError(
            f"The index of {target.name!r} is being replaced: it covers {codes.ntotal:,} images "
            f"and the set has {len(ids):,}; do the same again in a moment, or give its build again."
        )
    return QuantizedIndex(
        codes,
        ids,
        lambda wanted: vectors_of(table, wanted),
        built.nprobe,
        built.overfetch,
    )


def _write_reference(folder: Place, table: Table, ids: Int64, rng: np.random.Generator) -> None:
    (folder / REFERENCE).unlink(missing_ok=True)
    try:
        reference = _reference(table, ids, rng)
    except ModelError:  # too few images: said to whoever asks for realism
        return
    with aside(folder / REFERENCE) as unfinished:
        np.savez(unfinished, vectors=reference.vectors, radii=reference.radii, own=reference.own)


def load_reference(target: ImageSet, embedder: str, clusters: Int64 | None = None) -> Reference:
    """Return what realism needs of a set; raise ModelError where the set is too small for it.

    clusters: (n,) the first row of each image's near copies, which then count as one. Of a large
    set some images are drawn, by the seed of its index.
    """
    if clusters is not None and (clusters != np.arange(len(clusters))).any():
        return _reference_of(target, embedder, clusters)
    path = target.index_folder(embedder) / REFERENCE
    try:
        with on_this_machine(path) as file, np.load(file, allow_pickle=False) as stored:
            reference = Reference(stored["vectors"], stored["radii"], stored["own"])
        if (reference.radii > COPY_SQUARED**0.5).all():
            return reference
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    # None that can be read, or of an earlier version, in which copies shrank radii to nothing.
    return _reference_of(target, embedder)


def _reference_of(target: ImageSet, embedder: str, clusters: Int64 | None = None) -> Reference:
    table = target.embeddings(embedder)
    ids = np.concatenate([b for b, _ in vector_blocks(table)] or [np.empty(0, np.int64)])
    kept = ids if clusters is None else ids[clusters[ids] == ids]
    built = target.manifest().index
    return _reference(table, kept, np.random.default_rng(built.seed if built else 0))


def _reference(table: Table, ids: Int64, rng: np.random.Generator) -> Reference:
    rows = np.sort(rng.permutation(ids)[:MAX_REFERENCE])
    vectors = vectors_of(table, rows) if len(rows) else np.empty((0, 1), np.float32)
    return make_reference(vectors)
