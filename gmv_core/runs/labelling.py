"""Labels that are given to the generated images of a run after it was valued."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from gmv_core.errors import WorkspaceError
from gmv_core.sets.describe import fit_of
from gmv_core.sources.label_fit import tally
from gmv_core.sources.labels import Labels, labels_of
from gmv_core.store.files import now
from gmv_core.store.manifests import LabelFit
from gmv_core.store.workspace import Workspace
from gmv_core.types import OK, SourceImage


def label_generated(workspace: Workspace, name: str, table: str | Path | bytes) -> LabelFit:
    """Give the generated images of a run what a table says of them: label, owner, attributes.

    An empty cell changes nothing. What was matched and judged stays as it is; no model is needed.

    Raises SourceError for a table that is none or fits no image, WorkspaceError for a run whose
    generated images are its training set, whose labels belong to the build.
    """
    with workspace.writing():
        run = workspace.run(name).manifest()
        if run.generated.name == run.training.name:
            raise WorkspaceError(
                f"The run {name!r} values the training set {run.training.name!r} against itself; "
                "the labels of a training set are given when it is built."
            )
        images = workspace.image_set(run.generated.name)
        names = images.images.read(["name"])["name"].to_pylist()
        labels = labels_of(names, table)
        images.images.rewrite(lambda rows: _labelled(rows, labels))
        held = images.images.read(["status", "label", "owner"])
        fine = held.filter(pc.equal(held["status"], OK))
        fit = fit_of(tally(labels, names))
        manifest = images.manifest()
        counts = manifest.counts and replace(
            manifest.counts,
            labels=len([v for v in pc.unique(fine["label"]).to_pylist() if v]),
            owners=len([v for v in pc.unique(fine["owner"]).to_pylist() if v]),
        )
        images.write_manifest(replace(manifest, counts=counts, labels=fit, labelled=now()))
    return fit


def _labelled(rows: pa.Table, labels: Labels) -> pa.Table:
    known = zip(*(rows[c].to_pylist() for c in ("name", "label", "owner", "attributes")),
                strict=True)  # fmt: skip
    told = [
        labels.labelled(SourceImage(name, b"", label or "", owner or "", json.loads(held or "{}")))
        for name, label, owner, held in known
    ]
    columns = {
        "label": [image.label for image in told],
        "owner": [image.owner for image in told],
        "attributes": [
            json.dumps(dict(image.attributes), ensure_ascii=False) if image.attributes else ""
            for image in told
        ],
    }
    for column, cells in columns.items():
        place = rows.column_names.index(column)
        rows = rows.set_column(place, column, pa.array(cells, pa.string()))
    return rows
