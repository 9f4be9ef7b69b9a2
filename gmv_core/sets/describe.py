"""What a manifest says of a finished set: counts, typical images, and how two sets differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.errors import WorkspaceError
from gmv_core.sources.label_fit import LabelTally, tally
from gmv_core.sources.labels import Labels
from gmv_core.store.manifests import Counts, LabelFit, SetManifest, SourceEntry, Spread, Typical
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, REMOVED

# Of a SHA-256 in hexadecimal, enough to tell images apart: 96 bits, by which two of a billion agree
# with a chance of 10⁻¹¹, and a third of the memory.
DIGEST_SIGNS = 24
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
    fit, images = None, target.images
    if labels is not None and labels.parts:
        batches = images.batches(["name"], start=source.first_row)
        found = tally(labels, (name for batch in batches for name in batch["name"].to_pylist()))
        fit = fit_of(found)
    counts = counts_of(images.batches(["status", "sha256", "label", "owner"]))
    labelled = sum(
        sum(map(bool, batch["label"].to_pylist()))
        for batch in images.batches(["label"], start=source.first_row)
    )
    return Description(
        counts,
        _typical(images),
        fit,
        counts.images - source.first_row,
        labelled,
        _notes(target),
    )


def fit_of(found: LabelTally) -> LabelFit:
    """Return what a manifest keeps of how label tables fit."""
    return LabelFit(
        found.images_without_row,
        found.rows_without_image,
        found.examples,
        found.images,
        found.by_stem,
        found.refused,
        found.shared_rows,
    )


def counts_of(batches: Iterable[pa.RecordBatch]) -> Counts:
    """Return the counts of a set. batches: status, sha256, label and owner of all its images."""
    images = removed = 0
    digests, kind = bytearray(), np.dtype(f"S{DIGEST_SIGNS}")
    groups: dict[str, set[str | None]] = {"label": set(), "owner": set()}
    for batch in batches:
        images += len(batch)
        removed += pc.sum(pc.equal(batch["status"], REMOVED)).as_py() or 0
        fine = batch.filter(pc.equal(batch["status"], OK))
        signs = pc.binary_slice(fine["sha256"].cast(pa.binary()), 0, DIGEST_SIGNS)
        digests += np.array(signs.to_pylist(), kind).tobytes()
        for column, found in groups.items():
            found.update(pc.unique(fine[column]).to_pylist())
    every = np.frombuffer(digests, kind)
    every.sort()
    again = int((every[1:] == every[:-1]).sum())
    labels, owners = (len(found - {"", None}) for found in groups.values())
    rejected = images - len(every) - removed
    return Counts(images, len(every), rejected, again, labels, owners, removed)


def _notes(target: ImageSet) -> dict[str, int]:
    """Return what was done to images that a person should know, and to how many."""
    if "note" not in target.images.columns():
        return {}
    table = target.images.read(["note", "status"])
    kept = table.filter(pc.not_equal(table["status"], REMOVED))["note"]
    notes = pc.value_counts(kept).to_pylist()
    return {row["values"]: row["counts"] for row in notes if row["values"]}


def _typical(table: Table) -> Typical | None:
    """Return the set's share of grey images and the 5th, 50th and 95th percentile of the rest."""
    width, height = (_fine(table, column) for column in ("width", "height"))
    if not len(width):
        return None
    return Typical(
        grey=float(np.mean(_fine(table, "is_grey"))),
        darkest=_spread(_fine(table, "low")),
        brightest=_spread(_fine(table, "high")),
        mean=_spread(_fine(table, "mean")),
        side_px=_spread(np.maximum(width, height)),
        aspect=_spread(width / np.maximum(height, 1)),
    )


def _fine(table: Table, column: str) -> np.ndarray:
    """Return a column of the images that were not rejected; one at a time, not to hold them all."""
    batches = table.batches(["status", column])
    kept = [batch.filter(pc.equal(batch["status"], OK))[column] for batch in batches]
    return np.concatenate([np.empty(0), *(part.to_numpy(zero_copy_only=False) for part in kept)])


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
