"""Known noise: how well the ranking from the bottom finds images that a column marks as noise."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gmv_core.errors import SettingsError
from gmv_core.measures.detection import Detection, detect
from gmv_core.method.value import rank_from_bottom
from gmv_core.results.result import Result
from gmv_core.store.columns import attribute_values, attributes
from gmv_core.store.workspace import ImageSet

YES = frozenset(["yes", "y", "true", "t", "1", "noise", "noisy", "outlier", "spoilt", "corrupt"])
NO = frozenset(["no", "n", "false", "f", "0", "-1", "clean", "ok", "normal", "inlier", ""])
_HINTS = ("noise", "noisy", "outlier", "spoilt", "corrupt", "broken")
_RULE = re.compile(r"\s*(>=|<=|!=|==|=|>|<)\s*(.*\S)\s*")
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_SHOWN = 5
_MOST_GRADES = 20


@dataclass(frozen=True)
class KnownNoise:
    """How the ranking from the bottom meets the known noise.

    flags: (n,) bool, the noise in the order of the ranking, lowest first.
    """

    flags: np.ndarray
    detection: Detection


def noise_columns(training: ImageSet) -> list[str]:
    """Return the attribute columns that say yes or no, those that sound like noise first."""
    found = {column: set(map(_plain, said)) for column, said in attribute_values(training).items()}
    columns = [c for c, values in found.items() if values & YES and values <= YES | NO]
    return sorted(columns, key=lambda c: (not sounds_like_noise(c), c))


def graded_columns(training: ImageSet) -> list[str]:
    """Return the columns that sound like noise and hold grades, so that a rule must tell."""
    found = {column: said - {""} for column, said in attribute_values(training).items()}
    return [
        column
        for column, values in sorted(found.items())
        if sounds_like_noise(column)
        and not {_plain(value) for value in values} <= YES | NO
        and len(values) <= _MOST_GRADES
        and all(_number(value) is not None for value in values)
    ]


def sounds_like_noise(column: str) -> bool:
    """Return whether a column's name says that it marks noise."""
    return any(hint in column.lower() for hint in _HINTS)


def judge(
    result: Result, column: str, noisy_if: str = "", *, by_influence: bool = False
) -> KnownNoise:
    """Hold the ranking from the bottom against an attribute column (C3).

    noisy_if: which of its values mean noise, as ">0" or "=bad"; "" for a column of yes and no.
    by_influence: the ranking by predicted influence, the most harmful first, instead of by value.

    Raises SettingsError where no image has that attribute, and for values that say neither.
    """
    known = attributes(result.training).get(column, [])
    if not any(known):
        raise SettingsError(
            f"The set {result.training.name!r} has no attribute {column!r}; give the name of a "
            "column of its label CSV."
        )
    flags = flags_of(known, column, noisy_if)
    table = result.values_table(("id", "value", "nearest_distance"))
    noisy = flags[table["id"].to_numpy()]
    value, distance = table["value"].to_numpy(), table["nearest_distance"].to_numpy(float)
    if by_influence:
        value = result.influence_totals(("influence",))["influence"].to_numpy()
    order = rank_from_bottom(value, distance)
    return KnownNoise(noisy[order], detect(order, value, distance, noisy))


def nothing_to_tell(found: Detection, column: str) -> str:
    """Say that a column marks all images as noise, or none; "" where it marks some."""
    if 0 < found.known < found.images:
        return ""
    return (
        f"The column {column!r} marks {found.known:,} of {found.images:,} images as noise: there "
        "is nothing to tell apart."
    )


def flags_of(values: Sequence[str], column: str, noisy_if: str = "") -> np.ndarray:
    """Return which values mean noise, (n,) bool. values: in small letters, "" for none: no noise.

    Raises SettingsError for values that say neither yes nor no, or do not fit the rule.
    """
    said = {value: _plain(value) for value in set(values)}
    if noisy_if:
        noisy = {value for value in said if value and _meets(value, column, noisy_if)}
        return np.isin(np.array(values), list(noisy))
    unknown = sorted(value for value, plain in said.items() if plain not in YES | NO)
    if unknown:
        graded = all(_number(value) is not None for value in said if value)
        seen = sorted(set(said) - {""}, key=float) if graded else unknown
        kind = "the grades" if graded else "values that are neither yes nor no:"
        example = ">0" if graded else f"={unknown[0]}"
        more = ", …" if len(seen) > _SHOWN else ""
        raise SettingsError(
            f"The column {column!r} has {kind} {', '.join(seen[:_SHOWN])}{more}; say which mean "
            f"noise, such as --noisy-if {example!r}."
        )
    return np.isin(np.array(values), [value for value, plain in said.items() if plain in YES])


def _plain(value: str) -> str:
    """Return "1" for "1.0", as pandas writes whole numbers of a column with gaps."""
    number = _number(value)
    return str(int(number)) if number is not None and number.is_integer() else value


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _meets(value: str, column: str, rule: str) -> bool:
    parsed = _RULE.fullmatch(rule)
    if parsed is None:
        raise SettingsError(f"{rule!r} is no rule for noise; write it like '>0' or '=bad'.")
    sign, wanted = parsed[1], parsed[2].casefold()
    mine, bound = _number(value), _number(wanted)
    if mine is not None and bound is not None:
        return _COMPARED[sign](mine, bound)
    if sign in ("=", "==", "!="):
        return (value == wanted) != (sign == "!=")
    raise SettingsError(
        f"The value {value!r} of the column {column!r} cannot be held against {rule!r}; compare "
        f"numbers, or write '={value}'."
    )
