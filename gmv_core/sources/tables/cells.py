"""A table as cells of text, whatever it was written in; what its columns mean stands elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gmv_core.errors import SourceError

MAX_COLUMNS = 2_000
MAX_CELLS = 50_000_000
_TEXTS = 10_000


@dataclass(frozen=True)
class Cells:
    """A table's cells as text. what: how it is called.

    rows: of stripped cells, each up to its last one that is not empty.
    encoding: in which it was read, where that was guessed.
    """

    what: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    encoding: str = ""


def checked_columns(columns: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Return the columns; raise SourceError for more than any table of labels has."""
    if len(columns) > MAX_COLUMNS:
        raise SourceError(
            f"{what} has {len(columns):,} columns, more than the limit of {MAX_COLUMNS:,}; "
            "keep those that describe the images."
        )
    return columns


def cells_of(what: str, objects: Iterable[Mapping[str, object]]) -> Cells:
    objects = list(objects)
    columns = checked_columns(tuple(dict.fromkeys(key for row in objects for key in row)), what)
    places = {column: place for place, column in enumerate(columns)}
    texts, held, rows = dict[str, str](), 0, list[tuple[str, ...]]()
    for row in objects:
        cells = [""] * (1 + max((places[key] for key in row), default=-1))
        for key, value in row.items():
            cells[places[key]] = as_text(value).strip()
        rows.append(kept_row(cells, texts))
        held += len(rows[-1])
        if held > MAX_CELLS:
            raise SourceError(
                f"{what} has more than {MAX_CELLS:,} cells; keep the keys that describe the images."
            )
    return Cells(what, columns, rows)


def kept_row(row: list[str], texts: dict[str, str]) -> tuple[str, ...]:
    """Return a row without empty cells at its end. texts: equal ones are held once."""
    while row and not row[-1]:
        row.pop()
    if len(texts) > _TEXTS:
        texts.clear()
    return tuple(texts.setdefault(text, text) for text in row)


def listed_columns(columns: Iterable[str]) -> str:
    """Return columns as a sentence may name them: in part, and without control characters."""
    told = ", ".join(column if column.isprintable() else ascii(column)[1:-1] for column in columns)
    return told[:200]


def as_text(value: object) -> str:
    """Return a value of JSON as text, "" for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
