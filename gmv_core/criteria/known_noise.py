"""Known noise: how well the ranking from the bottom finds images that a column marks as noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gmv_core.errors import SettingsError
from gmv_core.measures.detection import Detection, detect
from gmv_core.method.value import rank_from_bottom
from gmv_core.results.result import Result
from gmv_core.store.columns import attributes
from gmv_core.store.workspace import ImageSet

YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0", ""})
_HINTS = ("noise", "noisy", "outlier", "spoilt", "corrupt", "broken")


@dataclass(frozen=True)
class KnownNoise:
    """How the ranking from the bottom meets the known noise.

    flags: (n,) bool, the noise in the order of the ranking, lowest first.
    """

    flags: np.ndarray
    detection: Detection


def noise_columns(training: ImageSet) -> list[str]:
    """Return the attribute columns that say yes or no, those that sound like noise first."""
    found = {column: set(values) for column, values in attributes(training).items()}
    columns = [c for c, values in found.items() if values & YES and values <= YES | NO]
    return sorted(columns, key=lambda c: (not sounds_like_noise(c), c))


def sounds_like_noise(column: str) -> bool:
    """Return whether a column's name says that it marks noise."""
    return any(hint in column.lower() for hint in _HINTS)


def judge(result: Result, column: str, *, by_influence: bool = False) -> KnownNoise:
    """Hold the ranking from the bottom against a yes/no attribute column (C3).

    by_influence: the ranking by predicted influence, the most harmful first, instead of by value.
    Raises SettingsError where no image has that attribute.
    """
    known = attributes(result.training).get(column, [])
    if not any(known):
        raise SettingsError(
            f"The set {result.training.name!r} has no attribute {column!r}; give the name of a "
            "column of its label CSV."
        )
    table = result.values_table(("id", "value", "nearest_distance"))
    noisy = np.isin(np.array(known)[table["id"].to_numpy()], list(YES))
    value, distance = table["value"].to_numpy(), table["nearest_distance"].to_numpy(float)
    if by_influence:
        value = result.influence_totals(("influence",))["influence"].to_numpy()
    order = rank_from_bottom(value, distance)
    return KnownNoise(noisy[order], detect(order, value, distance, noisy))
