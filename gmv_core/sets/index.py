"""The index of a set: built at the end of a build, judged against exact search, loaded to search.

Also keeps the *reference* of the realism metric, and the sample that the recall was measured on.
"""

from __future__ import annotations

import zipfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from gmv_core.errors import ModelError, WorkspaceError
from gmv_core.method.realism import COPY_SQUARED, MAX_REFERENCE, Reference, make_reference
from gmv_core.method.recall import (
    ExactIndex,
    IndexReport,
    QuantizedIndex,
    build_codes,
    choose_kind,
    exact_search,
    tune,
)
from gmv_core.settings import IndexSettings
from gmv_core.store.columns import all_vectors, vector_blocks, vectors_of
from gmv_core.store.files import aside
from gmv_core.store.manifests import IndexEntry
from gmv_core.store.table import Table
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64

REFERENCE = "reference.npz"
SAMPLE_QUERIES = 200
RECALL_AT = 100
TRAIN_ROWS = 100_000  # vectors that train the quantizer, about 250 MB


def build_index(target: ImageSet, embedder: str, settings: IndexSettings) -> IndexEntry:
    """Build the index files of a set and return the manifest's entry of them."""
    table = target.embeddings(embedder)
    ids = np.concatenate([b for b, _ in vector_blocks(table)] or [np.empty(0, np.int64)])
    folder = target.index_folder(embedder)
    folder.mkdir(parents=True, exist_ok=True)
    kind = choose_kind(settings.kind, len(ids))
    rng = np.random.default_rng(settings.seed)
    (folder / REFERENCE).unlink(missing_ok=True)
    with suppress(ModelError):  # too few images: said to whoever asks for realism
        _save_reference(folder, _reference(table, ids, rng))
    report = IndexReport(kind, len(ids), 0.0, 1.0, min(RECALL_AT, len(ids)), 0, 1, 0)
    if kind == "exact":
        dim = 0 if not len(ids) else vectors_of(table, ids[:1]).shape[1]
        report = IndexReport(kind, len(ids), 4.0 * dim + 8, 1.0, report.recall_at, 0, 1, 0)
        (folder / "codes.faiss").unlink(missing_ok=True)
    else:
        report = _build_quantized(target, embedder, kind, ids, rng)
    return IndexEntry(**asdict(report), seed=settings.seed, asked=settings.kind, rows=len(table))


def _build_quantized(
    target: ImageSet, embedder: str, kind: str, ids: np.ndarray, rng: np.random.Generator
) -> IndexReport:
    import faiss

    table = target.embeddings(embedder)
    folder = target.index_folder(embedder)
    sample = vectors_of(table, np.sort(rng.permutation(ids)[:TRAIN_ROWS]))
    codes, rows = build_codes(kind, sample, vector_blocks(table), vectors=len(ids))
    own = np.sort(rng.permutation(ids)[:SAMPLE_QUERIES])
    queries = vectors_of(table, own)
    r = min(RECALL_AT, len(ids))
    truth = exact_search(queries, vector_blocks(table), k=r).ids
    _, report = tune(
        codes,
        rows,
        lambda wanted: vectors_of(table, wanted),
        kind=kind,
        queries=queries,
        truth=truth,
    )
    with aside(folder / "codes.faiss") as unfinished:
        faiss.write_index(codes, str(unfinished))
    return report


def load_index(target: ImageSet, embedder: str, built: IndexEntry) -> ExactIndex | QuantizedIndex:
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
    import faiss

    ids = np.concatenate([b for b, _ in vector_blocks(table)])
    codes = faiss.read_index(str(target.index_folder(embedder) / "codes.faiss"))
    return QuantizedIndex(
        codes,
        ids,
        lambda wanted: vectors_of(table, wanted),
        built.nprobe,
        built.overfetch,
    )


def _save_reference(folder: Path, reference: Reference) -> None:
    with aside(folder / REFERENCE) as unfinished:
        np.savez(unfinished, vectors=reference.vectors, radii=reference.radii, own=reference.own)


def load_reference(target: ImageSet, embedder: str) -> Reference:
    """Return what realism needs of a set; raise ModelError where the set is too small for it."""
    path = target.index_folder(embedder) / REFERENCE
    try:
        with np.load(path, allow_pickle=False) as stored:
            reference = Reference(stored["vectors"], stored["radii"], stored["own"])
        if (reference.radii > COPY_SQUARED**0.5).all():
            return reference
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass
    # None that can be read, or of an earlier version, in which copies shrank radii to nothing.
    table = target.embeddings(embedder)
    ids = np.concatenate([b for b, _ in vector_blocks(table)] or [np.empty(0, np.int64)])
    return _reference(table, ids, np.random.default_rng(0))


def _reference(table: Table, ids: Int64, rng: np.random.Generator) -> Reference:
    rows = np.sort(rng.permutation(ids)[:MAX_REFERENCE])
    vectors = vectors_of(table, rows) if len(rows) else np.empty((0, 1), np.float32)
    return make_reference(vectors)
