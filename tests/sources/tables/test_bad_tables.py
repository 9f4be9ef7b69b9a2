"""Label tables that cannot be read: each gets one sentence that says what to do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gmv_core.errors import SourceError
from gmv_core.sources.tables import reading
from gmv_core.sources.tables.label_table import read_labels
from gmv_core.sources.tables.reading import names_in
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
    kind: str, read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1 << 20)
    where = tmp_path / "t.csv"
    if kind == "device":
        where.symlink_to("/dev/zero")
    elif kind == "pipe":
        piped(where, b"a.png,1\n" * (1 << 18))
    else:
        with where.open("wb") as file:
            file.truncate(1 << 40)
    with pytest.raises(SourceError, match=r"t.csv (is a device|has more than 1,048,576)") as told:
        read(where)
    check_sentence(told.value)


def test_a_table_may_come_through_a_pipe(tmp_path: Path) -> None:
    piped(tmp_path / "names", b"name,label\n" + b"a.png,1\n" * 30_000)
    assert len(names_in(tmp_path / "names")) == 30_000


def piped(where: Path, content: bytes) -> None:
    """Give a reader of `where` some bytes, as a shell does for `<(command)`."""
    os.mkfifo(where)

    def write() -> None:
        with suppress(BrokenPipeError):
            where.write_bytes(content)

    threading.Thread(target=write, daemon=True).start()
