"""A finished run as a notebook shows it."""

from __future__ import annotations

import numpy as np

from gmv_core.errors import WorkspaceError
from gmv_core.images.strip import MOST, Picture, strip_html
from gmv_core.results.opening import check_sets
from gmv_core.results.result import Result
from gmv_core.store.columns import previews
from gmv_core.words import counted, number


def result_html(result: Result) -> str:
    """Return a run's sets and settings, and its most valuable training images.

    Of a run whose tables or sets have gone since it was opened, the sentence that says so.
    """
    try:
        check_sets(result)
        pictures = _most_valuable(result)
    except WorkspaceError as problem:
        return strip_html(str(problem), [])
    manifest, settings = result.manifest, result.settings
    heading = (
        f"{result.run.name}: {counted(manifest.generated.images, 'generated image')} against "
        f"{counted(manifest.training.images, 'training image')} of {manifest.training.name} "
        f"(distance {manifest.matching.distance}, quality {manifest.judging.quality}, "
        f"k = {settings.k}). "
    )
    heading += "The most valuable training images:" if pictures else "No training image has value."
    return strip_html(heading, pictures)


def _most_valuable(result: Result) -> list[Picture]:
    table = result.values_table(("id", "training", "value", "owner"))
    best = table.sort_values("value", ascending=False, kind="stable").head(MOST)
    best = best[best["value"] > 0]
    images = previews(result.training, best["id"].to_numpy(np.int64))
    return [
        Picture(image, (row.training, f"value {number(row.value)}", row.owner or ""))
        for image, row in zip(images, best.itertuples(), strict=True)
    ]
