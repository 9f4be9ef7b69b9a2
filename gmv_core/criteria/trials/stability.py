"""Does a run's answer hold? Its images valued by every ready distance, and without re-ranking.

The runs are those that `comparison.compare` makes, and are shared with it. k and τ need no reading
of their own: both leave the order of the contributors as it is.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from gmv_core.criteria.trials.comparison import under
from gmv_core.criteria.trials.derived_runs import ready_distances, value_by
from gmv_core.errors import ModelError
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.result import Result, open_run
from gmv_core.results.stability import StabilityRecord, stability_table, write_stability
from gmv_core.store.workspace import Workspace
from gmv_core.trust.stability import TEN, Stability, stability
from gmv_core.types import Embedder, Int64, Report, silent

EMBEDDING_ALONE = "none"  # without re-ranking


def hold(
    workspace: Workspace, run: str, *, embedder: Embedder | None = None, report: Report = silent
) -> Stability:
    """Compare the run with its other readings, and keep and return what was found.

    embedder: needed again where the training set was built with one given from Python.
    Raises ModelError where no other distance is ready.
    """
    with workspace.writing():
        result = open_run(workspace, run)
        distances = list(dict.fromkeys([*ready_distances(result), EMBEDDING_ALONE]))
        if len(distances) < 2:
            raise ModelError("No other distance is ready; `gmv models` says what it would take.")
        lists = {}
        for distance in distances:
            other = value_by(
                workspace, result, distance, embedder=embedder, report=under(report, distance)
            )
            lists[distance] = _contributors(other)
        found = stability(lists)
        stability_table(result.run).write(
            pa.table(
                {
                    "id": np.arange(len(found.value)),
                    "stability": found.value,
                    "same_first": found.same_first,
                    "overlap": found.overlap,
                }
            )
        )
        write_stability(result.run, StabilityRecord(found.readings, result.manifest.updated))
        return found


def _contributors(result: Result) -> Int64:
    """Return the ten nearest training rows of every generated image, (m, 10), −1 for none."""
    parts = [block.matches.candidates[:, :TEN] for block in blocks(result.run)]
    found: Int64 = np.concatenate(parts)
    return found
