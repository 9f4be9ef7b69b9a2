"""What credit rests on: how far unseen real images reach, and which training images are copies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from gmv_core.errors import WorkspaceError
from gmv_core.method.value import Basis
from gmv_core.settings import CLUSTER, CONVINCING, ValueSettings
from gmv_core.store.manifests import Matching, NullEntry, RunManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.duplicates import clusters_digest, read_clusters
from gmv_core.trust.null import read_null
from gmv_core.trust.standing import Null
from gmv_core.types import Int64

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


def check_clusters(training: ImageSet, run: RunManifest) -> None:
    """Raise WorkspaceError where a run's lists hold the first of other clusters than there are."""
    listed = run.matching.clusters
    if listed is not None and clusters_digest(read_clusters(training).of) != listed:
        raise WorkspaceError(
            f"The near copies in {training.name!r} are others than when the run {run.name!r} took "
            "them as one; run its `value` command again."
        )


def basis_of(
    training: ImageSet,
    null: NullEntry | None,
    settings: ValueSettings,
    without: Collection[int] = (),
) -> Basis:
    """Return what credit rests on under these settings.

    null: of the run, None where it has none. without: training rows that are left out of every
    list, so that they share in no cluster and the next of it is its first. Raises WorkspaceError
    where the settings need a null or clusters that are not there.
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
    members = np.where(alive, sizes[clusters], 0)
    return replace(basis, clusters=_first_alive(clusters, alive), members=members)


def _first_alive(clusters: Int64, alive: np.ndarray) -> Int64:
    """Return the first row of each one's cluster that is alive, of one without such its first."""
    n, rows = len(clusters), np.flatnonzero(alive)
    first = np.full(n, n)
    np.minimum.at(first, clusters[rows], rows)
    named: Int64 = np.where(first < n, first, np.arange(n))[clusters]
    return named
