"""Tables as pandas, Excel, Kaggle, CelebA and others write them say what their authors meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gmv_core.errors import SourceError
from gmv_core.sources.labels import labels_for
from gmv_core.sources.opening import open_source
from gmv_core.sources.tables.cells import MAX_COLUMNS
from gmv_core.sources.tables.label_table import read_labels
from tests.sources.conftest import check_sentence, folder, png

NAMES = [f"img_{i:03d}.jpg" for i in range(6)]
PLAIN = "name,label\n" + "".join(f"{n},{'cat' if i % 2 else 'dog'}\n" for i, n in enumerate(NAMES))
CAT, DOG = "cat", "dog"


def lines(header: str, row: str) -> str:
    """row: with {n} the name, {s} the name without suffix, {c} the class, {i} the number."""
    said = (
        row.format(n=n, s=n[:-4], c=CAT if i % 2 else DOG, i=i) + "\n" for i, n in enumerate(NAMES)
    )
    return f"{header}\n" + "".join(said)


CLASSES = [[n, CAT if i % 2 else DOG] for i, n in enumerate(NAMES)]
TABLES: dict[str, str | bytes] = {
    "pandas, tab, unnamed index": lines("\tname\tlabel", "{i}\t{n}\t{c}"),
    "pandas, semicolon, unnamed index": lines(";name;label", "{i};{n};{c}"),
    "trailing separator": lines("name,label", "{n},{c},"),
    "trailing separators everywhere": lines("name,label,,", "{n},{c},,"),
    "Excel's sep=": lines("sep=;\r\nname;label", "{n};{c}"),
    "Excel's Unicode text": lines("name\tlabel", "{n}\t{c}").encode("utf-16"),
    "byte order mark and index": lines("\ufeff,name,label", "{i},{n},{c}"),
    "pipes": lines("name|label", "{n}|{c}"),
    "comments on top": lines("# exported 2024\n\n# by hand\nname,label", "{n},{c}"),
    "image_id": lines("image_id,label", "{n},{c}"),
    "id without suffix": lines("id,label", "{s},{c}"),
    "a column that ends in _id": lines("isic_id,label", "{s},{c}"),
    "image_path, class": lines("image_path,class", "{n},{c}"),
    "filepaths, labels": lines("filepaths,labels", "train/{n},{c}"),
    "filename, category": lines("filename,category", "{n},{c}"),
    "name is a title": lines("filename,name,label", "{n},Rex the {c},{c}"),
    "name is a unique title": lines("name,filename,label", "Portrait no. {i},{n},{c}"),
    "a column of any title": lines("photo,label", "{n},{c}"),
    "index beside the names": lines("id,file,label", "{i},{n},{c}"),
    "no header": lines("", "{n},{c}").lstrip(),
    "a title above the header": lines("My pictures of 2024,\n\nname,label", "{n},{c}"),
    "a title in one cell": lines("My pictures\nname;label", "{n};{c}"),
    "a quoted title with commas": lines('name;label;"light, place, time"', '{n};{c};"a, b"'),
    "titles with blanks": lines("File Name,Class Name", "{n},{c}"),
    "titles with hyphens": lines("image-id,label", "{s},{c}"),
    "UTF-16 without a mark": lines("name,label", "{n},{c}").encode("utf-16-le"),
    "UTF-16 of the other order": lines("name,label", "{n},{c}").encode("utf-16-be"),
    "UTF-32": lines("name,label", "{n},{c}").encode("utf-32"),
    "ImageNet's list": lines("", "{n} {c}").lstrip(),
    "a list with folders of another machine": lines("", "/data/x/{n} {c}").lstrip(),
    "JSON lines": "".join(
        json.dumps({"file_name": n, "label": CAT if i % 2 else DOG}) + "\n"
        for i, n in enumerate(NAMES)
    ),
    "StyleGAN's JSON": json.dumps(
        {"labels": [[n, CAT if i % 2 else DOG] for i, n in enumerate(NAMES)]}
    ),
    "JSON, name: label": json.dumps({n: c for n, c in CLASSES}),
    "JSON, stem: label": json.dumps({n[:-4]: c for n, c in CLASSES}),
    "JSON, label: names": json.dumps({DOG: NAMES[::2], CAT: NAMES[1::2]}),
    "JSON, pairs": json.dumps(CLASSES),
    "JSON, one list under a key": json.dumps(
        {"version": 1, "data": [{"file_name": n, "label": c} for n, c in CLASSES]}
    ),
    "pandas' to_json": json.dumps(
        {"filename": dict(enumerate(NAMES)), "class": dict(enumerate(c for _, c in CLASSES))}
    ),
    "pandas' to_json, split": json.dumps(
        {"columns": ["filename", "class"], "index": [0, 1], "data": CLASSES}
    ),
    "JSON, a list a column": json.dumps({"filename": NAMES, "class": [c for _, c in CLASSES]}),
    "FiftyOne's JSON": json.dumps(
        {"classes": [DOG, CAT], "labels": {n[:-4]: i % 2 for i, n in enumerate(NAMES)}}
    ),
    "COCO's JSON": json.dumps(
        {
            "images": [{"id": 7 + i, "file_name": n, "width": 9} for i, n in enumerate(NAMES)],
            "annotations": [{"id": i, "image_id": 7 + i, "category_id": i % 2} for i in range(6)],
            "categories": [{"id": 0, "name": DOG}, {"id": 1, "name": CAT}],
        }
    ),
    "JSON by name": json.dumps({n: {"class": CAT if i % 2 else DOG} for i, n in enumerate(NAMES)}),
}


@pytest.mark.parametrize("case", TABLES)
def test_every_image_gets_its_label(case: str) -> None:
    content = TABLES[case]
    table = read_labels(content if isinstance(content, bytes) else content.encode(), NAMES)
    rows = [table.find(name) for name in NAMES]
    assert [row and row.label for row in rows] == [CAT if i % 2 else DOG for i in range(6)]


def test_a_guessed_column_of_names_is_said(tmp_path: Path) -> None:
    where = folder(tmp_path, {f"{i}.png": png(i) for i in range(30, 33)})
    (where / "labels.csv").write_text("person,age,label\nAda,30,x\nBen,31,y\nCy,99,z\n")
    labels = labels_for(open_source(where))
    assert labels is not None
    assert labels.notes[0].startswith("No column of labels.csv is called as one of names; 'age'")
    (where / "labels.csv").write_text("photo,label\n30.png,x\n31.png,y\n")
    assert labels_for(open_source(where)).notes == ()  # type: ignore[union-attr]


@pytest.mark.parametrize("rest", ["1.png,b\n2.png,c\n", '1.png,b\n2.png,"c"\n', "1.png,b\r\n"])
def test_a_quotation_mark_that_is_not_closed_takes_no_rows(rest: str) -> None:
    with pytest.raises(SourceError, match=r"not closed, in the row of '0\.png'"):
        read_labels(f'name,label\n0.png,"a\n{rest}')


def test_sloppy_quotation_marks_are_read_as_far_as_they_lose_no_row() -> None:
    rows = read_labels('name,label\n0.png,"the "best" cat"\n1.png,5" tall\n2.png,"two\nlines"x\n'
                       .replace("two\n", "two ")).by_place  # fmt: skip
    assert [row.label for row in rows] == ['the best" cat"', '5" tall', "two linesx"]


def test_celebas_list_of_attributes() -> None:
    text = f"{len(NAMES)}\nSmiling Male\n" + "".join(f"{n}  1 -1\n" for n in NAMES)
    table = read_labels(text.encode(), NAMES)
    assert table.attributes == ("Smiling", "Male")
    row = table.find(NAMES[3])
    assert row is not None and row.attributes == {"Smiling": "1", "Male": "-1"}


def test_celebas_list_of_boxes() -> None:
    text = f"{len(NAMES)}\nimage_id x_1 y_1\n" + "".join(f"{n}    95  71\n" for n in NAMES)
    table = read_labels(text.encode(), NAMES)
    assert table.attributes == ("x_1", "y_1") and table.find(NAMES[5]) is not None


def test_a_list_of_numbers_and_paths_is_of_the_paths() -> None:
    names = ["a/1.jpg", "b/2.jpg", "c/3.jpg"]
    table = read_labels("3 a/1.jpg\n2 b/2.jpg\n1 c/3.jpg\n", names)
    assert [row and row.name for row in map(table.find, names)] == names


def test_a_list_of_names_with_blanks_stays_one_of_names() -> None:
    names = ["my 1.jpg", "my 2.jpg", "1.jpg"]
    table = read_labels("my 1.jpg\nmy 2.jpg\n", names)
    assert [row and row.name for row in map(table.find, names)] == ["my 1.jpg", "my 2.jpg", None]
    table = read_labels("my 1.jpg 7\nmy 2.jpg 8\n", names)
    assert [row and row.label for row in map(table.find, names)] == ["7", "8", None]


@pytest.mark.parametrize(
    "content",
    [
        '{"columns": [0, 1], "index": [0], "data": [["img_000.jpg", "dog"]]}',
        '{"columns": [null, "class"], "data": [["img_000.jpg", "dog"]]}',
        '[{"photo": "img_000.jpg"}, {"photo": ""}]', '[{"photo": "img_000.jpg"}, {}]',
    ],
)  # fmt: skip
def test_json_without_titles_or_cells_finds_its_images(content: str) -> None:
    assert read_labels(content.encode(), NAMES[:1]).find(NAMES[0]) is not None


def test_json_of_an_empty_object_is_a_sentence() -> None:
    with pytest.raises(SourceError) as caught:
        read_labels(b"[{}]", NAMES)
    check_sentence(caught.value)


def test_a_row_whose_label_is_called_as_a_column_of_names_is_no_header() -> None:
    table = read_labels(
        ",photo,label\n" + "".join(f"{i},{n},image\n" for i, n in enumerate(NAMES)), NAMES
    )
    assert [row.label for row in table.by_place] == ["image"] * 6
    assert table.find(NAMES[0]) is not None


def test_an_image_with_objects_of_several_classes_has_no_label() -> None:
    document = {
        "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
        "annotations": [
            {"image_id": 1, "category_id": 5},
            {"image_id": 1, "category_id": 6},
            {"image_id": 1, "category_id": 5},
        ],
        "categories": [{"id": 5, "name": "cat"}, {"id": 6, "name": "dog"}],
    }
    one, other = read_labels(json.dumps(document).encode()).by_place
    assert (one.name, one.label, one.attributes) == ("a.png", "", {"categories": "cat, dog"})
    assert (other.name, other.label, other.attributes) == ("b.png", "", {})


@pytest.mark.parametrize(
    "content",
    [
        '{"images": 3, "annotations": {}}', '{"images": [1], "annotations": []}',
        '{"columns": ["name"], "data": [["a", "b"]]}', '{"name": ["a"], "label": ["x", "y"]}',
        "[[1, 2, 3]]", '{"labels": [1]}', "[1]",
        '{"images": [], "annotations": [{"image_id": []}]}',
        '{"images": [], "annotations": [], "categories": [{}]}',
    ],
)  # fmt: skip
def test_json_that_only_looks_like_a_known_form_is_a_sentence(content: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_labels(content.encode())
    check_sentence(caught.value)


def test_whole_numbers_stay_whole_and_others_do_not() -> None:
    whole = read_labels("name,label\na.png,0.0\nb.png,\nc.png,12.0\n")
    assert [row.label for row in whole.by_place] == ["0", "", "12"]
    joined = read_labels("name,label\na.png,1\nb.png,2.0\nc.png,1.0\nd.png,007\n")
    assert [row.label for row in joined.by_place] == ["1", "2", "1", "007"]
    mixed = read_labels("name,label\na.png,1.0\nb.png,1.5\n")
    assert [row.label for row in mixed.by_place] == ["1.0", "1.5"]


def test_what_pandas_writes_for_nothing_says_nothing() -> None:
    row = read_labels("name,label,owner,hat,size\na.png,NaN,nan,<NA>,#N/A\n").by_place[0]
    assert (row.label, row.owner, row.attributes) == ("", "", {})


def test_a_table_that_fits_by_no_column_says_which_it_saw(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path / "x", {"1.png": png(1)}))
    (tmp_path / "t.csv").write_text("weight,title\n70,x\n")
    with pytest.raises(SourceError, match=r"\(columns: weight, title\)"):
        labels_for(source, tmp_path / "t.csv")


@pytest.mark.parametrize("content", ["isic_id,age\nISIC_7,45\n", "a\0b", "", "age,y\n1,90\n4,80\n"])
def test_a_stray_table_beside_the_images_never_refuses_them(tmp_path: Path, content: str) -> None:
    images = {f"{i}.png": png(i) for i in (1, 2, 3)}
    source = open_source(folder(tmp_path, {**images, "metadata.csv": content.encode()}))
    labels = labels_for(source)
    assert labels is not None and not labels.parts and labels.digest == ""
    assert labels.notes[0].startswith("metadata.csv was not used: ")


def test_columns_are_capped_and_many_are_quick() -> None:
    wide = ",".join(["name", *(f"c{i}" for i in range(MAX_COLUMNS))])
    with pytest.raises(SourceError, match=f"{MAX_COLUMNS + 1:,} columns, more than the limit"):
        read_labels(f"{wide}\na.png\n")
    objects = [{"name": f"{i}.png", f"c{i}": 1} for i in range(MAX_COLUMNS)]
    with pytest.raises(SourceError, match="more than the limit"):
        read_labels(json.dumps(objects).encode())
