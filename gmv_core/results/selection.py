"""Pick rows of a table of training images, as a screen or a notebook asks for them."""

from __future__ import annotations

import io
from collections.abc import Collection

import pandas as pd
from pandas.api.types import is_numeric_dtype

from gmv_core.errors import unknown_choice

FOUND_IN = ("training", "label", "owner")


def select(
    table: pd.DataFrame,
    *,
    search: str = "",
    standing: Collection[str] = (),
    sort: str = "",
    descending: bool = True,
) -> pd.DataFrame:
    """Return the rows that are asked for, equal ones in the order of the table.

    search: part of a name, label or owner, in any case. standing: of these only ("": of any).
    sort: a column, "": as they are. Raises SettingsError for a column that the table has not.
    """
    if sort and sort not in table.columns:
        raise unknown_choice("column to sort by", sort, list(table.columns))
    if standing:
        table = table[table["standing"].isin(list(standing))]
    words = search.strip()
    if words:
        found = pd.Series(False, index=table.index)
        for column in FOUND_IN:
            found |= table[column].str.contains(words, case=False, regex=False, na=False)
        table = table[found]
    if sort:
        table = table.sort_values(sort, ascending=not descending, kind="stable")
    return table


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def for_spreadsheets(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which no text is a formula: an apostrophe before =, +, -, @ and tabs.

    And before the apostrophes that such a text has already, so that `as_text` gives it back. A
    spreadsheet computes what begins so, wherever it came from, and may send it away.
    """
    texts = [column for column in table if not is_numeric_dtype(table[column])]
    return table.assign(**{column: table[column].map(_no_formula) for column in texts})


def _no_formula(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell


def _is_formula(text: str) -> bool:
    return text.lstrip("'").startswith(_FORMULA)


def as_text(cell: str) -> str:
    """Return a text as it was before `for_spreadsheets`."""
    return cell[1:] if cell[:1] == "'" and _is_formula(cell) else cell


def as_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8 for a spreadsheet, numbers in full precision."""
    text: str = for_spreadsheets(table).to_csv(index=False)
    return text.encode()


def as_parquet(table: pd.DataFrame) -> bytes:
    """Return a table as Parquet."""
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()
