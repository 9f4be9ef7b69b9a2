"""What a run is made from, as its manifest tells it: equal inputs are kept, changes are said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from gmv_core.matching.matcher import Matcher
from gmv_core.settings import RunSettings
from gmv_core.store.files import now
from gmv_core.store.workspace import ImageSet, Manifest, Run

Say = Callable[[str], None]


def begun(run: Run, trained: Manifest, images: ImageSet, settings: RunSettings) -> Manifest:
    """Return the manifest of a run whose generated set is still being built."""
    return {
        "kind": "run",
        "name": run.name,
        "state": "begun",
        "created": now(),
        "training": {"name": trained["name"], "images": trained["counts"]["images"]},
        "generated": {"name": images.name, "images": 0, "own": not images.exists()},
        "inputs": {
            "matches": {"distance": settings.match.distance},
            "quality": {"quality": settings.match.quality},
        },
        "value": asdict(settings.value),
        "seconds": {},
    }


def started(
    run: Run,
    trained: Manifest,
    images: ImageSet,
    made: Manifest,
    matcher: Matcher,
    settings: RunSettings,
    say: Say,
) -> Manifest:
    """Return the manifest to work under, having dropped the tables that other inputs made.

    say: is told which of them are computed anew, and why.
    """
    matching = {
        "training": _stamp(trained),
        "generated": _stamp(made),
        "embedder": trained["embedder"]["key"],
        "precision": trained["embedder"]["precision"],
        "index": {k: trained["index"][k] for k in ("kind", "nprobe", "overfetch")},
        "distance": matcher.distance_key,
        "candidates": settings.match.candidates,
        "exact_depth": matcher.exact_depth if matcher.distance_key == "features" else 0,
    }
    judging = {
        "training": _stamp(trained),
        "generated": _stamp(made),
        "quality": matcher.quality_key,
        "seed": settings.match.seed,
    }
    before = run.manifest() if run.exists() else begun(run, trained, images, settings)
    seconds, memory, own = before["seconds"], before.get("memory_mb", {}), before["generated"]
    if before["state"] != "begun":
        kept = before["inputs"]
        # A deeper exact list serves a smaller k as well.
        deeper = max(kept["matches"].get("exact_depth", 0), matching["exact_depth"])
        matching["exact_depth"] = deeper
        for table, new in (("matches", matching), ("quality", judging)):
            changed = [k for k in new if kept[table].get(k) != new[k]]
            if changed:
                say(f"The {table} are computed anew, because {_listed(changed)} changed.")
                run.table(table).drop()
                seconds.pop(table, None)
                memory.pop(table, None)
    return {
        "kind": "run",
        "name": run.name,
        "state": "running",
        "created": before["created"],
        "training": {"name": trained["name"], "images": trained["counts"]["images"]},
        "generated": {
            "name": made["name"],
            "images": made["counts"]["images"],
            "own": own["name"] == made["name"] and own["own"],
        },
        "inputs": {"matches": matching, "quality": judging},
        "reasons": {**matcher.reasons, "embedder": trained["embedder"]["reason"]},
        "value": asdict(settings.value),
        "seconds": seconds,
        "memory_mb": memory,
    }


def _stamp(manifest: Manifest) -> str:
    # The sources tell two sets apart that were made at the same time by the clock.
    sources = " ".join(source["fingerprint"] for source in manifest["sources"])
    return f"{manifest['name']} {manifest['created']} {manifest['updated']} {sources}"


def _listed(names: list[str]) -> str:
    return " and ".join(name.replace("_", " ") for name in names)
