"""Pick rows of a table of training images, as a screen or a notebook asks for them."""

from __future__ import annotations

import io
from collections.abc import Collection

import pandas as pd

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


def as_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8, numbers in full precision."""
    text: str = table.to_csv(index=False)
    return text.encode()


def as_parquet(table: pd.DataFrame) -> bytes:
    """Return a table as Parquet."""
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()
