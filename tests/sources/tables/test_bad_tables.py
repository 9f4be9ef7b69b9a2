"""Label tables that cannot be read: each gets one sentence that says what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core.errors import SourceError
from gmv_core.sources.tables.label_table import read_labels
from gmv_core.sources.tables.reading import MAX_BYTES, names_in
from tests.sources.conftest import check_sentence

TABLES: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "is empty", "give a CSV with a header"),
    "blank": (b"\xef\xbb\xbf \r\n\n", "is empty", "give a CSV with a header"),
    "header only": (b"name,label\n", "header but no rows", "add one row for each image"),
    "no header": (b"a.png,cat\nb.png,dog\n", "(columns: a.png, cat)", "call it name"),
    "other columns": (b"weight;title\n1;x\n", "(columns: weight, title)", "call it name"),
    "spreadsheet": (b"PK\x03\x04xl/workbook.xml", "is a spreadsheet", "save it as CSV"),
    "old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1", "is a spreadsheet", "save it as CSV"),
    "binary": (b"name,label\n\0\1\2", "is a binary file", "save the table as CSV"),
    "too many cells": (
        b"name,label\na.png,cat\nb.png,cat, dog\n", "3 cells in row 3 but 2 columns", '"quotes"'
    ),
    "contradiction": (
        b"name,label\na.png,cat\nb.png,x\na.png,dog\n",
        "two different things of 1 names (the first is 'a.png')",
        "keep one row for each image",
    ),
    "column twice": (b"name,label,Label\na,b,c\n", "column 'label' twice", "rename or remove one"),
    "endless cell": (
        b'name,label\na.png,"' + b"x" * 200_000 + b"\n", "broken near line", "save it as CSV again"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_a_table_that_cannot_be_read(case: str) -> None:
    content, what, advice = TABLES[case]
    with pytest.raises(SourceError) as caught:
        read_labels(content)
    check_sentence(caught.value)
    assert what in str(caught.value) and advice in str(caught.value), str(caught.value)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone.csv cannot be read .*; check the path") as caught:
        read_labels(tmp_path / "gone.csv")
    check_sentence(caught.value)


@pytest.mark.parametrize("kind", ["device", "pipe", "sparse"])
@pytest.mark.parametrize("read", [read_labels, names_in])
def test_what_has_no_end_is_not_read(
    kind: str, read: Callable[[Path], object], tmp_path: Path
) -> None:
    where = tmp_path / "t.csv"
    if kind == "device":
        where.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(where)
    else:
        with where.open("wb") as file:
            file.truncate(MAX_BYTES + 1)
    with pytest.raises(SourceError, match=r"t.csv (is a device or a pipe|has 536,870,913)") as told:
        read(where)
    check_sentence(told.value)
