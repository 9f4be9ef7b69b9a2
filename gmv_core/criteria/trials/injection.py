"""Injected noise (C3): spoil a share of a copy of the training set, value it again, score it.

The copy is an ordinary set, built from the stored previews, and its run an ordinary run: both have
names of their own, can be looked at, and are made again only where something changed.
"""

from __future__ import annotations

from dataclasses import asdict

from gmv_core.criteria.known_noise import judge
from gmv_core.criteria.trials.corruption import COLUMN, FOREIGN, Injection, spoilt_source
from gmv_core.criteria.trials.derived_runs import mark_judge, run_settings
from gmv_core.criteria.trials.findings import INJECTION, InjectionFinding, write_finding
from gmv_core.errors import SettingsError
from gmv_core.results.opening import open_run
from gmv_core.results.result import Result
from gmv_core.runs.valuation import value
from gmv_core.sets.build import build_like
from gmv_core.settings import IndexSettings
from gmv_core.store.manifests import READY
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.types import Embedder, Report, silent


def inject(
    workspace: Workspace,
    run: str,
    injection: Injection,
    *,
    embedder: Embedder | None = None,
    report: Report = silent,
) -> InjectionFinding:
    """Make the copy and its run, or go on with them, and return the finding, which is also kept.

    embedder: needed again where the training set was built with one given from Python.
    """
    with workspace.writing():
        result = open_run(workspace, run)
        name = injection.name(run)
        _build_copy(workspace, result, f"{name}-set", injection, embedder, report)
        value(
            workspace,
            result.generated.name,
            against=f"{name}-set",
            name=name,
            settings=run_settings(result),
            calibrated=False,
            embedder=embedder,
            report=report,
        )
        mark_judge(workspace, name, result)
        detection = judge(open_run(workspace, name), COLUMN).detection
        finding = InjectionFinding(
            kind=injection.kind,
            strength=injection.amount,
            share=injection.share,
            seed=injection.seed,
            source_set=injection.source_set,
            run=name,
            set=f"{name}-set",
            distance=result.manifest.matching.distance,
            k=result.settings.k,
            **asdict(detection),
        )
        return write_finding(result, f"{INJECTION}{name}", finding)


def _build_copy(
    workspace: Workspace,
    result: Result,
    name: str,
    injection: Injection,
    embedder: Embedder | None,
    report: Report,
) -> None:
    """Build the spoilt copy; one that another state of the training set made is replaced."""
    trained = result.training.manifest()
    source = spoilt_source(result, injection, _foreign_set(workspace, result, injection))
    copy = workspace.image_set(name)
    if copy.exists():
        made = copy.manifest().sources[0]
        if made.kind == source.kind and made.fingerprint != source.fingerprint:
            for user in workspace.users(name):
                workspace.run(user).close()
            workspace.drop(copy)
    built = trained.index
    build_like(
        workspace,
        trained,
        source,
        name=name,
        index=IndexSettings(built.asked, built.seed) if built else None,
        embedder=embedder,
        report=report,
    )


def _foreign_set(workspace: Workspace, result: Result, injection: Injection) -> ImageSet | None:
    """Return the set that foreign images are taken from."""
    if injection.kind != FOREIGN:
        return None
    images = workspace.image_set(injection.source_set)
    if images.manifest().state != READY or images.name == result.training.name:
        raise SettingsError(
            f"Foreign images cannot be taken from {images.name!r}; give another finished set."
        )
    return images
