"""Labels, owners and attributes from a CSV with a header and one row an image.

A column of names is required (`name`, or an alias); `label` and `owner` are known by their names,
every other column is an attribute. What a cell says goes before what the source says; an empty
cell says nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from gmv_core.errors import SourceError
from gmv_core.sources.source import Source
from gmv_core.types import SourceImage

_NAME_COLUMNS = ("name", "file", "filename", "file_name", "path", "image")
_SHEET_MAGICS = (b"PK", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class LabelRow:
    """What one row says of an image."""

    name: str
    label: str
    owner: str
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class LabelTable:
    """The rows of a CSV.

    attributes: names of the further columns.
    rows: by the name in the table.
    by_file, by_stem: by file name, and by file name without suffix, where that is unique.
    """

    attributes: tuple[str, ...]
    rows: Mapping[str, LabelRow]
    by_file: Mapping[str, LabelRow] = field(repr=False)
    by_stem: Mapping[str, LabelRow] = field(repr=False)

    def find(self, name: str) -> LabelRow | None:
        """Return the row of the image `name`, the closest match first.

        The path itself; the path without its first folders ("photos/cat/1.jpg" → "cat/1.jpg"); the
        file name alone where it is unique in the table; that without its suffix. By the file name
        alone, "cat/1.jpg" never takes the row of "bear/1.jpg".
        """
        rest = name
        while rest not in self.rows:
            _, slash, rest = rest.partition("/")
            if not slash:
                break
        else:
            return self.rows[rest]
        path = PurePosixPath(name)
        found = self.by_file.get(path.name) or self.by_stem.get(path.stem)
        if found is None:
            return None
        ours, theirs = path.parts[:-1][::-1], PurePosixPath(found.name).parts[:-1][::-1]
        return found if all(a == b for a, b in zip(ours, theirs, strict=False)) else None


@dataclass(frozen=True)
class LabelTally:
    """How a table fits the images of a source."""

    images_without_row: int
    rows_without_image: int
    examples: tuple[str, ...]


def tally(table: LabelTable, names: Iterable[str]) -> LabelTally:
    """Count images without a row and rows that fit no image; up to three such rows as examples."""
    used: set[str] = set()
    missing = 0
    for name in names:
        row = table.find(name)
        if row is None:
            missing += 1
        else:
            used.add(row.name)
    unused = [name for name in table.rows if name not in used]
    return LabelTally(missing, len(unused), tuple(unused[:3]))


def with_row(image: SourceImage, row: LabelRow | None) -> SourceImage:
    """Return the image with what its row says; empty cells change nothing."""
    if row is None:
        return image
    attributes = {key: value for key, value in row.attributes.items() if value}
    return replace(
        image,
        label=row.label or image.label,
        owner=row.owner or image.owner,
        attributes={**image.attributes, **attributes},
    )


def labels_beside(source: Source) -> Path | bytes | None:
    """Return the `labels.csv` or `metadata.csv` at the root of a folder, zip or upload, if any."""
    return source.labels_file


def read_labels(table: str | Path | bytes) -> LabelTable:
    """Read a CSV from a path, or from its content (bytes, or text with line breaks).

    UTF-8 (with or without BOM), UTF-16 with BOM, else Latin-1; comma, semicolon or tab, whichever
    the header uses most. Rows that say the same twice are taken once.

    Raises:
        SourceError: if it is no such table, or says two different things of one name.
    """
    is_content = isinstance(table, bytes) or (isinstance(table, str) and "\n" in table)
    what = "The label table" if is_content else Path(str(table)).name
    text = table if isinstance(table, str) and is_content else _text(_content(table, what), what)
    header_line = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter)
    try:
        header = [column.strip() for column in next(reader, [])]
        return _table(_columns(header, what), reader, what)
    except csv.Error as error:
        raise SourceError(
            f"{what} is broken near line {reader.line_num:,} ({error}); save it as CSV again."
        ) from error


def _content(table: str | Path | bytes, what: str) -> bytes:
    if isinstance(table, bytes):
        return table
    try:
        return Path(table).read_bytes()
    except OSError as error:
        raise SourceError(
            f"{what} cannot be read ({error.strerror or error}); check the path of the CSV."
        ) from error


def _text(content: bytes, what: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if content.startswith(_SHEET_MAGICS):
        raise SourceError(f"{what} is a spreadsheet or archive, not a CSV; save it as CSV (UTF-8).")
    if b"\0" in content:
        raise SourceError(f"{what} is a binary file, not a CSV; save the table as CSV (UTF-8).")
    if not content.strip(b"\xef\xbb\xbf \t\r\n"):
        raise SourceError(f"{what} is empty; give a CSV with a header, such as name,label,owner.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _columns(header: Sequence[str], what: str) -> list[str]:
    """Return the columns' names, with "name", "label" and "owner" for those however written.

    Columns without a name, such as an index that pandas wrote, come back as "".
    """
    lower = [column.lower() for column in header]
    alias = next((name for name in _NAME_COLUMNS if name in lower), None)
    if alias is None:
        raise SourceError(
            f"{what} has no column of image names (columns: {', '.join(header)[:200]}); "
            "call it name and write the header in the first line."
        )
    at = lower.index(alias)
    columns = [name.lower() if name.lower() in ("label", "owner") else name for name in header]
    columns[at] = "name"
    repeated = [name for name in columns if name and columns.count(name) > 1]
    if repeated:
        raise SourceError(f"{what} has the column {repeated[0]!r} twice; rename or remove one.")
    return columns


def _table(columns: Sequence[str], reader: Iterator[list[str]], what: str) -> LabelTable:
    further = tuple(name for name in columns if name not in ("", "name", "label", "owner"))
    rows: dict[str, LabelRow] = {}
    clashes: list[str] = []
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns):
            raise SourceError(
                f"{what} has {len(cells)} cells in row {number:,} but {len(columns)} columns; "
                'put cells that hold the separator in "quotes".'
            )
        said = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        name = said.get("name", "").replace("\\", "/").removeprefix("./")
        row = LabelRow(
            name,
            said.get("label", ""),
            said.get("owner", ""),
            {column: said.get(column, "") for column in further},
        )
        if rows.setdefault(name, row) != row:
            clashes.append(name)
    if not rows:
        raise SourceError(f"{what} has a header but no rows; add one row for each image.")
    if clashes:
        raise SourceError(
            f"{what} says two different things of {len(set(clashes)):,} names (the first is "
            f"{clashes[0]!r}); keep one row for each image."
        )
    paths = [(PurePosixPath(name), row) for name, row in rows.items()]
    return LabelTable(
        further,
        rows,
        by_file=_unique((path.name, row) for path, row in paths),
        by_stem=_unique((path.stem, row) for path, row in paths),
    )


def _unique(pairs: Iterable[tuple[str, LabelRow]]) -> dict[str, LabelRow]:
    """Map the keys that occur once."""
    found: dict[str, LabelRow] = {}
    repeated: set[str] = set()
    for key, row in pairs:
        if key in found:
            repeated.add(key)
        found[key] = row
    return {key: row for key, row in found.items() if key and key not in repeated}


@dataclass(frozen=True)
class Labels:
    """A label table. digest: of the CSV's bytes, so that an edited table is noticed."""

    table: LabelTable
    digest: str


def labels_for(source: Source, csv: str | Path | None) -> Labels | None:
    """Return the label table to use: the CSV given, else one that lies beside the images."""
    pass

    found = csv if csv is not None else labels_beside(source)
    if found is None:
        return None
    table = read_labels(found)
    content = found if isinstance(found, bytes) else Path(found).read_bytes()
    return Labels(table, hashlib.sha256(content).hexdigest())
