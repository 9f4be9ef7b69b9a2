"""From a source to a finished image set: one pass that reads, decodes, embeds and commits.

A batch of COMMIT_ROWS images is appended to the images table, then its vectors to the embeddings
table. Whatever kills the process, the next start embeds what the first table has over the second,
goes on behind it, and ends with the same rows as an uninterrupted build, because embeddings are
always computed from the stored previews.
"""

from __future__ import annotations

import time
from dataclasses import asdict

from gmv_core.errors import SourceError, WorkspaceError
from gmv_core.models.choice import reload_embedder, resolve_embedder
from gmv_core.models.network import resolve_precision
from gmv_core.sets.describe import describe
from gmv_core.sets.filling import append_vectors, catch_up, decoded_batches
from gmv_core.sets.identity import check_same, origin_of, same_source, unchanged
from gmv_core.sets.index import build_index
from gmv_core.sets.provenance import note_memory, peak_memory_mb, versions
from gmv_core.settings import BuildSettings, EmbedSettings, IndexSettings, IngestSettings
from gmv_core.sources.labels import Labels, with_row
from gmv_core.sources.opening import Source
from gmv_core.store.columns import image_rows
from gmv_core.store.files import now
from gmv_core.store.workspace import ImageSet, Manifest, Workspace
from gmv_core.types import DecodedImage, Embedder, Progress, Report, SourceImage, silent


def build(
    workspace: Workspace,
    source: Source,
    *,
    name: str,
    labels: Labels | None = None,
    settings: BuildSettings | None = None,
    embedder: Embedder | None = None,
    report: Report = silent,
) -> Manifest:
    """Make a source into the set `name`, or go on with an interrupted build of it.

    Returns the set's manifest; its "reused" is true where nothing was left to do. Raises
    WorkspaceError where the name holds something else, SourceError where nothing can be read.
    """
    settings = settings or BuildSettings()
    with workspace.writing():
        target = workspace.image_set(name)
        chosen = _choose_embedder(settings.embed, embedder)
        origin = origin_of(source, labels)
        if target.exists():
            manifest = target.manifest()
            check_same(manifest, origin, settings)
            if manifest["state"] == "ready" and unchanged(manifest, chosen, settings.index):
                return {**manifest, "reused": True}
            network = reload_embedder(chosen, embedder)  # may fail: before anything is written
            _drop_other_precision(target, manifest, chosen)
            manifest["embedder"] = chosen
            manifest["precisions"][chosen["key"]] = chosen["precision"]
        else:
            network = reload_embedder(chosen, embedder)
            manifest = {
                "kind": "set",
                "name": name,
                "created": now(),
                "ingest": asdict(settings.ingest),
                "embedder": chosen,
                "precisions": {chosen["key"]: chosen["precision"]},
                "sources": [{**origin, "first_row": 0, "complete": False}],
                "seconds": {},
            }
        manifest["state"] = "building"
        target.write_manifest(manifest)
        return _fill(target, manifest, source, labels, settings, network, report)


def add(
    workspace: Workspace,
    name: str,
    source: Source,
    *,
    labels: Labels | None = None,
    embedder: Embedder | None = None,
    index: IndexSettings | None = None,
    report: Report = silent,
) -> Manifest:
    """Add another source's images to a finished set; names that it already has are passed over."""
    with workspace.writing():
        target = workspace.image_set(name)
        manifest = target.manifest()
        origin = origin_of(source, labels)
        last = manifest["sources"][-1]
        resumed = manifest["state"] == "building" and same_source(last, origin)
        if manifest["state"] == "building" and not resumed:
            raise WorkspaceError(
                f"The set {name!r} is unfinished (it was reading {last['location']}); "
                "give that source again to finish it first."
            )
        network = reload_embedder(manifest["embedder"], embedder)
        if not resumed:
            first_row = len(target.images)
            manifest["sources"].append({**origin, "first_row": first_row, "complete": False})
            manifest["state"] = "building"
            target.write_manifest(manifest)
        settings = BuildSettings(
            IngestSettings(**manifest["ingest"]), index=index or IndexSettings()
        )
        return _fill(target, manifest, source, labels, settings, network, report)


def _choose_embedder(settings: EmbedSettings, given: Embedder | None) -> Manifest:
    if given is not None:
        return {"key": given.key, "precision": "own", "reason": "It was given from Python."}
    key, reason = resolve_embedder(settings.embedder)
    return {"key": key, "precision": resolve_precision(settings.precision), "reason": reason}


def _drop_other_precision(target: ImageSet, manifest: Manifest, chosen: Manifest) -> None:
    """Drop the vectors that the same embedder made in another precision."""
    made = manifest["precisions"].get(chosen["key"], chosen["precision"])
    if made != chosen["precision"]:
        manifest["state"] = "building"
        target.write_manifest(manifest)
        target.embeddings(chosen["key"]).drop()


def _labelled(
    pairs: list[tuple[SourceImage, DecodedImage]], labels: Labels | None
) -> list[tuple[SourceImage, DecodedImage]]:
    """Let a label table override what the source says of its images."""
    if labels is None:
        return pairs
    return [(with_row(read, labels.table.find(read.name)), decoded) for read, decoded in pairs]


def _fill(
    target: ImageSet,
    manifest: Manifest,
    source: Source,
    labels: Labels | None,
    settings: BuildSettings,
    embedder: Embedder,
    report: Report,
) -> Manifest:
    """Bring both tables to the end of the source, then finish the set."""
    started = time.perf_counter()
    before = manifest["seconds"].get("embed", 0.0)
    embeddings = target.embeddings(embedder.key)
    embeddings.cut(len(target.images))
    catch_up(target, embedder, settings.embed.batch_size, report)
    last = manifest["sources"][-1]
    if not last["complete"]:
        for pairs, arrays in decoded_batches(
            target, source, int(last["first_row"]), settings.ingest, embedder
        ):
            start = len(target.images)
            target.images.append(image_rows(start, _labelled(pairs, labels)))
            append_vectors(target, start, arrays, embedder, settings.embed.batch_size)
            manifest["seconds"]["embed"] = round(before + time.perf_counter() - started, 3)
            target.write_manifest(manifest)
            report(Progress("embed", start + len(pairs) - last["first_row"], source.total))
        if len(target.images) == 0:
            raise SourceError(f"No image was found in {source.location}; give another source.")
        last["complete"] = True
        last["skipped"] = dict(source.skipped)
    manifest["seconds"]["embed"] = round(before + time.perf_counter() - started, 3)
    note_memory(manifest, "embed")
    started = time.perf_counter()
    report(Progress("index", 0, None))
    target.images.tidy()
    embeddings.tidy()
    manifest["index"] = build_index(target, embedder.key, settings.index)
    manifest.update(describe(target, labels.table if labels else None, last))
    manifest["embedder"]["dim"] = embedder.dim
    manifest["embedder"]["has_features"] = embedder.has_features
    manifest["seconds"]["index"] = round(time.perf_counter() - started, 3)
    note_memory(manifest, "index")
    manifest["peak_memory_mb"] = peak_memory_mb()
    manifest["versions"] = versions()
    manifest["state"] = "ready"
    manifest["updated"] = now()
    target.write_manifest(manifest)
    report(Progress("done", manifest["counts"]["images"], manifest["counts"]["images"]))
    return {**manifest, "reused": False}
