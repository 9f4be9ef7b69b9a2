"""What a row of a label table says of an image, made when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gmv_core.types import SourceImage

_EMPTY = frozenset(
    ["nan", "NaN", "<NA>", "NULL", "N/A", "n/a", "#N/A"]  # as pandas, databases and Excel write it
)


@dataclass(frozen=True)
class LabelRow:
    """What one row says of an image."""

    name: str
    label: str
    owner: str
    attributes: Mapping[str, str]


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


@dataclass(frozen=True)
class LabelRows(Sequence[LabelRow]):
    """Rows of cells as what they say, which is made when it is asked for.

    at, label, owner: places of these columns, −1 for none; titles: of all further ones, else "".
    whole: labels are whole numbers, whatever follows their point.
    """

    cells: list[tuple[str, ...]]
    at: int
    label: int
    owner: int
    titles: Sequence[str]
    whole: bool

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, place: int) -> LabelRow:  # type: ignore[override]  # no slices
        return self.made(self.cells[place])

    def name_of(self, row: Sequence[str]) -> str:
        name = row[self.at] if self.at < len(row) else ""
        return name.replace("\\", "/").removeprefix("./")

    def made(self, row: Sequence[str]) -> LabelRow:
        said = said_in(row, self.label)
        return LabelRow(
            self.name_of(row),
            said.partition(".")[0] if self.whole else said,
            said_in(row, self.owner),
            {
                title: cell
                for title, cell in zip(self.titles, row, strict=False)
                if title and cell and cell not in _EMPTY
            },
        )


def said_in(cells: Sequence[str], place: int) -> str:
    """Return what a row says in a column, "" for nothing. place: of the column, −1 for none."""
    text = cells[place] if 0 <= place < len(cells) else ""
    return "" if text in _EMPTY else text
