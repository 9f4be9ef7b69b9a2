"""Tables of labels as people write them: CSV in every dialect, CelebA's lists, JSON.

Cells only: which column holds what is decided in label_table.py.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.sources.encodings import decoded_text

MAX_COLUMNS = 2_000
MAX_CELLS = 50_000_000
_TEXTS = 10_000
_SHEET_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")
_NAMING = ("training", "name", "file_name")
_SEPARATORS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*')


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
        return replace(_from_lines(text, what), encoding=encoding)
    except csv.Error as error:
        raise SourceError(f"{what} is broken {error}; save it as CSV again.") from error


def names_in(path: Path) -> list[str]:
    """Read names of images: a table's column `name` or `training`, or each line of a text.

    Raises SourceError for a file that cannot be read, or is no text.
    """
    text, _ = _text(_content(path, path.name), path.name)
    lines = text.lstrip("\ufeff").splitlines()
    titled = {cell.strip().strip('"').lower() for cell in re.split(r"[,;\t|]", lines[0])}
    if titled & set(_NAMING):
        cells = read_cells(path)
        columns = [column.lower() for column in cells.columns]
        at = next(columns.index(title) for title in _NAMING if title in columns)
        return [row[at] for row in cells.rows if at < len(row) and row[at]]
    return [line.strip() for line in lines if line.strip()]


def _content(table: str | Path | bytes, what: str) -> bytes:
    if isinstance(table, bytes):
        return table
    try:
        return Path(table).read_bytes()
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


def _checked(columns: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Return the columns; raise SourceError for more than any table of labels has."""
    if len(columns) > MAX_COLUMNS:
        raise SourceError(
            f"{what} has {len(columns):,} columns, more than the limit of {MAX_COLUMNS:,}; "
            "keep those that describe the images."
        )
    return columns


def _from_lines(text: str, what: str) -> Cells:
    """Read CSV of any usual separator, below comments, blank lines and Excel's sep= line."""
    separator = ""
    lines = io.StringIO(text, newline="")
    number, start, header = 0, 0, ""
    while line := lines.readline():
        number += 1
        told = _SEPARATOR_LINE.fullmatch(line.lstrip("\ufeff"))
        if told:
            separator = told[1]
        elif line.strip() and not line.startswith("#"):
            header = line
            break
        start = lines.tell()
    if not separator:
        celeba = _celeba(text[start:], what)
        if celeba:
            return celeba
        separator = max(_SEPARATORS, key=header.count)
    body = text[start:]
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator)
    try:
        columns = _checked(tuple(column.strip() for column in next(reader, [])), what)
        rows = list(_rows(reader, columns, what, number))
    except csv.Error as error:
        raise csv.Error(f"near line {reader.line_num + number - 1:,} ({error})") from error
    if '"' in body and not _is_strict(body, separator):
        _check_quotes(rows, what)
    return Cells(what, columns, rows)


def _check_quotes(rows: Iterable[tuple[str, ...]], what: str) -> None:
    """Raise SourceError where a quotation mark that is not closed took further rows into a cell."""
    for row in rows:
        if "\n" in "".join(row) or "\r" in "".join(row):
            raise SourceError(
                f'{what} has a quotation mark (") that is not closed, in the row of '
                f"{row[0][:40]!r}: further rows would be lost in that cell; close or remove it."
            )


def _is_strict(body: str, separator: str) -> bool:
    """Whether quotation marks stand where CSV has them: at the beginning and end of cells."""
    try:
        for _ in csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True):
            pass
    except csv.Error:
        return False
    return True


def _rows(
    reader: Iterator[list[str]], columns: Sequence[str], what: str, header_line: int
) -> Iterator[tuple[str, ...]]:
    width, texts = len(columns), dict[str, str]()
    for number, cells in enumerate(reader, start=header_line + 1):
        row = [cell.strip() for cell in cells]
        if not any(row):
            continue
        if any(row[width:]):
            raise SourceError(
                f"{what} has {len(cells)} cells in row {number:,} but {width} columns; "
                'put cells that hold the separator in "quotes".'
            )
        yield _kept(row, texts)


def _kept(row: list[str], texts: dict[str, str]) -> tuple[str, ...]:
    """Return a row without empty cells at its end. texts: equal ones are held once."""
    while row and not row[-1]:
        row.pop()
    if len(texts) > _TEXTS:
        texts.clear()
    return tuple(texts.setdefault(text, text) for text in row)


def _celeba(text: str, what: str) -> Cells | None:
    """Read a list as CelebA's: the number of rows, names of attributes, then name and values."""
    lines = text.splitlines()
    if len(lines) < 3 or not lines[0].strip().isdigit():
        return None
    columns = _checked(("name", *lines[1].split()), what)
    rows = [tuple(line.split()) for line in lines[2:] if line.strip()]
    if len(columns) < 2 or any(len(row) != len(columns) for row in rows):
        return None
    return Cells(what, columns, rows)


def _from_json(text: str, what: str) -> Cells:
    """Read JSON lines of objects, StyleGAN's {"labels": [[name, label], …]}, or {name: {…}}."""
    try:
        return _cells_of(what, list(_objects(text)))
    except (ValueError, RecursionError, TypeError) as error:
        raise SourceError(
            f"{what} is no table in JSON ({error}); give one object a line with file_name and "
            "label."
        ) from error


def _objects(text: str) -> Iterator[Mapping[str, object]]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        document = [json.loads(line) for line in text.splitlines() if line.strip()]
    if isinstance(document, dict) and isinstance(document.get("labels"), list):
        for name, label in document["labels"]:
            yield {"name": name, "label": label}
    elif isinstance(document, dict) and all(isinstance(v, dict) for v in document.values()):
        for name, said in document.items():
            yield {"name": name, **said}
    else:
        for row in [document] if isinstance(document, dict) else document:
            if not isinstance(row, dict):
                raise ValueError("not all of it are objects")
            yield row


def _cells_of(what: str, objects: Iterable[Mapping[str, object]]) -> Cells:
    objects = list(objects)
    columns = _checked(tuple(dict.fromkeys(key for row in objects for key in row)), what)
    places = {column: place for place, column in enumerate(columns)}
    texts, held, rows = dict[str, str](), 0, list[tuple[str, ...]]()
    for row in objects:
        cells = [""] * (1 + max((places[key] for key in row), default=-1))
        for key, value in row.items():
            cells[places[key]] = as_text(value).strip()
        rows.append(_kept(cells, texts))
        held += len(rows[-1])
        if held > MAX_CELLS:
            raise SourceError(
                f"{what} has more than {MAX_CELLS:,} cells; keep the keys that describe the images."
            )
    return Cells(what, columns, rows)


def listed_columns(columns: Iterable[str]) -> str:
    """Return columns as a sentence may name them: in part, and without control characters."""
    told = ", ".join(column if column.isprintable() else ascii(column)[1:-1] for column in columns)
    return told[:200]


def as_text(value: object) -> str:
    """Return a value of JSON as text, "" for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
