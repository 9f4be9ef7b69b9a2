"""What credit rests on: how far unseen real images reach, and which training images are copies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from gmv_core.errors import WorkspaceError
from gmv_core.method.value import Basis
from gmv_core.settings import CLUSTER, CONVINCING, ValueSettings
from gmv_core.store.manifests import Matching, NullEntry
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.duplicates import read_clusters
from gmv_core.trust.null import read_null
from gmv_core.trust.standing import Null

QUANTILE = 0.99  # of unseen real images' nearest distances; benchmarks/trust/credit.py measures it


def reach_of(null: Null) -> float:
    """Return the distance up to which a match is convincing: QUANTILE of the null's nearest."""
    first = null.nearest.distance[:, 0]
    first = first[np.isfinite(first)]
    return float(np.quantile(first, QUANTILE)) if len(first) else np.inf


def check_lists(matching: Matching, settings: ValueSettings) -> None:
    """Raise WorkspaceError where a run's lists hold one image a cluster, and each should earn."""
    if matching.clusters is not None and settings.duplicates != CLUSTER:
        raise WorkspaceError(
            "The candidate lists of this run hold one image of each cluster of near copies; "
            "read it with --duplicates cluster, or value the images again with --duplicates each."
        )


def basis_of(
    training: ImageSet,
    null: NullEntry | None,
    settings: ValueSettings,
    without: Collection[int] = (),
) -> Basis:
    """Return what credit rests on under these settings.

    null: of the run, None where it has none. without: training rows that are left out of every
    list, so that they share in no cluster. Raises WorkspaceError where the settings need a null or
    clusters that are not there.
    """
    if null is None and settings.credit == CONVINCING:
        raise WorkspaceError(
            "Credit for convincing matches alone needs unseen real images to compare with, and "
            "this run has none; run its `value` command again."
        )
    basis = Basis() if null is None else Basis(reach_of(read_null(training, null)))
    if settings.duplicates != CLUSTER:
        return basis
    clusters = read_clusters(training).of
    alive = np.ones(len(clusters), bool)
    alive[list(without)] = False
    sizes = np.bincount(clusters[alive], minlength=len(clusters))
    return replace(basis, clusters=clusters, members=np.where(alive, sizes[clusters], 0))
