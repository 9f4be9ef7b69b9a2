"""Labels, owners and attributes from a table with a header and one row an image.

Which column names the images is known by its title, or by which one fits them; `label` (`class`,
`category` …) and `owner` are known by theirs, every other column is an attribute. What a cell says
goes before what the source says; an empty cell says nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.sources.names import is_image_suffix
from gmv_core.sources.tables.cells import Cells, listed_columns
from gmv_core.sources.tables.csv_forms import split_at_blanks
from gmv_core.sources.tables.label_rows import LabelRow, LabelRows, said_in
from gmv_core.sources.tables.name_index import Match, NameIndex
from gmv_core.sources.tables.reading import read_cells
from gmv_core.sources.tables.titles import LABEL_COLUMNS, name_columns, names_images, plain_title

_WHOLE = re.compile(r"-?\d+(?:\.0+)?")
_PLAINLY = 0.5  # a column that fits so many of the images needs no comparison with others
_TRIED = 2_000  # images


@dataclass(frozen=True)
class LabelTable:
    """The rows of a table.

    attributes: names of the further columns. by_place: its rows, one a name.
    what: how the table is called. columns: all of them. past_storage: see `NameIndex.find`.
    encoding: in which it was read, where that was guessed by its letters. named_by: the column of
    names.
    """

    attributes: tuple[str, ...]
    index: NameIndex = field(repr=False)
    by_place: Sequence[LabelRow] = field(repr=False)
    what: str = "The label table"
    columns: tuple[str, ...] = ()
    past_storage: bool = False
    encoding: str = ""
    named_by: str = ""

    def find(self, name: str) -> LabelRow | None:
        """Return the row of the image `name`, the closest match; None where none or several fit."""
        found = self.match(name)
        return None if found is None else self.by_place[found.row]

    def match(self, name: str) -> Match | None:
        """Return the place of the image's row, and how it was found."""
        return self.index.find(name, past_storage=self.past_storage)

    @property
    def says_labels(self) -> bool:
        return any(row.label for row in self.by_place)

    def guesses(self) -> list[str]:
        """Return in sentences what was guessed of the table."""
        said = [self.encoding_words()]
        if len(self.columns) > 2 and self.named_by and not name_columns([self.named_by]):
            said.append(
                f"No column of {self.what} is called as one of names; {self.named_by!r} fits the "
                'images and is taken. Where that is wrong, call the column of names "name".'
            )
        return [sentence for sentence in said if sentence]

    def encoding_words(self) -> str:
        """Return in a sentence in which encoding the table was read, "" where none was guessed."""
        cells = (
            cell
            for row in self.by_place
            for cell in (row.label, row.owner, row.name, *row.attributes.values())
        )
        example = next((cell for cell in cells if not cell.isascii()), "")
        if not self.encoding or not example:
            return ""
        return (
            f"{self.what} is not in UTF-8 and was read as {self.encoding}, by its letters, such as "
            f"{example[:40]!r}. Where letters are wrong, save it as UTF-8, or write "
            '"# encoding: …" in its first line.'
        )


def read_labels(
    table: str | Path | bytes, names: Sequence[str] | None = None, *, what: str = ""
) -> LabelTable:
    """Read a table from a path, or from its content (bytes, or text with line breaks).

    names: of the images, or of many of them: where several columns could name them, or none by its
    title, the one that fits most is taken. what: how to call the table.

    Raises:
        SourceError: if it is no such table, or says two different things of one name.
    """
    cells = read_cells(table, what)
    if names and not names_images(cells.columns):
        ways = (cells, *split_at_blanks(cells))
        cells = next(filter(None, (_with_header(way, names) for way in ways)), cells)
    titled = name_columns(cells.columns)
    if not cells.rows and titled:
        raise SourceError(f"{cells.what} has a header but no rows; add one row for each image.")
    others = [at for at in range(len(cells.columns)) if at not in titled]
    found = _best(cells, titled, names)
    if found is None and names:  # a few may fit by chance, as a person's age fits "45.png"
        found = _best(cells, others, names, least=_PLAINLY)
    if found is None and not titled:
        raise _no_names(cells)
    if found is None:
        found = _drafted(cells, titled[0])
    made, clashes = found
    if clashes:
        raise SourceError(
            f"{cells.what} says two different things of {len(set(clashes)):,} names (the first is "
            f"{clashes[0]!r}); keep one row for each image."
        )
    return made


def _with_header(cells: Cells, names: Sequence[str]) -> Cells | None:
    """Return a table without a header, whose first line names an image, as name, label and more."""
    index = NameIndex(lambda one, other: True)
    index.extend(names)
    named = [at for at, title in enumerate(cells.columns) if index.find(title)]
    if not named:
        return None
    # A number before "12.jpg" may be another image's name without its suffix.
    at = next((n for n in named if _has_suffix(cells.columns[n])), named[0])
    titles = [f"column {place + 1}" for place in range(len(cells.columns))]
    titles[at] = "name"
    if at + 1 < len(titles):
        titles[at + 1] = "label"
    return replace(cells, columns=tuple(titles), rows=[cells.columns, *cells.rows])


def _has_suffix(name: str) -> bool:
    return is_image_suffix(posixpath.splitext(name)[1].lower())


def _no_names(cells: Cells) -> SourceError:
    return SourceError(
        f"{cells.what} has no column of image names (columns: {listed_columns(cells.columns)}); "
        "call it name and write the header in the first line."
    )


Draft = tuple[LabelTable, list[str]]


def _best(
    cells: Cells, places: Sequence[int], names: Sequence[str] | None, *, least: float = 0.0
) -> Draft | None:
    """Return the table by the column that fits most images; None where none fits any.

    Without names, the first column will do. least: share of the images that it must fit.
    """
    if names is None:
        return _drafted(cells, places[0]) if places else None
    tried = names[:: max(1, len(names) // _TRIED)]
    best, most = -1, 0
    for place in places:
        draft = _drafted(cells, place)
        fits = _fits(draft[0], tried)
        if fits == 0 and len(tried) < len(names):
            fits = min(1, _fits(draft[0], names))
        if fits > most and fits >= least * len(tried):
            best, most = place, fits
        if most >= _PLAINLY * len(tried):
            return draft
        del draft  # a large table is held once
    return _drafted(cells, best) if best >= 0 else None


def _fits(table: LabelTable, names: Iterable[str]) -> int:
    return sum(table.match(name) is not None for name in names)


def _drafted(cells: Cells, at: int) -> Draft:
    """Return the table whose column `at` names the images, and names that it contradicts."""
    lower = [
        "" if place == at else plain_title(column) for place, column in enumerate(cells.columns)
    ]
    label = next((lower.index(name) for name in LABEL_COLUMNS if name in lower), -1)
    owner = lower.index("owner") if "owner" in lower else -1
    special = {at, label, owner}
    further = {p: c for p, c in enumerate(cells.columns) if c and p not in special}
    _check_titles([*further.values(), *(lower[p] for p in (label, owner) if p >= 0)], cells.what)
    whole = label >= 0 and all(
        _WHOLE.fullmatch(row[label]) for row in cells.rows if said_in(row, label)
    )
    titles = [further.get(place, "") for place in range(len(cells.columns))]
    by_place = LabelRows([], at, label, owner, titles, whole)
    places: dict[str, int] = {}
    clashes: list[str] = []
    for row in cells.rows:
        name = by_place.name_of(row)
        place = places.setdefault(name, len(places))
        if place == len(by_place.cells):
            by_place.cells.append(row)
        elif by_place.made(row) != by_place[place]:
            clashes.append(name)

    def same(one: int, other: int) -> bool:
        return replace(by_place[one], name="") == replace(by_place[other], name="")

    index = NameIndex(same)
    index.extend(places)
    attributes = tuple(further.values())
    return LabelTable(attributes, index, by_place, cells.what, cells.columns,
                      encoding=cells.encoding, named_by=cells.columns[at]), clashes  # fmt: skip


def _check_titles(titles: Sequence[str], what: str) -> None:
    seen: set[str] = set()
    for title in titles:
        same = title.lower() if title.lower() in ("label", "owner") else title
        if same in seen:
            raise SourceError(f"{what} has the column {same!r} twice; rename or remove one.")
        seen.add(same)
