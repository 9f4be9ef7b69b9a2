"""From a source to a finished image set: one pass that reads, decodes, embeds and commits.

A batch of COMMIT_ROWS images is appended to the images table, then its vectors to the embeddings
table. Whatever kills the process, the next start embeds what the first table has over the second,
goes on behind it, and ends with the same rows as an uninterrupted build, because embeddings are
always computed from the stored previews.
"""

from __future__ import annotations

from msgspec.structs import replace

from gmv_core.cluster.workers import Workers
from gmv_core.errors import WorkspaceError
from gmv_core.models.choice import reload_embedder, resolve_embedder
from gmv_core.models.network import resolve_precision
from gmv_core.sets.identity import check_same, origin_of, same_source, unchanged
from gmv_core.sets.making.stages import carry_out
from gmv_core.sets.soundness import drop_damaged, is_whole
from gmv_core.settings import BuildSettings, EmbedSettings, IndexSettings
from gmv_core.sources.labels import Labels
from gmv_core.sources.source import Source
from gmv_core.store.files import now
from gmv_core.store.manifests import READY, EmbedderEntry, SetManifest
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.types import Embedder, Report, silent

GREW_FROM = 100  # stamps kept


def build(
    workspace: Workspace,
    source: Source,
    *,
    name: str,
    labels: Labels | None = None,
    settings: BuildSettings | None = None,
    embedder: Embedder | None = None,
    report: Report = silent,
    workers: Workers | None = None,
) -> SetManifest:
    """Make a source into the set `name`, or go on with an interrupted build of it.

    workers: that share the work, such as those of `ray_workers`; None: this process does it.

    Returns the set's manifest; its "reused" is true where nothing was left to do; its state is
    EMPTY where no image could be read. Raises
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
            settings = BuildSettings(manifest.ingest, settings.embed, settings.index)
            done = manifest.state == READY and unchanged(manifest, chosen, settings.index)
            if done and is_whole(target, manifest):
                return replace(manifest, reused=True)
            network = reload_embedder(
                chosen.key, chosen.precision, embedder
            )  # may fail: before anything is written
            manifest = drop_damaged(target, manifest)
            _drop_other_precision(target, manifest, chosen)
            precisions = {**manifest.precisions, chosen.key: chosen.precision}
            manifest = replace(
                manifest,
                state="building",
                embedder=chosen,
                precisions=precisions,
                asked_index=settings.index.kind,
                grew_from=(),
            )
        else:
            network = reload_embedder(chosen.key, chosen.precision, embedder)
            manifest = SetManifest(
                name=name,
                created=now(),
                ingest=settings.ingest,
                embedder=chosen,
                precisions={chosen.key: chosen.precision},
                sources=(origin,),
                state="building",
                asked_index=settings.index.kind,
            )
            done = False
        target.write_manifest(manifest)
        # A repaired set is the one that it was: runs that used it stay valid.
        stamp = manifest.updated if done else None
        return carry_out(
            target, manifest, source, labels, settings, network, report, stamp, workers
        )


def add(
    workspace: Workspace,
    name: str,
    source: Source,
    *,
    labels: Labels | None = None,
    embedder: Embedder | None = None,
    index: IndexSettings | None = None,
    report: Report = silent,
    workers: Workers | None = None,
) -> SetManifest:
    """Add another source's images to a finished set; those that it already has are passed over.

    workers: see `build`.
    """
    with workspace.writing():
        target = workspace.image_set(name)
        manifest = target.manifest()
        origin = origin_of(source, labels)
        last = manifest.sources[-1]
        resumed = manifest.state == "building" and same_source(last, origin)
        if manifest.state == "building" and not resumed:
            raise WorkspaceError(
                f"The set {name!r} is unfinished (it was reading {last.location}); "
                "give that source again to finish it first."
            )
        built = manifest.embedder
        network = reload_embedder(built.key, built.precision, embedder)
        if manifest.state == READY and any(same_source(s, origin) for s in manifest.sources):
            return replace(manifest, reused=True)  # as where the end of this very call was killed
        if not resumed:
            entry = replace(origin, first_row=len(target.images))
            sources = (*manifest.sources, entry)
            manifest = replace(_growing(manifest), sources=sources)
            target.write_manifest(manifest)
        settings = BuildSettings(manifest.ingest, index=index or IndexSettings())
        return carry_out(target, manifest, source, labels, settings, network, report, None, workers)


def grow(
    workspace: Workspace,
    training: SetManifest,
    arrived: Source,
    *,
    name: str,
    embedder: Embedder | None = None,
    report: Report = silent,
) -> SetManifest:
    """Append what arrived at a source to its set, ingested and embedded as a finished set is.

    Rows that are there stay as they are. The set is made where there is none; killed, what is left
    arrives again. arrived: new images only; `readers.arrivals` gives them.
    """
    with workspace.writing():
        target, origin, chosen = (
            workspace.image_set(name),
            origin_of(arrived, None),
            training.embedder,
        )
        network = reload_embedder(chosen.key, chosen.precision, embedder)
        if target.exists():
            manifest = target.manifest()
            (*earlier, last) = manifest.sources
            if earlier or not same_source(last, origin):
                raise WorkspaceError(
                    f"The name {name!r} is taken: that set was built from {last.location}; choose "
                    "another name."
                )
            manifest = replace(_growing(manifest), sources=(replace(last, complete=False),))
        else:
            manifest = SetManifest(
                name=name,
                created=now(),
                ingest=training.ingest,
                embedder=chosen,
                precisions={chosen.key: chosen.precision},
                sources=(origin,),
                state="building",
                asked_index="auto",
            )
        target.write_manifest(manifest)
        settings = BuildSettings(training.ingest)
        return carry_out(target, manifest, arrived, None, settings, network, report)


def _growing(manifest: SetManifest) -> SetManifest:
    """Return the manifest of a set to which rows are added; what runs know of the rest holds."""
    if manifest.state == "building":
        return manifest
    stamps = (*manifest.grew_from, manifest.stamp)[-GREW_FROM:]
    return replace(manifest, state="building", grew_from=stamps)


def build_like(
    workspace: Workspace,
    training: SetManifest,
    source: Source,
    *,
    name: str,
    labels: Labels | None = None,
    index: IndexSettings | None = None,
    embedder: Embedder | None = None,
    report: Report = silent,
    workers: Workers | None = None,
) -> SetManifest:
    """Build a set to be compared with a finished one: ingested and embedded as that one is."""
    chosen = training.embedder
    precision = "auto" if chosen.precision == "own" else chosen.precision
    settings = BuildSettings(
        training.ingest, EmbedSettings(chosen.key, precision), index or IndexSettings()
    )
    return build(
        workspace,
        source,
        name=name,
        labels=labels,
        settings=settings,
        embedder=embedder,
        report=report,
        workers=workers,
    )


def _choose_embedder(settings: EmbedSettings, given: Embedder | None) -> EmbedderEntry:
    if given is not None:
        return EmbedderEntry(given.key, "own", "It was given from Python.")
    key, reason = resolve_embedder(settings.embedder)
    return EmbedderEntry(key, resolve_precision(settings.precision), reason)


def _drop_other_precision(target: ImageSet, manifest: SetManifest, chosen: EmbedderEntry) -> None:
    """Drop the vectors that the same embedder made in another precision."""
    made = manifest.precisions.get(chosen.key, chosen.precision)
    if made != chosen.precision:
        target.write_manifest(replace(manifest, state="building"))
        target.embeddings(chosen.key).drop()
