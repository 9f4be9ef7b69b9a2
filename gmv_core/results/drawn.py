"""A finished run as a notebook shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmv_core.images.strip import MOST, Picture, strip_html
from gmv_core.store.columns import previews
from gmv_core.words import counted, number

if TYPE_CHECKING:
    from gmv_core.results.result import Result


def result_html(result: Result) -> str:
    """Return a run's sets and settings, and its most valuable training images."""
    manifest, settings = result.manifest, result.settings
    table = result.values_table(("id", "training", "value", "owner"))
    best = table.sort_values("value", ascending=False, kind="stable").head(MOST)
    best = best[best["value"] > 0]
    images = previews(result.training, best["id"].to_numpy(np.int64))
    pictures = [
        Picture(image, (row.training, f"value {number(row.value)}", row.owner or ""))
        for image, row in zip(images, best.itertuples(), strict=True)
    ]
    heading = (
        f"{result.run.name}: {counted(manifest.generated.images, 'generated image')} against "
        f"{counted(manifest.training.images, 'training image')} of {manifest.training.name} "
        f"(distance {manifest.matching.distance}, quality {manifest.judging.quality}, "
        f"k = {settings.k}). The most valuable training images:"
    )
    return strip_html(heading, pictures)
