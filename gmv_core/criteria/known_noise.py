"""Known noise: how well the ranking from the bottom finds images that a column marks as noise."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.errors import SettingsError
from gmv_core.measures.detection import Detection, auroc, detect
from gmv_core.method.value import rank_from_bottom
from gmv_core.results.result import Result
from gmv_core.store.columns import attributes
from gmv_core.store.workspace import ImageSet

YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0", ""})
DEPTHS = (10, 50, 100)
_HINTS = ("noise", "noisy", "outlier", "spoilt", "corrupt", "broken")


@dataclass(frozen=True)
class NoiseReport:
    """How the ranking meets the known noise.

    flags: (n,) bool, the noise in the order of the ranking, lowest first.
    auroc: the chance that a noisy image stands below one that is not; nan without both kinds.
    """

    flags: np.ndarray
    auroc: float

    @property
    def known(self) -> int:
        return int(self.flags.sum())

    def precision(self) -> dict[int, float]:
        """Return the share of noise among the first so many: DEPTHS, and as many as are known."""
        depths = sorted(d for d in {*DEPTHS, self.known} if 0 < d <= len(self.flags))
        return {depth: float(self.flags[:depth].mean()) for depth in depths}


def noise_columns(training: ImageSet) -> list[str]:
    """Return the attribute columns that say yes or no, those that sound like noise first."""
    found: dict[str, set[str]] = {}
    for text in training.images.read(["attributes"])["attributes"].unique().to_pylist():
        for column, value in json.loads(text or "{}").items():
            found.setdefault(column, set()).add(value.strip().lower())
    columns = [c for c, values in found.items() if values & YES and values <= YES | NO]
    return sorted(columns, key=lambda c: (not sounds_like_noise(c), c))


def sounds_like_noise(column: str) -> bool:
    """Return whether a column's name says that it marks noise."""
    return any(hint in column.lower() for hint in _HINTS)


def judge(result: Result, column: str) -> NoiseReport:
    """Hold the ranking from the bottom against a yes/no attribute column.

    Raises SettingsError where no image has that attribute.
    """
    images = result.training.images.read(["name", "attributes"])
    texts = images["attributes"].combine_chunks().dictionary_encode()
    values = [json.loads(text or "{}").get(column, "") for text in texts.dictionary.to_pylist()]
    if not any(values):
        raise SettingsError(
            f"The set {result.training.name!r} has no attribute {column!r}; give the name of a "
            "column of its label CSV."
        )
    noisy = np.array([value.strip().lower() in YES for value in values])
    flags = noisy[texts.indices.to_numpy()][result.noisy()["id"].to_numpy()]
    return NoiseReport(flags, auroc(np.arange(len(flags)), flags))


def against_column(result: Result, column: str) -> Detection:
    """Hold the ranking from the bottom against a yes/no attribute column.

    Raises SettingsError where no image has that attribute.
    """
    known = attributes(result.training).get(column)
    if known is None:
        raise SettingsError(
            f"The set {result.training.name!r} has no attribute {column!r}; give the name of a "
            "column of its label CSV."
        )
    table = result.values_table(("id", "value", "nearest_distance"))
    noisy = np.isin(np.array(known)[table["id"].to_numpy()], list(YES))
    return _detect(table, noisy)


def _detect(table: pd.DataFrame, noisy: np.ndarray) -> Detection:
    value, distance = table["value"].to_numpy(), table["nearest_distance"].to_numpy(float)
    return detect(rank_from_bottom(value, distance), value, distance, noisy)
