"""Findings that took a model: kept beside the run's tables, told stale where the run has changed.

One JSON file each in runs/<run>/criteria/, written aside and renamed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gmv_core.results.result import Result
from gmv_core.store.files import finite, now, write_json

FOLDER = "criteria"
FORMAT = 1
Finding = dict[str, Any]


def write_finding(result: Result, name: str, finding: Finding) -> Finding:
    """Keep a finding about a run under a name, and return it with what it was found on and when."""
    about = {"format": FORMAT, "run_updated": result.manifest.updated, "found": now()}
    kept = finite({**finding, **about})
    write_json(_folder(result) / f"{name}.json", kept)
    return {**kept, "stale": False}


def findings(result: Result, kind: str) -> list[Finding]:
    """Return the findings whose names begin with `kind`, the newest first.

    "stale": the run was valued again since then. A file that is not readable, or of another
    version, counts as none.
    """
    found = []
    for path in sorted(_folder(result).glob(f"{kind}*.json")):
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["format"] != FORMAT:
                continue
            stale = kept["run_updated"] != result.manifest.updated
            found.append({**kept, "stale": stale})
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return sorted(found, key=lambda one: str(one["found"]), reverse=True)


def drop_findings(result: Result) -> None:
    """Forget all findings about a run."""
    for path in _folder(result).glob("*.json"):
        path.unlink()


def _folder(result: Result) -> Path:
    return result.run.folder / FOLDER
