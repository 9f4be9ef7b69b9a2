"""Whether a set is already what is asked for: the same source, settings and embedder."""

from __future__ import annotations

from dataclasses import asdict, replace

from gmv_core.errors import WorkspaceError
from gmv_core.settings import BuildSettings, IndexSettings
from gmv_core.sources.folders import ALL
from gmv_core.sources.labels import Labels
from gmv_core.sources.source import Source, storable
from gmv_core.store.manifests import EmbedderEntry, SetManifest, SourceEntry


def origin_of(source: Source, labels: Labels | None) -> SourceEntry:
    """Return the manifest's entry of a source that nothing was read of yet."""
    choices = source.choices
    return SourceEntry(
        source.kind,
        storable(source.location),
        source.fingerprint,
        labels.digest if labels else "",
        reading=source.kind if len(choices.readings) > 1 else "",
        split=(choices.split or ALL) if len(choices.splits) > 1 else "",
    )


def is_from(manifest: SetManifest, source: Source, labels: Labels | None) -> bool:
    """Return whether a set was built from this source, with these labels."""
    return same_source(manifest.sources[0], origin_of(source, labels))


def same_source(mine: SourceEntry, other: SourceEntry) -> bool:
    """Return whether two entries are of equal files with an equal label table."""
    return all(getattr(mine, k) == getattr(other, k) for k in ("kind", "fingerprint", "labels"))


def check_same(manifest: SetManifest, origin: SourceEntry, settings: BuildSettings) -> None:
    """Raise WorkspaceError where a set is of another source or other ingest settings.

    The rule for colours is the set's own: a set of an earlier version stays what it is.
    """
    mine, last = manifest.sources[0], manifest.sources[-1]
    if manifest.state == "building" and mine is not last and not last.complete:
        raise WorkspaceError(
            f"The set {manifest.name!r} is unfinished: it was adding {last.location}; "
            "give that source to `add` again to finish it first."
        )
    if not same_source(mine, origin):
        what = "was being built" if manifest.state == "building" else "was built"
        raise WorkspaceError(
            f"The name {manifest.name!r} is taken: that set {what} from {mine.location}"
            + (
                ", whose content or labels have changed since"
                if mine.location == origin.location
                else ""
            )
            + "; choose another --name, delete the set, or use `add`."
        )
    if manifest.ingest != replace(settings.ingest, colours=manifest.ingest.colours):
        raise WorkspaceError(
            f"The set {manifest.name!r} was built with other ingest settings "
            f"({asdict(manifest.ingest)}); choose another --name or delete the set."
        )


def unchanged(manifest: SetManifest, chosen: EmbedderEntry, index: IndexSettings) -> bool:
    """Return whether a finished set has this embedder and an index of these settings."""
    made, built = manifest.embedder, manifest.index
    return built is not None and (made.key, made.precision, built.asked, built.seed) == (
        chosen.key, chosen.precision, index.kind, index.seed,
    )  # fmt: skip
