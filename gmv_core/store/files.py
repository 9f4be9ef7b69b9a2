"""Small files: written aside and renamed, removed whole; JSON that is valid; the time."""

from __future__ import annotations

import json
import math
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the millisecond, to tell two states of a set apart."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write_json(path: Path, value: object) -> None:
    """Write aside, then rename: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(value, indent=2, ensure_ascii=False), encoding="utf-8")
    aside.replace(path)


def finite(value: Any) -> Any:  # noqa: ANN401  (any JSON)
    """Return the value with null for nan and infinity, which are no JSON."""
    if isinstance(value, dict):
        return {key: finite(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def remove(folder: Path, aside: Path) -> None:
    """Rename, then delete: whoever is killed in between leaves no half of a folder to be found."""
    shutil.rmtree(aside, ignore_errors=True)
    folder.replace(aside)
    shutil.rmtree(aside)
