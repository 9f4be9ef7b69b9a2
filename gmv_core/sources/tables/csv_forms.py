"""CSV in every dialect, below titles and comments; lists whose columns are parted by blanks."""

from __future__ import annotations

import csv
import io
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gmv_core.errors import SourceError
from gmv_core.sources.names import is_image_suffix
from gmv_core.sources.tables.cells import Cells, checked_columns, kept_row
from gmv_core.sources.tables.titles import names_images

_SEPARATORS = ",;\t|"
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*')
_QUOTED = re.compile(r'"[^"]*"')
_TITLE_LINES = 5  # above a header, at most


def from_lines(text: str, what: str) -> Cells:
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
    counted = header.strip().isdigit() and not separator
    celeba = _celeba(text[start:], what) if counted else None
    if celeba:
        return celeba
    for above in range(1, 1 if _is_header(header, separator) else _TITLE_LINES + 1):
        place = lines.tell()
        line = lines.readline()
        if _is_header(line, separator) and _filled(line, separator) > _filled(header, separator):
            number, start, header = number + above, place, line
            break
    separator = separator or _separator_of(header)
    body = text[start:]
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator)
    try:
        columns = checked_columns(tuple(column.strip() for column in next(reader, [])), what)
        rows = list(_rows(reader, columns, what, number))
    except csv.Error as error:
        raise csv.Error(f"near line {reader.line_num + number - 1:,} ({error})") from error
    if '"' in body and not _is_strict(body, separator):
        _check_quotes(rows, what)
    return Cells(what, columns, rows)


def _separator_of(line: str) -> str:
    """Return the separator that a header has most often, not counting what it quotes."""
    return max(_SEPARATORS, key=_QUOTED.sub("", line).count)


def _filled(line: str, separator: str) -> int:
    """Return the number of cells in a line that are not empty."""
    cells = _QUOTED.sub("x", line).split(separator or _separator_of(line))
    return sum(bool(cell.strip()) for cell in cells)


def _is_header(line: str, separator: str) -> bool:
    """Whether a line has a usual title of a column of names, and is no row of an image's file."""
    cells = [cell.strip().strip('"') for cell in line.split(separator or _separator_of(line))]
    suffixes = (posixpath.splitext(cell)[1].lower() for cell in cells)
    return names_images(cells) and not any(map(is_image_suffix, suffixes))


def split_at_blanks(cells: Cells) -> Iterator[Cells]:
    """Yield a table of one column as further ones: cut at its last blanks, and at all of them.

    So come lists such as ImageNet's ("n01/1.jpg 7") and CUB's ("1 001.Albatross/a.jpg").
    """
    lines = [*cells.columns, *("".join(row[:1]) for row in cells.rows)]
    for most in (1, -1):
        rows = [tuple(line.rsplit(maxsplit=most)) for line in lines]
        if len(cells.columns) == 1 and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:
            yield replace(cells, columns=checked_columns(rows[0], cells.what), rows=rows[1:])


def _celeba(text: str, what: str) -> Cells | None:
    """Read a list as CelebA's: the number of rows, names of attributes, then name and values."""
    lines = text.splitlines()
    if len(lines) < 3:
        return None
    columns = tuple(lines[1].split())
    if not names_images(columns[:1]):
        columns = ("name", *columns)
    rows = [tuple(line.split()) for line in lines[2:] if line.strip()]
    if len(columns) < 2 or any(len(row) != len(columns) for row in rows):
        return None
    return Cells(what, checked_columns(columns, what), rows)


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
        yield kept_row(row, texts)
