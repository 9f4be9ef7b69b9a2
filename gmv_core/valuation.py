"""A run: value one generated set against one training set, block by block, resumable.

Three stages with a table each: matches (needs models), quality (needs a metric), then values, which
are cheap and computed anew for every k, temperature and quality weighting.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial

import numpy as np
import pyarrow as pa

from gmv_core.errors import WorkspaceError
from gmv_core.matching import Matcher, load_matcher
from gmv_core.models import reload_embedder
from gmv_core.pipeline import BuildSettings, Labels, build, ensure_embedded, is_from
from gmv_core.run_blocks import match_block, quality_block
from gmv_core.run_values import write_values
from gmv_core.settings import EmbedSettings, IngestSettings, MatchSettings, ValueSettings
from gmv_core.sources import Source
from gmv_core.store import ImageSet, Manifest, Run, Workspace, check_name, now
from gmv_core.summary import peak_memory_mb, preview_side, shifts, versions
from gmv_core.types import Embedder, Progress, Report, silent

GENERATED = "-generated"  # what the set that a run makes of its source is called, after it
BLOCK = 256  # generated images matched at once and committed together
Say = Callable[[str], None]


@dataclass(frozen=True)
class RunSettings:
    """What a run is made with."""

    match: MatchSettings = field(default_factory=MatchSettings)
    value: ValueSettings = field(default_factory=ValueSettings)


def value(
    workspace: Workspace,
    generated: Source | str,
    *,
    against: str,
    name: str,
    labels: Labels | None = None,
    settings: RunSettings | None = None,
    embedder: Embedder | None = None,
    report: Report = silent,
    say: Say = lambda _: None,
) -> Manifest:
    """Value generated images against the training set `against` and keep the result as run `name`.

    generated: a source, which becomes the set "<name>-generated", or the name of a set.
    say: is told in a sentence what shifts, what is reused, what is recomputed and why.
    Work that an earlier call of the same name did with equal inputs is kept; the returned
    manifest's "reused" is true where nothing but the values had to be computed.
    """
    settings = settings or RunSettings()
    with workspace.writing():
        training = workspace.image_set(against)
        trained = _finished(training)
        if not trained["typical"]:
            raise WorkspaceError(
                f"No image of {against!r} could be read; give a training set with images."
            )
        if embedder is not None or trained["embedder"]["precision"] == "own":
            reload_embedder(trained["embedder"], embedder)  # raises where it is not the same one
        run = workspace.run(name)
        if isinstance(generated, str):
            images = workspace.image_set(generated)
            ensure_embedded(images, trained["embedder"], embedder=embedder, report=report)
        else:
            images = workspace.image_set(check_name(name + GENERATED))
            _build_generated(workspace, images, generated, trained, labels, embedder, report)
        made = _finished(images)
        told = shifts(trained["typical"], made["typical"])
        for sentence in told:
            say(sentence)
        if not made["typical"]:
            raise WorkspaceError(f"No image of {images.name!r} could be read; give other images.")
        matcher = load_matcher(
            training,
            trained,
            settings=settings.match,
            value=settings.value,
            side_px=preview_side(made),
            embedder=embedder,
        )
        manifest = _start(run, trained, made, matcher, settings, say)
        manifest["shifts"] = told
        run.write_manifest(manifest)
        depth = manifest["inputs"]["matches"]["exact_depth"]
        return _work(run, manifest, replace(matcher, exact_depth=depth), images, settings, report)


def _finished(images: ImageSet) -> Manifest:
    manifest = images.manifest()
    if manifest["state"] != "ready":
        raise WorkspaceError(
            f"The set {images.name!r} is unfinished; run its build again to finish it."
        )
    return manifest


def _build_generated(
    workspace: Workspace,
    target: ImageSet,
    source: Source,
    trained: Manifest,
    labels: Labels | None,
    embedder: Embedder | None,
    report: Report,
) -> None:
    """Build the run's own generated set; what this run was given before is replaced."""
    run = workspace.run(target.name.removesuffix(GENERATED))
    mine = run.exists() and run.manifest()["generated"]["name"] == target.name
    if mine and target.exists() and not is_from(target.manifest(), source, labels):
        workspace.drop(target)
    chosen = trained["embedder"]
    precision = "auto" if chosen["precision"] == "own" else chosen["precision"]
    build(
        workspace,
        source,
        name=target.name,
        labels=labels,
        settings=BuildSettings(
            IngestSettings(**trained["ingest"]), EmbedSettings(chosen["key"], precision)
        ),
        embedder=embedder,
        report=report,
    )


def _start(
    run: Run,
    trained: Manifest,
    made: Manifest,
    matcher: Matcher,
    settings: RunSettings,
    say: Say,
) -> Manifest:
    """Return the manifest to work under, having dropped the tables that other inputs made."""
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
    seconds: dict[str, float] = {}
    created = now()
    if run.exists():
        before = run.manifest()
        seconds, created = before["seconds"], before["created"]
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
    return {
        "kind": "run",
        "name": run.name,
        "state": "running",
        "created": created,
        "training": {"name": trained["name"], "images": trained["counts"]["images"]},
        "generated": {"name": made["name"], "images": made["counts"]["images"]},
        "inputs": {"matches": matching, "quality": judging},
        "reasons": {**matcher.reasons, "embedder": trained["embedder"]["reason"]},
        "value": asdict(settings.value),
        "seconds": seconds,
    }


def _stamp(manifest: Manifest) -> str:
    # The times are to the second: the sources tell two sets apart that were made within one.
    sources = " ".join(source["fingerprint"] for source in manifest["sources"])
    return f"{manifest['name']} {manifest['created']} {manifest['updated']} {sources}"


def _listed(names: list[str]) -> str:
    return " and ".join(name.replace("_", " ") for name in names)


def _work(
    run: Run,
    manifest: Manifest,
    matcher: Matcher,
    images: ImageSet,
    settings: RunSettings,
    report: Report,
) -> Manifest:
    total = len(images.images)
    reused = len(run.table("matches")) == total and len(run.table("quality")) == total
    _stage(run, manifest, "matches", total, report, partial(match_block, matcher, images))
    _stage(run, manifest, "quality", total, report, partial(quality_block, matcher, images))
    started = time.perf_counter()
    report(Progress("values", 0, None))
    manifest["totals"] = write_values(
        run, matcher.training, images, matcher.embedder.key, settings.value
    )
    manifest["seconds"]["values"] = round(time.perf_counter() - started, 3)
    manifest["peak_memory_mb"] = peak_memory_mb()
    manifest["versions"] = versions()
    manifest["state"] = "ready"
    manifest["updated"] = now()
    run.write_manifest(manifest)
    report(Progress("done", total, total))
    return {**manifest, "reused": reused}


def _stage(
    run: Run,
    manifest: Manifest,
    name: str,
    total: int,
    report: Report,
    work: Callable[[np.ndarray], pa.Table],
) -> None:
    """Append the missing rows of one table block by block."""
    table = run.table(name)
    started = time.perf_counter()
    before = manifest["seconds"].get(name, 0.0)
    for start in range(len(table), total, BLOCK):
        rows = np.arange(start, min(start + BLOCK, total))
        table.append(work(rows))
        manifest["seconds"][name] = round(before + time.perf_counter() - started, 3)
        report(Progress(name, int(rows[-1]) + 1, total))
    table.tidy()
