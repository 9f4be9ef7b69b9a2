"""An image finds its row however its name is written on either side, and never another's."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import pytest

from gmv_core import Workspace, build
from gmv_core.errors import SourceError
from gmv_core.sources.label_fit import tally
from gmv_core.sources.labels import labels_for
from gmv_core.sources.opening import open_source
from gmv_core.sources.survey import survey
from gmv_core.sources.tables.label_table import read_labels
from gmv_core.types import Embedder
from tests.sources.conftest import folder, png


def found(table: str, image: str) -> str:
    row = read_labels(f"name,label\n{table},yes\nother.png,no\n").find(image)
    return row.label if row else ""


@pytest.mark.parametrize(
    ("written", "image"),
    [
        (
            normalize("NFC", "niño/été.png"),
            normalize("NFD", "niño/été.png"),
        ),
        (normalize("NFD", "ガ.png"), normalize("NFC", "ガ.png")),
        ("CAT/1.PNG", "cat/1.png"),
        ("cat/STRASSE.png", "cat/straße.png"),
        ("/home/ann/pictures/cat/1.png", "cat/1.png"),
        ("/home/ann/pictures/cat/1.png", "photos/cat/1.png"),
        ("C:\\data\\cat\\1.png", "cat/1.png"),
        ("D:\\cat\\1.png", "photos/cat/1.png"),
        ("https://host.org/a/cat/1.png?w=200&x=1", "cat/1.png"),
        ("cat/a%20b%5Fc.png", "cat/a b_c.png"),
        ("a b.png", "a%20b.png"),
        ("photo.jpg", "photo.jpg?w=200"),
        ("cat//./1.png", "cat/1.png"),
        ("scan_1.5", "scan_1.5.png"),
        ("1.webp", "1.png"),
    ],
)
def test_one_normaliser_for_both_sides(written: str, image: str) -> None:
    assert found(written, image) == "yes"


@pytest.mark.parametrize(
    ("written", "image"),
    [
        ("cat.1", "cat.png"),
        ("scan_1.5", "scan_1.jpg"),
        ("scan_1.jpg", "scan_1.5.jpg"),
        ("v1.2/1.png", "v1.3/1.png"),
        ("train/1.png", "test/1.png"),
        ("images/1.png", "masks/1.png"),
        ("/data/bear/1.png", "cat/1.png"),
        ("00001/1.png", "00002/1.png"),
        ("what?", "what"),
    ],
)
def test_no_row_of_another_image(written: str, image: str) -> None:
    assert found(written, image) == ""


def test_the_longest_tail_goes_first() -> None:
    table = read_labels("name,label\n1.png,a\ncat/1.png,b\nx/cat/1.png,c\n/far/y/cat/1.png,d\n")
    wanted = {"1.png": "a", "z/cat/1.png": "b", "w/x/cat/1.png": "c", "y/cat/1.png": "d",
              "dog/1.png": "a"}  # fmt: skip
    got = {name: (row.label if (row := table.find(name)) else "") for name in wanted}
    assert got == wanted


def test_a_mask_takes_no_row_of_its_image(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path, {"p0.jpg": png(0), "p0.png": png(1), "q.png": png(2)}))
    (tmp_path / "t.csv").write_text("name,label\np0.jpg,cat\nq.jpg,dog\n")
    labels = labels_for(source, tmp_path / "t.csv")
    assert labels is not None
    assert [labels.labelled(image).label for image in source.read()] == ["cat", "", "dog"]
    told = tally(labels, source.names or ())
    assert (told.images_without_row, told.by_stem, told.refused) == (1, 1, 1)
    said = survey(source, labels).warnings()
    assert "1 image takes the row of a file of the same name with another suffix." in said
    assert any(s.startswith("1 image without a row: the row of that name") for s in said)


def test_a_table_that_fits_no_image_is_an_error_with_a_name_of_each_side(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path, {"img_000.png": png(0), "img_001.png": png(1)}))
    (tmp_path / "t.csv").write_text("file,kind\nimg_0.png,cat\nimg_1.png,dog\n")
    with pytest.raises(SourceError) as caught:
        labels_for(source, tmp_path / "t.csv")
    for part in ("t.csv fits none", "'img_000.png'", "'img_0.png'", "(columns: file, kind)"):
        assert part in str(caught.value)


def test_folders_that_are_no_classes_are_seen_past_where_nothing_fits_else(tmp_path: Path) -> None:
    files = {f"images/{i}.png": png(i) for i in range(3)}
    source = open_source(folder(tmp_path / "x", files))
    (tmp_path / "t.csv").write_text(
        "path,label\n" + "".join(f"train/{i}.png,L{i}\n" for i in range(3))
    )
    labels = labels_for(source, tmp_path / "t.csv")
    assert labels is not None
    assert [labels.labelled(image).label for image in source.read()] == ["L0", "L1", "L2"]
    (tmp_path / "u.csv").write_text("path,label\nbear/0.png,L0\n")
    beside = open_source(folder(tmp_path / "y", {"cat/0.png": png(0)}))
    with pytest.raises(SourceError, match="fits none"):
        labels_for(beside, tmp_path / "u.csv")


def test_below_half_is_a_warning_with_the_count(
    tmp_path: Path, workspace: Workspace, embedder: Embedder
) -> None:
    source = open_source(folder(tmp_path / "x", {f"{i}.png": png(i) for i in range(5)}))
    (tmp_path / "t.csv").write_text("name,label\n0.png,cat\n1.png,dog\n")
    labels = labels_for(source, tmp_path / "t.csv")
    said = survey(source, labels)
    assert said.label_words() == "Labels come from t.csv: 2 of 5 images got one."
    assert (
        "The label table fits only 2 of 5 images; check that it gives the images' names as they "
        "are."
    ) in said.warnings()
    manifest = build(workspace, source, name="few", labels=labels, embedder=embedder)
    last = manifest.sources[-1]
    assert (last.labels_from, last.labelled, last.images) == ("t.csv", 2, 5)
    assert manifest.labels and manifest.labels.images_without_row == 3


def test_many_images_of_one_file_name_find_their_rows_all_the_same() -> None:
    """Above a few rows of one name these are looked up, not compared one by one."""
    rows = [f"/far/set/c{i}/images/0.jpg,C{i}" for i in range(50)]
    rows += [f"b{i}/images/0.jpg,B{i}" for i in range(50)]
    table = read_labels("name,label\n" + "\n".join(rows))
    wanted = {
        **{f"c{i}/images/0.jpg": f"C{i}" for i in range(50)},
        **{f"x/c{i}/images/0.jpg": f"C{i}" for i in range(50)},
        **{f"x/b{i}/images/0.png": f"B{i}" for i in range(50)},
        "d/images/0.jpg": "",
        "images/0.jpg": "",
    }
    got = {name: (row.label if (row := table.find(name)) else "") for name in wanted}
    assert got == wanted
