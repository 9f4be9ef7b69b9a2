"""Cached doors to what the report of an image set shows."""

from __future__ import annotations

import pandas as pd

from gmv_core.sets import contents
from gmv_core.store import columns
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.duplicates import ClustersRecord, has_clusters, read_record
from gmv_core.trust.duplicates import members as duplicates_of
from ui.doors.cached import data


@data(max_entries=8)
def rejected(images: ImageSet) -> pd.DataFrame:
    """Return the rejected images, each with its reason."""
    return contents.rejected(images)


@data(max_entries=8)
def duplicates(images: ImageSet) -> pd.DataFrame:
    """Return the images whose bytes an earlier one has."""
    return contents.duplicates(images)


def clusters(images: ImageSet) -> ClustersRecord | None:
    """Return what is known of a set's near copies, None where nothing is of its present state."""
    return read_record(images) if has_clusters(images) else None


@data(max_entries=8)
def members(images: ImageSet) -> pd.DataFrame:
    """Return the images that have near copies, see `trust.duplicates.members`."""
    return duplicates_of(images)


@data(max_entries=8)
def sample(images: ImageSet, count: int) -> list[tuple[str, bytes]]:
    """Return names and previews of some images, evenly over the set."""
    rows = columns.sample_rows(images, count)
    names = images.images.take(rows, ["name"])["name"].to_pylist()
    return list(zip(names, columns.previews(images, rows), strict=True))
