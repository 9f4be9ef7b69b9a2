"""Statements as files: of one group, or one of each with an index."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from gmv_core.audit.statement.page import Shared, rendered, shared, statement
from gmv_core.audit.statement.words import GROUP_NAME, shortened
from gmv_core.errors import SettingsError, SourceError
from gmv_core.results.owners.answer import owner_answer
from gmv_core.results.owners.grouped import OWNER
from gmv_core.results.result import Result
from gmv_core.store.files import aside
from gmv_core.store.outputs import check_output
from gmv_core.types import Progress, Report, silent
from gmv_core.words import percent, visible

INDEX = Path(__file__).with_name("statements.html")


def write_statement(
    result: Result, name: str, path: Path, by: str = OWNER, *, of: Shared | None = None
) -> None:
    """Write a statement to a file; raise SourceError where it cannot be written.

    Raises WorkspaceError for a file among the workspace's own.
    """
    check_output(result.run, path)
    _write(path, statement(result, name, by, of=of))


def write_statements(
    result: Result, folder: Path, by: str = OWNER, *, report: Report = silent
) -> list[Path]:
    """Write the statement of each group into a folder, and index.html; return the files.

    Raises SourceError where the folder cannot be written, SettingsError where there is no group.
    """
    check_output(result.run, folder)
    of = shared(result, by, report=report)
    names, files, rows = of.grouped.names, list[Path](), []
    if not names:
        raise SettingsError(
            f"No training image of {result.training.name!r} has the column {by!r}; choose another."
        )
    for place, name in enumerate(names, 1):
        file = folder / file_name(name)
        write_statement(result, name, file, by, of=of)
        files.append(file)
        answer = owner_answer(result, name, by, of=of.grouped)
        rows.append((file.name, shortened(name, GROUP_NAME), answer))
        report(Progress("statements", place, len(names)))
    index = rendered(INDEX, rows=rows, percent=percent, by=visible(by),
                      run=visible(result.run.name), date=of.date)  # fmt: skip
    _write(folder / "index.html", index)
    return [folder / "index.html", *files]


def file_name(name: str) -> str:
    """Return the name of a statement's file: the same for a group at any time, no two the same."""
    return f"{slug(name)}-{sha256(name.encode()).hexdigest()[:8]}.html"


def slug(name: str) -> str:
    """Return a name as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "unnamed"


def _write(path: Path, text: str) -> None:
    try:
        with aside(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SourceError(
            f"{path} cannot be written ({error.strerror or error}); give another place."
        ) from error
