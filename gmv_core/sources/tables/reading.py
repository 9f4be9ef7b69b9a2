"""Reads a table of labels from a file or from bytes: CSV, lists, JSON, in any encoding."""

from __future__ import annotations

import csv
import json
import os
import re
import stat
from dataclasses import replace
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.sources.encodings import decoded_text
from gmv_core.sources.tables.cells import Cells, cells_of
from gmv_core.sources.tables.csv_forms import from_lines
from gmv_core.sources.tables.json_forms import rows_of

MAX_BYTES = 1 << 29  # of a file: ten million names with labels and owners
_PART_BYTES = 1 << 20
_SHEET_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
_NAMING = ("training", "name", "file_name")


def read_cells(table: str | Path | bytes, what: str = "") -> Cells:
    """Read a table from a path, or from its content (bytes, or text with line breaks).

    what: how to call it; the file's name, if not given.

    Raises:
        SourceError: if it is no table.
    """
    is_content = isinstance(table, bytes) or (isinstance(table, str) and "\n" in table)
    what = what or ("The label table" if is_content else Path(str(table)).name)
    given = (table, "") if isinstance(table, str) and is_content else None
    text, encoding = given or _text(_content(table, what), what)
    text = text.lstrip("\ufeff")
    if text.lstrip()[:1] in ("{", "["):
        return replace(_from_json(text, what), encoding=encoding)
    try:
        return replace(from_lines(text, what), encoding=encoding)
    except csv.Error as error:
        raise SourceError(f"{what} is broken {error}; save it as CSV again.") from error


def names_in(path: Path) -> list[str]:
    """Read names of images: a table's column `name` or `training`, or each line of a text.

    Raises SourceError for a file that cannot be read, or is no text.
    """
    content = _content(path, path.name)  # once: a pipe gives it once
    lines = _text(content, path.name)[0].lstrip("\ufeff").splitlines()
    titled = {cell.strip().strip('"').lower() for cell in re.split(r"[,;\t|]", lines[0])}
    if titled & set(_NAMING):
        cells = read_cells(content, path.name)
        columns = [column.lower() for column in cells.columns]
        at = next(columns.index(title) for title in _NAMING if title in columns)
        return [row[at] for row in cells.rows if at < len(row) and row[at]]
    return [line.strip() for line in lines if line.strip()]


def _content(table: str | Path | bytes, what: str) -> bytes:
    if isinstance(table, bytes):
        return table
    try:
        with Path(table).open("rb", buffering=0) as file:
            told = os.fstat(file.fileno())
            if stat.S_ISCHR(told.st_mode) or stat.S_ISBLK(told.st_mode):
                raise SourceError(f"{what} is a device; save the table to a file.")
            content = bytearray()
            while told.st_size <= MAX_BYTES and len(content) <= MAX_BYTES:
                part = file.read(_PART_BYTES)  # of a pipe, what there is
                if not part:
                    return bytes(content)
                content += part
        raise SourceError(
            f"{what} has more than {MAX_BYTES:,} bytes, the limit; keep the columns that describe "
            "the images."
        )
    except OSError as error:
        raise SourceError(
            f"{what} cannot be read ({error.strerror or error}); check the path of the CSV."
        ) from error


def _text(content: bytes, what: str) -> tuple[str, str]:
    """Return the text of a table, and its encoding where that was guessed."""
    if content.startswith(_SHEET_MAGICS):
        raise SourceError(f"{what} is a spreadsheet or archive, not a CSV; save it as CSV (UTF-8).")
    if not content.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise SourceError(f"{what} is empty; give a CSV with a header, such as name,label,owner.")
    text, encoding = decoded_text(content)
    if "\0" in text:
        raise SourceError(f"{what} is a binary file, not a CSV; save the table as CSV (UTF-8).")
    return text, encoding


def _from_json(text: str, what: str) -> Cells:
    """Read a JSON document, or JSON lines; see json_forms.py."""
    try:
        return cells_of(what, list(rows_of(_document(text))))
    except (ValueError, RecursionError, TypeError, LookupError) as error:
        raise SourceError(
            f"{what} is no table in JSON ({error}); give one object a line with file_name and "
            "label."
        ) from error


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
