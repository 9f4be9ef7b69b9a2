"""What a manifest says of a finished set: counts, typical images, and how two sets differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.errors import WorkspaceError
from gmv_core.sources.labels import Labels, tally
from gmv_core.store.manifests import Counts, LabelFit, SetManifest, SourceEntry, Spread, Typical
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, REMOVED

SHIFT_LEVELS = 24  # of 255; a colour map that spoilt ten published digits moved black to 30


@dataclass(frozen=True)
class Description:
    """What a manifest tells of a finished set; typical: None where no image could be read.

    of_source: images of the source read last; labelled: those of them with a label.
    """

    counts: Counts
    typical: Typical | None
    labels: LabelFit | None
    of_source: int
    labelled: int
    notes: dict[str, int]


def describe(target: ImageSet, labels: Labels | None, source: SourceEntry) -> Description:
    """Describe a set from its table.

    source: the manifest's entry of the source read last; label tables are held against its images.
    """
    columns = ["name", "status", "label", "owner", "sha256", "width", "height"]
    table = target.images.read([*columns, "is_grey", "low", "high", "mean"])
    fine = table.filter(pc.equal(table["status"], OK))
    fit = None
    if labels is not None and labels.parts:
        found = tally(labels, table["name"].to_pylist()[source.first_row :])
        fit = LabelFit(
            found.images_without_row,
            found.rows_without_image,
            found.examples,
            found.images,
            found.by_stem,
            found.refused,
        )
    said = table["label"].to_pylist()[source.first_row :]
    return Description(
        counts_of(table), _typical(fine), fit, len(said), sum(map(bool, said)), _notes(target)
    )


def counts_of(table: pa.Table) -> Counts:
    """Return the counts of a set. table: status, sha256, label and owner of all its images."""
    fine = table.filter(pc.equal(table["status"], OK))
    removed = pc.sum(pc.equal(table["status"], REMOVED)).as_py() or 0
    return Counts(
        images=len(table),
        ok=len(fine),
        rejected=len(table) - len(fine) - removed,
        duplicates=len(fine) - len(pc.unique(fine["sha256"])),
        labels=len([v for v in pc.unique(fine["label"]).to_pylist() if v]),
        owners=len([v for v in pc.unique(fine["owner"]).to_pylist() if v]),
        removed=removed,
    )


def _notes(target: ImageSet) -> dict[str, int]:
    """Return what was done to images that a person should know, and to how many."""
    if "note" not in target.images.columns():
        return {}
    table = target.images.read(["note", "status"])
    kept = table.filter(pc.not_equal(table["status"], REMOVED))["note"]
    notes = pc.value_counts(kept).to_pylist()
    return {row["values"]: row["counts"] for row in notes if row["values"]}


def _typical(fine: Any) -> Typical | None:  # noqa: ANN401  (pyarrow ships no types)
    """Return the set's share of grey images and the 5th, 50th and 95th percentile of the rest."""
    if not len(fine):
        return None
    width, height = (fine[c].to_numpy().astype(float) for c in ("width", "height"))
    measures = {
        "darkest": fine["low"].to_numpy(),
        "brightest": fine["high"].to_numpy(),
        "mean": fine["mean"].to_numpy(),
        "side_px": np.maximum(width, height),
        "aspect": width / np.maximum(height, 1),
    }
    return Typical(
        grey=float(np.mean(fine["is_grey"].to_numpy(zero_copy_only=False))),
        **{name: _spread(values) for name, values in measures.items()},
    )


def _spread(values: np.ndarray) -> Spread:
    low, middle, high = (round(float(v), 4) for v in np.percentile(values, [5, 50, 95]))
    return low, middle, high


def preview_side(manifest: SetManifest) -> int:
    """Return the shorter side of a set's typical preview, px: what quality metrics see.

    Raises WorkspaceError for a set of which no image could be read.
    """
    if manifest.typical is None:
        raise WorkspaceError(f"No image of {manifest.name!r} could be read; give other images.")
    longer = min(manifest.typical.side_px[1], manifest.ingest.preview_side_px)
    aspect = manifest.typical.aspect[1]
    return round(longer * min(aspect, 1 / aspect))


def shifts(training: Typical | None, generated: Typical | None) -> list[str]:
    """Say in sentences how a generated set differs from its training set as a whole.

    Such a shift (a colour map, another grey range, another size) moves every distance and quality
    without a trace in any single image. training, generated: of the manifests.
    """
    if not training or not generated:
        return []
    said = []
    if abs(training.grey - generated.grey) > 0.5:
        said.append(
            f"{generated.grey:.0%} of the generated images are grey, "
            f"{training.grey:.0%} of the training images."
        )
    for name, words in (
        ("darkest", "darkest grey level"),
        ("brightest", "brightest grey level"),
        ("mean", "mean grey level"),
    ):
        (low, middle, high), (_, other, _) = getattr(training, name), getattr(generated, name)
        if abs(middle - other) >= SHIFT_LEVELS and not low <= other <= high:
            said.append(
                f"The {words} is typically {other:.0f} in generated images and {middle:.0f} in "
                f"training images (of 255)."
            )
    side, other_side = training.side_px[1], generated.side_px[1]
    if not 0.5 <= other_side / max(side, 1) <= 2:
        said.append(
            f"Generated images are typically {other_side:.0f} px on the longer side, training "
            f"images {side:.0f} px."
        )
    (low, middle, high), (_, other, _) = training.aspect, generated.aspect
    if abs(np.log(other / middle)) > 0.3 and not low <= other <= high:
        said.append(
            f"Generated images are typically {other:.2f} times as wide as high, training images "
            f"{middle:.2f} times."
        )
    return said
