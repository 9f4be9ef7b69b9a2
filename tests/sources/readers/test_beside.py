"""Files beside images say what they are of, in folders, zips and tars alike."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gmv_core.sources.label_fit import reading_words
from gmv_core.sources.labels import labels_for
from gmv_core.sources.opening import open_source
from gmv_core.sources.readers.files import open_uploads
from gmv_core.sources.source import Source
from gmv_core.types import SourceImage
from tests.sources.conftest import folder, png, tarred, zipped

Pack = Callable[[Path, Mapping[str, bytes]], Path]
PACKS = {
    "folder": lambda root, files: folder(root / "x", files),
    "zip": lambda root, files: zipped(root / "x.zip", files),
    "tar": lambda root, files: tarred(root / "x.tar", files),
    "tar.gz": lambda root, files: tarred(root / "x.tar.gz", files, "w:gz"),
}


@pytest.fixture(params=PACKS)
def pack(request: pytest.FixtureRequest) -> Pack:
    return PACKS[request.param]


def labelled(source: Source) -> dict[str, SourceImage]:
    labels = labels_for(source)
    images = list(source.read())
    assert list(source.read(1)) == images[1:], "from anywhere the same"
    return {i.name: labels.labelled(i) if labels else i for i in images}


def test_side_files(tmp_path: Path, pack: Pack) -> None:
    files = {
        "00000/1.jpg": png(1),
        "00000/1.json": json.dumps({"label": "cat", "owner": "Ada", "tags": ["x"]}).encode(),
        "00000/1.txt": b"a cat,\nasleep",
        "00000/2.CLS": b"7\n",
        "00000/2.jpg": png(2),
        "00000/3.input.jpg": png(3),
        "00000/3.cls": b"dog",
        "00000/4.jpg": png(4),
        "00000/4.txt": b"0 .5 .5 1 1",
        "00000/5.a.jpg": png(5),
        "00000/5.a.json": b'{"label": "five a"}',
        "00000/5.b.jpg": png(6),
        "00000/6.jpg": png(7),
        "00000/6.json": b"[1]",
        "00000/notes.txt": b"nobody's",
    }
    source = open_source(pack(tmp_path, files))
    images = labelled(source)
    told = {name.removeprefix("00000/"): image.label for name, image in images.items()}
    assert told == {
        "1.jpg": "cat", "2.jpg": "7", "3.input.jpg": "dog", "4.jpg": "", "5.a.jpg": "five a",
        "5.b.jpg": "", "6.jpg": "",
    }  # fmt: skip
    first = images["00000/1.jpg"]
    assert first.owner == "Ada"
    assert first.attributes == {"tags": '["x"]', "caption": "a cat, asleep"}
    assert images["00000/4.jpg"].attributes == {}, "boxes are no caption"
    list(source.read())
    assert dict(source.skipped) == {"not an image": 1, "unreadable .json file": 1}


def test_stylegans_dataset_json(tmp_path: Path, pack: Pack) -> None:
    names = [f"{i // 2:05d}/img{i:08d}.png" for i in range(6)]
    table = json.dumps({"labels": [[name, i % 3] for i, name in enumerate(names)]}).encode()
    files = {**{name: png(i) for i, name in enumerate(names)}, "dataset.json": table}
    assert [i.label for i in labelled(open_source(pack(tmp_path, files))).values()] == [
        "0", "1", "2", "0", "1", "2",
    ]  # fmt: skip


def test_hugging_face_metadata_in_the_folders_of_splits(tmp_path: Path, pack: Pack) -> None:
    rows = {"train": "ab", "test": "xy"}
    files = {
        **{f"{split}/{i}.png": png(i) for split in rows for i in range(2)},
        "train/metadata.csv": b"file_name,label\n0.png,a\n1.png,b\n",
        "test/metadata.jsonl": b'{"file_name": "0.png", "label": "x"}\n'
        b'{"file_name": "1.png", "label": "y"}\n',
    }
    path = pack(tmp_path, files)
    told = {name: image.label for name, image in labelled(open_source(path, split="all")).items()}
    wanted = {f"{split}/{i}.png": labels[i] for split, labels in rows.items() for i in range(2)}
    assert told == wanted
    if path.suffix in ("", ".zip"):
        trained = labelled(open_source(path))
        assert {n: i.label for n, i in trained.items()} == {"train/0.png": "a", "train/1.png": "b"}


def test_a_table_in_the_archive(tmp_path: Path, pack: Pack) -> None:
    files = {
        "a/1.png": png(1),
        "a/2.png": png(2),
        "labels.csv": b"name,label\n1.png,cat\n2.png,dog",
    }
    source = open_source(pack(tmp_path, files))
    assert [i.label for i in labelled(source).values()] == ["cat", "dog"]
    assert dict(source.skipped) == {}


def test_captions_and_a_table_both_speak(tmp_path: Path) -> None:
    files = {"1.png": png(1), "1.txt": b"a cat", "labels.csv": b"name,label\n1.png,cat\n"}
    (image,) = labelled(open_source(folder(tmp_path, files))).values()
    assert (image.label, image.attributes) == ("cat", {"caption": "a cat"})


def test_a_json_of_the_folders_name(tmp_path: Path) -> None:
    files = {f"part-00000{p}/{i}.png": png(i) for p in (1, 2) for i in range(2)}
    for p in (1, 2):
        prompts = {f"{i}.png": {"p": f"prompt {p}{i}"} for i in range(2)}
        files[f"part-00000{p}/part-00000{p}.json"] = json.dumps(prompts).encode()
    told = [i.attributes["p"] for i in labelled(open_source(folder(tmp_path, files))).values()]
    assert told == ["prompt 10", "prompt 11", "prompt 20", "prompt 21"]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_hard_links_inside_a_tar_are_followed(tmp_path: Path, mode: str) -> None:
    with tarfile.open(tmp_path / "x.tar", mode) as archive:
        member = tarfile.TarInfo("cat/a.png")
        member.size = len(png(1))
        archive.addfile(member, io.BytesIO(png(1)))
        for name, target in (("dog/b.png", "cat/a.png"), ("out.png", "/etc/passwd")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.LNKTYPE, target
            archive.addfile(link)
    source = open_source(tmp_path / "x.tar")
    images = list(source.read())
    assert [(i.name, i.label, i.data) for i in images] == [
        ("cat/a.png", "cat", png(1)), ("dog/b.png", "dog", png(1)),
    ]  # fmt: skip
    assert source.skipped == {"link": 1}
    assert list(source.read(1)) == images[1:]


def test_both_tables_at_the_root_are_read(tmp_path: Path, pack: Pack) -> None:
    files = {
        "1.png": png(1),
        "labels.csv": b"name,label\n1.png,cat\n",
        "metadata.csv": b"file_name,label,owner\n1.png,dog,Ada\n",
    }
    (image,) = labelled(open_source(pack(tmp_path, files))).values()
    assert (image.label, image.owner) == ("cat", "Ada"), "labels.csv goes before"


def test_whole_numbers_in_a_file_beside_an_image_stay_whole(tmp_path: Path, pack: Pack) -> None:
    files = {"1.png": png(1), "1.json": b'{"label": 3.0, "size": 3.0}',
             "2.png": png(2), "2.json": b'{"label": 3.5}'}  # fmt: skip
    one, other = labelled(open_source(pack(tmp_path, files))).values()
    assert (one.label, one.attributes, other.label) == ("3", {"size": "3.0"}, "3.5")


def test_a_table_that_is_not_read_is_named(tmp_path: Path, pack: Pack) -> None:
    table = b"id,label\n1,cat\n2,dog\n"
    files = {
        "train/1.png": png(1), "train/2.png": png(2), "train.csv": table, "meta/list.txt": b"1 2",
        "train/2.txt": b"a caption", "notes.txt": b"x", "train/deep/labels.tsv": b"x",
    }  # fmt: skip
    where = pack(tmp_path, files)
    source = open_source(where)
    assert sorted(source.unread_tables) == ["meta/list.txt", "train.csv"]
    said = reading_words(source, labels_for(source))[-1]
    assert "look like tables of labels, and no table is read" in said and "train.csv" in said
    (tmp_path / "given.csv").write_bytes(table)
    labels = labels_for(source, tmp_path / "given.csv")
    assert labels is not None and reading_words(source, labels) == source.notes
    assert [labels.labelled(image).label for image in source.read()] == ["cat", "dog"]


def test_many_tables_are_of_something_else(tmp_path: Path) -> None:
    boxes = {f"{i}.csv": b"0 0 1 1" for i in range(20)}
    source = open_source(folder(tmp_path, {f"{i}.png": png(i) for i in range(20)} | boxes))
    assert reading_words(source, labels_for(source)) == ()


def test_an_uploaded_table_of_another_name_is_named() -> None:
    table = ("train.csv", b"id,label\n1,cat\n")
    source = open_uploads([("1.png", png(1)), table])
    assert source.unread_tables == ("train.csv",)
    both = open_uploads([("1.png", png(1)), ("labels.csv", b"name,label\n1.png,cat\n"),
                         ("metadata.csv", b"name,owner\n1.png,Ada\n")])  # fmt: skip
    (image,) = labelled(both).values()
    assert (image.label, image.owner) == ("cat", "Ada")
