"""What a run is made from, as its manifest tells it: equal inputs are kept, changes are said."""

from __future__ import annotations

from collections.abc import Callable, Collection

from msgspec.structs import asdict, replace

from gmv_core.matching.closest import CLOSEST
from gmv_core.matching.matcher import Matcher
from gmv_core.matching.thumbnails import SIDE_PX
from gmv_core.settings import RunSettings
from gmv_core.store.files import now
from gmv_core.store.manifests import Inputs, Judging, Matching, Part, RunManifest, SetManifest
from gmv_core.store.workspace import ImageSet, Run
from gmv_core.trust.duplicates import clusters_digest
from gmv_core.words import listed

Say = Callable[[str], None]


def begun(run: Run, trained: SetManifest, images: ImageSet, settings: RunSettings) -> RunManifest:
    """Return the manifest of a run whose generated set is still being built."""
    return RunManifest(
        name=run.name,
        state="begun",
        created=now(),
        training=_part(trained),
        generated=Part(images.name, 0, own=not images.exists()),
        inputs=Inputs(
            Matching(distance=settings.match.distance), Judging(quality=settings.match.quality)
        ),
        value=settings.value,
    )


def started(
    run: Run,
    trained: SetManifest,
    images: ImageSet,
    made: SetManifest,
    matcher: Matcher,
    settings: RunSettings,
    say: Say,
) -> RunManifest:
    """Return the manifest to work under, having dropped the tables that other inputs made.

    say: is told which of them are computed anew, and why.
    """
    before = run.manifest() if run.exists() else begun(run, trained, images, settings)
    inputs = _inputs(trained, made, matcher, settings)
    if before.state != "begun":
        # A deeper exact list serves a smaller k as well.
        depth = max(before.matching.exact_depth, inputs.matches.exact_depth)
        inputs = Inputs(replace(inputs.matches, exact_depth=depth), inputs.quality)
        before = _without_stale_tables(run, before, inputs, made.grew_from, say)
    own = before.generated
    return RunManifest(
        name=run.name,
        state="running",
        created=before.created,
        training=_part(trained),
        generated=replace(_part(made), own=own.name == made.name and bool(own.own)),
        inputs=inputs,
        reasons={**matcher.reasons, "embedder": trained.embedder.reason},
        value=settings.value,
        seconds=before.seconds,
        memory_mb=before.memory_mb,
    )


def _inputs(
    trained: SetManifest, made: SetManifest, matcher: Matcher, settings: RunSettings
) -> Inputs:
    """Return what the tables of a run are made from."""
    training, generated = trained.stamp, made.stamp
    built = trained.index
    clusters = None if matcher.clusters is None else clusters_digest(matcher.clusters)
    matching = Matching(
        training=training,
        generated=generated,
        embedder=trained.embedder.key,
        precision=trained.embedder.precision,
        index={k: getattr(built, k) for k in ("kind", "nprobe", "overfetch")} if built else None,
        distance=matcher.distance_key,
        candidates=settings.match.candidates,
        exact_depth=matcher.exact_depth if matcher.distance_key == "features" else 0,
        clusters=clusters,
        pixels=CLOSEST,
        thumbnails=SIDE_PX if matcher.thumbnails else 0,
    )
    return Inputs(
        matching,
        Judging(
            training=training,
            generated=generated,
            quality=matcher.quality_key,
            seed=settings.match.seed,
            clusters=None if matcher.reference is None else clusters,
        ),
    )


def _without_stale_tables(
    run: Run, before: RunManifest, inputs: Inputs, grew_from: Collection[str], say: Say
) -> RunManifest:
    """Drop the tables that were made from other inputs, with what they took.

    grew_from: stamps of the generated set as it was before images were added to it.
    """
    stale = []
    for table in ("matches", "quality"):
        old, new = asdict(getattr(before.inputs, table)), asdict(getattr(inputs, table))
        if old["generated"] in grew_from:
            old["generated"] = new["generated"]  # what was made of its first rows still holds
        changed = [key for key in new if old[key] != new[key]]
        if changed:
            named = {"matches": "matches", "quality": "qualities"}[table]
            say(f"The {named} are computed anew, because {listed(changed)} changed.")
            run.table(table).drop()
            stale.append(table)
    return replace(
        before,
        seconds={stage: s for stage, s in before.seconds.items() if stage not in stale},
        memory_mb={stage: mb for stage, mb in before.memory_mb.items() if stage not in stale},
    )


def _part(manifest: SetManifest) -> Part:
    return Part(manifest.name, manifest.counts.images if manifest.counts else 0)
