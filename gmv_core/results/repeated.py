"""What of a run's quality nobody earns, and what images that are there more than once earn."""

from __future__ import annotations

import numpy as np

from gmv_core.measures.bootstrap import ratio_interval
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.result import Result
from gmv_core.trust.duplicates import has_clusters, read_clusters
from gmv_core.types import OK


def unattributed_interval(result: Result, *, seed: int = 0) -> tuple[float, float]:
    """Return low and high of the unattributed share of the quality, 95 %, from resampling images.

    0 and 0 where no image has quality.
    """
    table = result.generated_table(("quality", "unattributed", "status"))
    left = table["unattributed"].to_numpy()
    quality = table["quality"].fillna(0).to_numpy()
    if not result.settings.quality_weighting:
        quality = (table["status"] == OK).to_numpy(np.float64)
    return ratio_interval(left, quality, seed=seed)


def short_clusters(result: Result) -> int:
    """Count the generated images whose list holds candidates of fewer than k clusters.

    A list that already ended before has nothing more to give and is not counted.
    """
    short, basis = 0, result.basis
    whole = blocks(result.run, result.without)
    for part, every in zip(blocks(result.run, result.without, basis), whole, strict=True):
        full = (every.matches.candidates >= 0).all(axis=1)
        found = (part.matches.candidates >= 0).sum(axis=1)
        short += int((full & (found < result.settings.k)).sum())
    return short


def repeated_share(result: Result) -> float:
    """Return the share of value of images that have near copies; 0 where these are not known."""
    if not has_clusters(result.training):
        return 0.0
    table = result.values_table(("id", "value"))
    repeated = read_clusters(result.training).sizes[table["id"].to_numpy()] > 1
    total = float(table["value"].sum())
    return float(table["value"][repeated].sum()) / total if total > 0 else 0.0
