"""A CSV finds its images, however the names in it are written, and nothing is left uncounted."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from gmv_core.sources.label_fit import tally
from gmv_core.sources.opening import open_source
from gmv_core.sources.tables.label_rows import with_row
from gmv_core.sources.tables.label_table import LabelTable, read_labels
from gmv_core.types import SourceImage

PICTURE = b"\x89PNG\r\n\x1a\n"


def found(table: LabelTable, name: str) -> str:
    row = table.find(name)
    return row.label if row else ""


def test_columns() -> None:
    table = read_labels(b"Name,LABEL,owner,year,Place\na.png,cat,Ada,1998,Oslo\nb.png,,,,\n")
    assert table.attributes == ("year", "Place")
    row = table.find("a.png")
    assert row is not None
    assert (row.label, row.owner) == ("cat", "Ada")
    assert row.attributes == {"year": "1998", "Place": "Oslo"}


@pytest.mark.parametrize("column", ["name", "file", "FileName", "file_name", "Path", "image"])
def test_names_may_stand_in_a_column_with_another_name(column: str) -> None:
    assert found(read_labels(f"label,{column}\ncat,a.png\n"), "a.png") == "cat"


def test_name_goes_before_its_aliases() -> None:
    table = read_labels("path,name\n/old/x.png,a.png\n")
    assert table.attributes == ("path",) and table.find("a.png") is not None


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_separators_and_encodings(separator: str, encoding: str, line_end: str) -> None:
    lines = [("name", "label", "note"), ("é.png", "Käse", "x, y; z" if separator == "\t" else "x")]
    text = "".join(separator.join(cells) + line_end for cells in lines)
    assert found(read_labels(text.encode(encoding)), "é.png") == "Käse"


def test_quotes_blank_lines_short_rows_and_an_index_column() -> None:
    table = read_labels('\n,name,label,note\n0,"a,1.png","two\nlines","x"\n\n1,b.png\n')
    assert found(table, "a,1.png") == "two\nlines"
    assert table.find("b.png") is not None
    assert table.attributes == ("note",)


def test_leading_zeros_and_spaces() -> None:
    assert found(read_labels("name,label\n a.png , 007\n"), "a.png") == "007"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("cat/1.png", "cat/1.png"),
        ("cat\\1.png", "cat/1.png"),
        ("./cat/1.png", "cat/1.png"),
        ("cat/1.png", "photos/cat/1.png"),
        ("1.png", "photos/cat/1.png"),
        ("photos/cat/1.png", "1.png"),
        ("1", "photos/cat/1.png"),
        ("1.jpg", "cat/1.png"),
    ],
)
def test_a_row_is_found_by_path_file_name_or_stem(written: str, name: str) -> None:
    assert found(read_labels(f"name,label\n{written},yes\nother.png,no\n"), name) == "yes"


def test_the_closest_match_goes_first_and_ambiguous_ones_are_none() -> None:
    table = read_labels(
        "name,label\ncat/1.png,cat\ndog/1.png,dog\n1.gif,gif\n2.png,two\n2.gif,ii\n"
    )
    assert found(table, "x/cat/1.png") == "cat"
    assert found(table, "dog/1.png") == "dog"
    assert found(table, "bird/1.png") == "", "two rows end in 1.png"
    assert found(table, "1.gif") == "gif"
    assert found(table, "2.jpeg") == "", "two rows have the stem 2"


def test_a_file_name_alone_never_crosses_folders() -> None:
    table = read_labels("name,label\nbear/00.png,bear\nbig/cat/01.png,cat\n")
    assert found(table, "cat/00.png") == ""
    assert found(table, "00.png") == found(table, "set/bear/00.png") == "bear"
    assert found(table, "cat/01.png") == "cat"
    assert found(table, "small/cat/01.png") == ""


def test_rows_that_say_the_same_twice_are_one() -> None:
    assert len(read_labels("name,label\na.png,cat\na.png,cat\n").by_place) == 1


def test_tally_counts_both_sides() -> None:
    table = read_labels("name,label\na.png,1\nb.png,2\ngone.png,3\nalso.png,4\n,5\n")
    told = tally(table, ["x/a.png", "b.png", "new.png"])
    assert (told.images_without_row, told.rows_without_image) == (1, 3)
    assert told.examples == ("gone.png", "also.png", "")


def test_a_cell_goes_before_the_folder_and_an_empty_one_does_not() -> None:
    table = read_labels("name,label,owner,year,place\na.png,dog,,2001,\n")
    image = SourceImage("cat/a.png", b"", "cat", "Ada", {"year": "1", "place": "Oslo"})
    told = with_row(image, table.find(image.name))
    assert (told.label, told.owner) == ("dog", "Ada")
    assert told.attributes == {"year": "2001", "place": "Oslo"}
    assert with_row(image, None) is image


def test_labels_beside_a_folder(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.png", "sub/labels.csv", "metadata.csv"):
        (tmp_path / name).write_bytes(PICTURE)
    source = open_source(tmp_path)
    assert source.labels_file == tmp_path / "metadata.csv"
    assert source.skipped == {"not an image": 1}, "only the one in sub"
    (tmp_path / "labels.csv").write_bytes(PICTURE)
    assert open_source(tmp_path).labels_file == tmp_path / "labels.csv"


@pytest.mark.parametrize("root", ["", "set/"])
def test_labels_beside_a_zip(tmp_path: Path, root: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(f"{root}cat/a.png", PICTURE)
        archive.writestr(f"{root}labels.csv", "name,label\na.png,dog\n")
        archive.writestr(f"{root}cat/labels.csv", "nothing")
    source = open_source(tmp_path / "x.zip")
    assert source.labels_file == b"name,label\na.png,dog\n"
    assert source.skipped == {"not an image": 1}


def test_no_labels_beside(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    assert open_source(tmp_path).labels_file is None
    assert open_source(tmp_path / "a.png").labels_file is None


def test_a_path_may_be_text(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("name,label\na.png,cat\n")
    assert found(read_labels(str(tmp_path / "x.csv")), "a.png") == "cat"
    assert found(read_labels(tmp_path / "x.csv"), "a.png") == "cat"
