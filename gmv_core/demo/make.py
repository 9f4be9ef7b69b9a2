"""The demo from nothing: draw and build the training set, value the generated images, map it."""

from __future__ import annotations

from gmv_core.demo.plan import draw_training_set, generated_folder
from gmv_core.runs.valuation import value
from gmv_core.sets.build import build
from gmv_core.sets.layout import make_layout
from gmv_core.settings import RunSettings
from gmv_core.sources.labels import labels_for
from gmv_core.sources.opening import open_source
from gmv_core.store.access import Right, require
from gmv_core.store.manifests import READY, RunManifest
from gmv_core.store.workspace import Workspace
from gmv_core.trust.duplicates import find_clusters
from gmv_core.types import Report, silent

DEMO_SET = "demo"
DEMO_RUN = "demo-run"


def make_demo(workspace: Workspace, *, report: Report = silent) -> RunManifest:
    """Make the set "demo" and the run "demo-run", or return the run that is there.

    Near copies and a map are made with it. The drawn images stay in <workspace>/demo-images, to
    look at.
    """
    require(Right.EDIT, "making the demo")
    target = workspace.image_set(DEMO_SET)
    if not (target.exists() and target.manifest().state == READY):
        folder = workspace.beside / "demo-images"
        if not (folder / "labels.csv").exists():  # written last
            draw_training_set(folder, report=report)
        source = open_source(folder)
        build(workspace, source, name=DEMO_SET, labels=labels_for(source, None), report=report)
    generated = open_source(generated_folder())
    run = value(
        workspace,
        generated,
        against=DEMO_SET,
        name=DEMO_RUN,
        labels=labels_for(generated, None),
        settings=RunSettings(influence=True),
        report=report,
    )
    find_clusters(workspace, DEMO_SET, report=report)
    make_layout(workspace, DEMO_SET, report=report)
    return run
