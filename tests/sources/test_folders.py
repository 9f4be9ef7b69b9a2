"""What folders are taken for: classes, splits, storage; and which splits are read."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import md5
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmv_core.errors import SourceError
from gmv_core.sources.folders import Folders
from gmv_core.sources.opening import open_source
from gmv_core.sources.survey import survey
from tests.sources.conftest import folder, idx, png, tarred, zipped


def said(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    names = list(names)
    folders = Folders(names)
    return {name: ((m := folders.meaning(name)).label, m.split) for name in names}


def hashed(i: int) -> str:
    name = md5(str(i).encode(), usedforsecurity=False).hexdigest()
    return f"{name[0]}/{name[:2]}/{name}.jpg"


@pytest.mark.parametrize(
    ("names", "meaning"),
    [
        (["cat/1.png", "dog/1.png"], [("cat", ""), ("dog", "")]),
        (["0/1.png", "1/1.png"], [("0", ""), ("1", "")]),
        (["2019/1.png", "2020/1.png"], [("2019", ""), ("2020", "")]),
        (["00000/1.png", "00001/2.png"], [("", "")] * 2),
        (["part-000001/1.png", "shard_3/2.png", "batch 7/3.png"], [("", "")] * 3),
        (["2024-05-01/1.png"], [("", "")]),
        (["2024_05_01/1.png", "2024.05.02/1.png"], [("", "")] * 2),
        (["2024/05/31/1.png", "2024/06/1.png"], [("", "")] * 2),
        (["cat/2024/05/1.png", "dog/2024/05/31/1.png"], [("cat", ""), ("dog", "")]),
        (["05/1.png", "12/1.png"], [("05", ""), ("12", "")]),
        (["2024/13/1.png", "2024/00/1.png"], [("13", ""), ("00", "")]),
        (["images/1.png", "img/1.png", "data/1.png"], [("", "")] * 3),
        ([hashed(1), hashed(2)], [("", "")] * 2),
        (["a/cat.png", "b/dog.png"], [("a", ""), ("b", "")]),
        (["train/1.png", "val/1.png"], [("", "train"), ("", "val")]),
        (["Training/cat/1.png", "Testing/cat/1.png"], [("cat", "train"), ("cat", "test")]),
        (["train2017/1.png", "val2017/1.png"], [("", "train"), ("", "val")]),
        (["train_images/1.png", "test_images/1.png"], [("", "train"), ("", "test")]),
        (["training_set/training_set/cat/1.png", "test_set/test_set/cat/1.png"],
         [("cat", "train"), ("cat", "test")]),
        (["trainer/1.png", "tests/1.png", "validity/1.png", "train2/1.png"],
         [("trainer", ""), ("tests", ""), ("validity", ""), ("train2", "")]),
        (["bus/1.png", "train_images/1.png"], [("bus", ""), ("train_images", "")]),
        (["images/train/1.png", "images/val/1.png"], [("", "train"), ("", "val")]),
        (["train/n01/images/1.png", "train/n02/images/1.png"],
         [("n01", "train"), ("n02", "train")]),
        (["train/1.png", "bus/1.png", "car/1.png"], [("train", ""), ("bus", ""), ("car", "")]),
        (["photos/1.png", "photos/2.png"], [("photos", "")] * 2),
        (["set/00000/1.png", "set/00001/2.png"], [("", "")] * 2),
        (["cat/00000/1.png", "dog/00000/1.png"], [("cat", ""), ("dog", "")]),
    ],
)  # fmt: skip
def test_what_folders_are_taken_for(names: list[str], meaning: list[tuple[str, str]]) -> None:
    assert list(said(names).values()) == meaning


FILES = {
    **{f"train/{c}/{i}.png": png(i) for c in ("cat", "dog") for i in range(3)},
    **{f"val/cat/{i}.png": png(10 + i) for i in range(2)},
    "test/dog/9.png": png(20),
}


@pytest.mark.parametrize("pack", ["folder", "zip"])
@pytest.mark.parametrize(
    ("split", "count", "splits"),
    [("", 6, {"train"}), ("all", 9, {"train", "val", "test"}), ("val,test", 3, {"val", "test"}),
     ("validation", 2, {"val"})],
)  # fmt: skip
def test_the_training_split_is_read_and_others_where_they_are_wanted(
    tmp_path: Path, pack: str, split: str, count: int, splits: set[str]
) -> None:
    place = folder(tmp_path / "x", FILES) if pack == "folder" else zipped(tmp_path / "x.zip", FILES)
    source = open_source(place, split=split)
    images = list(source.read())
    assert source.total == len(images) == count
    assert {image.attributes["split"] for image in images} == splits
    assert {image.label for image in images} <= {"cat", "dog"}
    assert source.skipped.get("image of another split", 0) == 9 - count
    assert source.choices.splits == {"train": 6, "val": 2, "test": 1}
    if not split:
        assert source.notes == (
            "Only the split train is read; set aside: test (1 image), val (2 images).",
        )


def test_a_split_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"split 'extra' \(there is: test, train, val\)"):
        open_source(folder(tmp_path, FILES), split="extra")


def test_a_small_folder_of_a_splits_name_sets_nothing_aside(tmp_path: Path) -> None:
    files = {**{f"{i}.png": png(i) for i in range(9)}, "more/train/9.png": png(9)}
    assert open_source(folder(tmp_path, files)).total == 10


def test_the_screen_says_when_no_folder_is_trusted(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path, {f"{i // 2:05d}/{i}.png": png(i) for i in range(4)}))
    found = survey(source)
    assert found.labels == {} and found.label_words() == "No image got a label."
    (note,) = found.notes
    assert note.startswith("No label is taken from folders such as 00000")


def shard(path: Path, start: int, count: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"image": [png(start + i) for i in range(count)]}), path)
    return path


def test_shards_of_splits_have_names_of_their_own(tmp_path: Path) -> None:
    shard(tmp_path / "default" / "train" / "0000.parquet", 0)
    shard(tmp_path / "default" / "test" / "0000.parquet", 50)
    trained = open_source(tmp_path)
    names = [image.name for image in trained.read()]
    assert names == [f"train/0000/{i:06d}" for i in range(4)]
    assert trained.notes == ("Only the split train is read; set aside: test (1 file).",)
    images = list(open_source(tmp_path, split="all").read())
    assert len({image.name for image in images}) == len(images) == 8
    assert {image.name for image in images} > set(names), "the same names, whatever is read"
    assert [i.attributes["split"] for i in images] == ["test"] * 4 + ["train"] * 4
    alone = open_source(tmp_path / "default" / "train")
    assert [image.name for image in alone.read()] == [f"0000/{i:06d}" for i in range(4)]


def test_tars_of_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        tarred(tmp_path / split / "0.tar", {"a.png": png(len(split))})
    assert [i.name for i in open_source(tmp_path).read()] == ["a.png"]
    both = list(open_source(tmp_path, split="all").read())
    assert [(i.name, i.attributes["split"]) for i in both] == [
        ("test/0/a.png", "test"), ("train/0/a.png", "train"),
    ]  # fmt: skip


def more(root: Path, kind: str) -> str:
    """Put 30 images of a kind below `root`; return what the kind is called."""
    pictures = {f"{i}.png": png(i) for i in range(30)}
    (root / "data").mkdir()
    if kind == "parquet":
        shard(root / "data" / "train-0.parquet", 0, 30)
    elif kind == "idx":
        values = idx(np.zeros((30, 4, 4), np.uint8))
        (root / "data" / "train-images-idx3-ubyte").write_bytes(values)
    elif kind == "npz":
        np.savez(root / "data" / "x.npz", images=np.zeros((30, 4, 4), np.uint8))
    else:
        {"tar": tarred, "zip": zipped}[kind](root / "data" / f"x.{kind}", pictures)
    return kind


@pytest.mark.parametrize("kind", ["parquet", "tar", "zip", "idx", "npz"])
def test_one_stray_picture_does_not_decide_the_source(tmp_path: Path, kind: str) -> None:
    folder(tmp_path, {"cover.png": png(99), "README.md": b"x"})
    more(tmp_path, kind)
    source = open_source(tmp_path)
    assert source.kind == kind and len(list(source.read())) == 30
    assert source.notes[0].startswith("This folder can be read in 2 ways: as images in ")
    assert next(iter(source.choices.readings)) == kind and "folder" in source.choices.readings
    alone = open_source(tmp_path, reading="folder")
    assert [image.name for image in alone.read()] == ["cover.png"]
    assert open_source(tmp_path, reading=kind).kind == kind


def test_one_stray_archive_does_not_decide_either(tmp_path: Path) -> None:
    folder(tmp_path, {f"cat/{i}.png": png(i) for i in range(40)})
    more(tmp_path, "tar")
    assert open_source(tmp_path).total == 40
    with pytest.raises(SourceError, match="cannot be read as parquet"):
        open_source(tmp_path, reading="parquet")
    with pytest.raises(SourceError, match="cannot be read as 'csv'"):
        open_source(tmp_path, reading="csv")


def test_system_folders_are_hidden(tmp_path: Path) -> None:
    hidden = ["@eaDir", "#recycle", "$RECYCLE.BIN", ".Trash-1000", "System Volume Information"]
    files = {f"cat/{name}/x.png": png(1) for name in hidden}
    source = open_source(folder(tmp_path, {**files, "cat/a.png": png(2)}))
    assert source.names == ["cat/a.png"] and source.skipped == {"hidden": 5}


def test_a_split_that_is_not_there_is_said_though_there_is_no_other(tmp_path: Path) -> None:
    where = folder(tmp_path, {"cat/0.png": png(0), "dog/1.png": png(1)})
    with pytest.raises(SourceError, match=r"of the split 'train' \(there is: none\)"):
        open_source(where, split="train")
    assert open_source(where, split="all").total == 2
    (tmp_path / "only").mkdir()
    folder(tmp_path / "only", {"train/cat/0.png": png(0)})
    assert open_source(tmp_path / "only", split="train").total == 1
