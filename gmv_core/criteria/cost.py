"""C4: what a run cost, as its manifests have it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gmv_core.results.result import Result


def cost(result: Result) -> pd.DataFrame:
    """Return C4, a row a stage: what, stage, seconds, per_generated, per_training, memory_mb.

    As the manifests have them, of the machine and the settings of then. memory_mb: the most that
    the process had held by the end of the stage; nan where it was not kept.
    """
    training, run = result.training.manifest(), result.manifest
    n, m = run.training.images, run.generated.images
    rows = []
    for what, manifest in (("training set", training), ("run", run)):
        for stage, seconds in manifest.seconds.items():
            per_generated = seconds / m if what == "run" else np.nan
            memory = manifest.memory_mb.get(stage, np.nan)
            rows.append((what, stage, seconds, per_generated, seconds / n, memory))
    columns = ["what", "stage", "seconds", "per_generated", "per_training", "memory_mb"]
    return pd.DataFrame(rows, columns=columns)
