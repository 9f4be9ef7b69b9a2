"""Whether a set is already what is asked for: the same source, settings and embedder."""

from __future__ import annotations

from dataclasses import asdict

from gmv_core.errors import WorkspaceError
from gmv_core.settings import BuildSettings, IndexSettings
from gmv_core.sources.labels import Labels
from gmv_core.sources.opening import Source
from gmv_core.store.workspace import Manifest


def origin_of(source: Source, labels: Labels | None) -> Manifest:
    return {
        "kind": source.kind,
        "location": source.location,
        "fingerprint": source.fingerprint,
        "labels": labels.digest if labels else "",
    }


def is_from(manifest: Manifest, source: Source, labels: Labels | None) -> bool:
    """Return whether a set was built from this source, with these labels."""
    return same_source(manifest["sources"][0], origin_of(source, labels))


def same_source(mine: Manifest, other: Manifest) -> bool:
    return all(mine[k] == other[k] for k in ("kind", "fingerprint", "labels"))


def check_same(manifest: Manifest, origin: Manifest, settings: BuildSettings) -> None:
    mine, last = manifest["sources"][0], manifest["sources"][-1]
    if manifest["state"] == "building" and mine is not last and not last["complete"]:
        raise WorkspaceError(
            f"The set {manifest['name']!r} is unfinished: it was adding {last['location']}; "
            "give that source to `add` again to finish it first."
        )
    if not same_source(mine, origin):
        what = "was being built" if manifest["state"] == "building" else "was built"
        raise WorkspaceError(
            f"The name {manifest['name']!r} is taken: that set {what} from {mine['location']}"
            + (", whose content or labels have changed since" if _same_place(mine, origin) else "")
            + "; choose another --name, delete the set, or use `add`."
        )
    if manifest["ingest"] != asdict(settings.ingest):
        raise WorkspaceError(
            f"The set {manifest['name']!r} was built with other ingest settings "
            f"({manifest['ingest']}); choose another --name or delete the set."
        )


def unchanged(manifest: Manifest, chosen: Manifest, index: IndexSettings) -> bool:
    made, built = manifest["embedder"], manifest["index"]
    return bool(
        all(made[k] == chosen[k] for k in ("key", "precision"))
        and (built["asked"], built["seed"]) == (index.kind, index.seed)
    )


def _same_place(mine: Manifest, other: Manifest) -> bool:
    return bool(mine["location"] == other["location"])
