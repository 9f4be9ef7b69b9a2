"""Cached doors to what is predicted by influence.

The fitted linear model is kept for the runs looked at last: an answer then takes a moment.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from gmv_core import Result
from gmv_core.criteria import known_noise
from gmv_core.images.decode import pixels_of
from gmv_core.plots import influence as plots
from gmv_core.results.influence.fitted import fitted, influences_of, influences_on_pixels
from gmv_core.results.influence.tables import TOTAL_COLUMNS, Influence, has_influence
from gmv_core.results.influence.what_if import PredictedChange, owner_change, predicted_change
from gmv_core.sets.linear import LinearModel
from gmv_core.types import Float64
from ui.doors.cached import data, resource


def there(result: Result) -> bool:
    """Return whether the run's influence was predicted, of its sets as they are."""
    return has_influence(result.run)


@data(max_entries=256)
def on_image(result: Result, image: str) -> list[Influence]:
    """Return the most helpful and the most harmful training images for a generated one."""
    return result.influence(image)


@resource(max_entries=6)
def totals(result: Result) -> pd.DataFrame:
    """Return the training images, the most harmful over the set first, with their row "id"."""
    table = result.influence_totals((*TOTAL_COLUMNS, "id"))
    return table.sort_values("influence", kind="stable", ignore_index=True)


@resource(max_entries=3, show_spinner="Fitting the linear model …")
def _model(result: Result, one_mean: bool) -> tuple[LinearModel, Float64]:
    model = fitted(result, one_mean=one_mean)
    return model, model.spread()


@data(max_entries=64)
def on_preview(result: Result, preview: bytes, label: str) -> list[Influence]:
    """Return the same as `on_image` for an image that is in no set. label: "" for none."""
    return influences_on_pixels(*_model(result, not label), pixels_of(preview), label=label)


@data(max_entries=64)
def of_training(result: Result, row: int) -> pd.DataFrame:
    """Return a training image's influence on every generated image, the most helped first."""
    return influences_of(result, *_model(result, False), row)


@data(max_entries=256)
def without_owner(result: Result, owner: str) -> PredictedChange:
    """Return what is predicted without an owner's images."""
    return owner_change(result, owner, model=_model(result, False)[0])


@data(max_entries=16, show_spinner="Fitting the linear model without the marked images …")
def without(part: Result) -> PredictedChange:
    """Return what is predicted without the images that a result leaves out."""
    return predicted_change(part)


@resource(max_entries=6)
def noise_report(result: Result, column: str, noisy_if: str = "") -> known_noise.KnownNoise:
    """Hold the ranking by harm against a column."""
    return known_noise.judge(result, column, noisy_if, by_influence=True)


@data(max_entries=16)
def ranking_figure(result: Result, column: str | None, noisy_if: str = "") -> Any:  # noqa: ANN401  (plotly ships no types)
    """Return the figure of the ranking by harm, with the noise that a column marks."""
    flags = noise_report(result, column, noisy_if).flags if column else None
    return plots.harm_ranking(totals(result)["percent"].to_numpy(), flags)
