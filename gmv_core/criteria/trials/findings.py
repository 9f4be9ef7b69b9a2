"""Findings that took a model: kept beside the run's tables, known as stale where the run changed.

One JSON file each in runs/<run>/criteria/, written aside and renamed. What was nan is None there.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from gmv_core.measures.detection import Detection
from gmv_core.results.result import Result
from gmv_core.store.access import Right, require
from gmv_core.store.files import finite, now, paths_in, write_json
from gmv_core.store.remote.objects import Place

FOLDER = "criteria"
FORMAT = 1
COMPARISON, INJECTION = "comparison", "injection-"  # how the names of the two kinds begin


class InjectionFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What an injection came to: the fields of `Injection`, the copy's run and set, `Detection`.

    found: when. run_updated: the state of the run that it was found on; stale: no longer its state.
    """

    kind: str
    strength: float
    share: float
    seed: int
    source_set: str
    run: str
    set: str
    distance: str
    k: int
    known: int
    images: int
    auroc: float | None
    low: float | None
    high: float | None
    by_value: float | None
    by_distance: float | None
    precision: dict[int, float]
    format: int = FORMAT
    run_updated: str | None = None
    found: str = ""
    stale: bool = False

    @property
    def detection(self) -> Detection:
        nan = float("nan")
        scores = (self.auroc, self.low, self.high, self.by_value, self.by_distance)
        auroc, low, high, by_value, by_distance = (nan if s is None else s for s in scores)
        return Detection(
            self.known, self.images, auroc, low, high, by_value, by_distance, self.precision
        )


class SharesFound(msgspec.Struct, frozen=True):
    """A share of contributors that agree, its interval, and what chance would give."""

    share: float | None
    low: float | None
    high: float | None
    by_chance: float | None


class ComparisonRow(msgspec.Struct, frozen=True, kw_only=True):
    """One distance at one k. noise, foreign: AUROC against the column, and of held-out classes."""

    distance: str
    run: str
    k: int
    classes: SharesFound | None
    attributes: dict[str, SharesFound]
    attributes_share: float | None
    attributes_by_chance: float | None
    noise: float | None
    foreign: float | None
    seconds_per_image: float | None


class ComparisonFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Every ready distance beside the others. column: marks known noise, "" for none."""

    column: str
    ks: tuple[int, ...]
    rows: tuple[ComparisonRow, ...]
    format: int = FORMAT
    run_updated: str | None = None
    found: str = ""
    stale: bool = False


F = TypeVar("F", InjectionFinding, ComparisonFinding)


def write_finding(result: Result, name: str, finding: F) -> F:
    """Keep a finding about a run under a name, and return it with what it was found on and when."""
    kept = replace(finding, run_updated=result.manifest.updated, found=now())
    require(Right.EDIT, "keeping what was found")
    write_json(_folder(result) / f"{name}.json", as_json(kept))
    return _read(as_json(kept), type(finding))


def injections(result: Result) -> list[InjectionFinding]:
    """Return what injections found about a run, the newest first."""
    return _findings(result, INJECTION, InjectionFinding)


def comparison(result: Result) -> ComparisonFinding | None:
    """Return the comparison of distances of a run, None before it was made."""
    return next(iter(_findings(result, COMPARISON, ComparisonFinding)), None)


def as_json(finding: InjectionFinding | ComparisonFinding) -> dict[str, Any]:
    """Return a finding as plain JSON values."""
    document: dict[str, Any] = finite(msgspec.to_builtins(finding, str_keys=True))
    return document


def drop_findings(result: Result) -> None:
    """Forget all findings about a run."""
    require(Right.EDIT, "forgetting what was found")
    for path in _folder(result).glob("*.json"):
        path.unlink(missing_ok=True)


def _findings(result: Result, begins: str, kind: type[F]) -> list[F]:
    """A file that is not readable, or of another version, counts as none."""
    found = []
    for path in paths_in(_folder(result), f"{begins}*.json"):
        try:
            kept = _read(msgspec.json.decode(path.read_bytes()), kind)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            continue
        if kept.format == FORMAT:
            found.append(replace(kept, stale=kept.run_updated != result.manifest.updated))
    return sorted(found, key=lambda one: one.found, reverse=True)


def _read(document: Any, kind: type[F]) -> F:  # noqa: ANN401  (any JSON)
    # Not strict: the depths of a precision are the keys of a JSON object, which are texts.
    return msgspec.convert(document, kind, strict=False)


def _folder(result: Result) -> Place:
    return result.run.folder / FOLDER
