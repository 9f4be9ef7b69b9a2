"""Picking rows of a table, and its bytes as CSV and Parquet."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from gmv_core import SettingsError
from gmv_core.results.selection import as_csv, as_parquet, places, select

TABLE = pd.DataFrame(
    {
        "training": ["a/Cat.png", "b/dog.png", "b/(1).png", "c.png"],
        "value": [0.1, 1 / 3, 0.1, 0.0],
        "label": ["cat", "dog", None, ""],
        "owner": ["Ada", "", "ada", "Ben"],
        "standing": ["contributor"] * 3 + ["never a candidate"],
    }
)


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({}, [0, 1, 2, 3]),
        ({"search": " cat "}, [0]),
        ({"search": "ADA"}, [0, 2]),
        ({"search": "(1)"}, [2]),
        ({"search": "zebra"}, []),
        ({"standing": ["never a candidate"]}, [3]),
        ({"standing": ["contributor"], "search": "b/"}, [1, 2]),
        ({"sort": "value"}, [1, 0, 2, 3]),
        ({"sort": "value", "descending": False}, [3, 0, 2, 1]),
    ],
)
def test_rows_that_are_asked_for(asked: dict[str, str], rows: list[int]) -> None:
    before = TABLE.copy()
    assert select(TABLE, **asked).index.tolist() == rows
    pd.testing.assert_frame_equal(TABLE, before)


def test_places_are_those_of_the_rows_that_are_asked_for() -> None:
    for table in (TABLE, TABLE.iloc[[2, 0, 3, 1]], TABLE.iloc[:0]):
        found = places(table, search="a", sort="value", descending=True)
        assert found.dtype == np.int64
        pd.testing.assert_frame_equal(
            table.iloc[found], select(table, search="a", sort="value", descending=True)
        )
    assert places(TABLE, sort="training", descending=False).tolist() == [0, 2, 1, 3]


def test_an_unknown_column_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match="'price'"):
        select(TABLE, sort="price")


def test_downloads_are_in_full_precision() -> None:
    csv, parquet = io.BytesIO(as_csv(TABLE)), io.BytesIO(as_parquet(TABLE))
    for table in (pd.read_csv(csv), pd.read_parquet(parquet)):
        assert table["value"].tolist() == pytest.approx(TABLE["value"].tolist(), abs=1e-15)
        assert table["training"].tolist() == TABLE["training"].tolist()
