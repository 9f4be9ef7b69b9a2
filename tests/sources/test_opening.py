"""Every kind of source gives the same images, in a fixed order, with labels and honest counts."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from gmv_core.errors import SourceError
from gmv_core.sources.opening import open_source
from gmv_core.sources.readers.files import open_uploads
from tests.sources.conftest import (
    LABELS,
    ORDER,
    TREE,
    WEBDATASET,
    folder,
    idx,
    parquet,
    pixels,
    png,
    read_all,
    tarred,
    zipped,
)

CIFAR = Path(__file__).parents[3] / "shared" / "data" / "cifar10-train.zip"

RANDOM = np.random.default_rng(0)


def test_folder(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path, TREE))
    images = read_all(source)
    assert source.kind == "folder" and source.location == str(tmp_path)
    assert [image.name for image in images] == ORDER
    assert [image.label for image in images] == LABELS
    assert [image.data for image in images] == [TREE[name] for name in ORDER]


def test_the_kind_is_told_by_content_not_by_suffix(tmp_path: Path) -> None:
    assert open_source(zipped(tmp_path / "no_suffix", TREE)).kind == "zip"
    assert open_source(tarred(tmp_path / "tar.zip", TREE)).kind == "tar"
    (tmp_path / "picture").write_bytes(png(1))
    assert open_source(tmp_path / "picture").kind == "file"
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 3, 3), np.uint8))
    assert open_source((tmp_path / "a.npz").rename(tmp_path / "arrays.zip")).kind == "npz"


def test_one_image_file_is_a_source_of_one(tmp_path: Path) -> None:
    (tmp_path / "ä b.png").write_bytes(png(9))
    images = read_all(open_source(tmp_path / "ä b.png"))
    assert [(image.name, image.data) for image in images] == [("ä b.png", png(9))]


def test_what_is_no_image_is_counted(tmp_path: Path) -> None:
    junk = {
        ".DS_Store": b"x", "cat/.hidden.png": b"x", "__MACOSX/cat/._a.png": b"x",
        "Thumbs.db": b"x", "read me.txt": b"x", "cat/notes.csv": b"x", "x.heic": b"x",
        "noise": b"no image at all",
    }  # fmt: skip
    expected = {"hidden": 4, "not an image": 3, "image type not supported (.heic)": 1}
    files = {**TREE, **junk, "picture without suffix": png(5)}
    in_folder = open_source(folder(tmp_path / "f", files))
    in_zip = open_source(zipped(tmp_path / "x.zip", files))
    in_tar = open_source(tarred(tmp_path / "x.tar", files))
    uploads = open_uploads(list(files.items()))
    for source in (in_folder, in_zip, in_tar, uploads):
        assert len(read_all(source)) == 5
        assert dict(source.skipped) == expected, source.kind


def test_unusual_names(tmp_path: Path) -> None:
    names = ["日本/名前 🎨.png", "a'b\"c;.png", "x" * 240 + ".png", "  .png", "C# #1%.png", "é.PNG"]
    files = {name: png(at) for at, name in enumerate(names)}
    for source in (
        open_source(folder(tmp_path / "f", files)),
        open_source(zipped(tmp_path / "x.zip", files)),
        open_source(tarred(tmp_path / "x.tar", files)),
    ):
        assert {image.name: image.data for image in read_all(source)} == files


def test_a_name_that_is_no_utf8_can_be_stored(tmp_path: Path) -> None:
    try:
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))).write_bytes(png(7))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (image,) = read_all(open_source(tmp_path))
    assert image.name == "caf\\xe9.png" and image.data == png(7)


def test_links_stay_inside_and_loops_end(tmp_path: Path) -> None:
    inside, outside = folder(tmp_path / "in", TREE), folder(tmp_path / "out", {"x.png": png(8)})
    (inside / "loop").symlink_to(inside)
    (inside / "cat" / "up").symlink_to("..")
    (inside / "out").symlink_to(outside)
    (inside / "leaves.png").symlink_to(outside / "x.png")
    (inside / "stays.png").symlink_to(inside / "d.png")
    (inside / "nowhere.png").symlink_to(inside / "missing.png")
    source = open_source(inside)
    assert [image.name for image in read_all(source)] == [*ORDER, "stays.png"]
    assert source.skipped == {"link outside the folder": 2, "link to a folder or to nothing": 3}


def test_a_file_that_vanishes_is_a_row_with_its_reason(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path, TREE))
    (tmp_path / "d.png").unlink()
    images = list(source.read())
    assert images[2].error == "cannot be read (No such file or directory)"
    assert [image.data for image in images if not image.error] == [
        TREE[name] for name in ORDER if name != "d.png"
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_a_row_with_its_reason(tmp_path: Path) -> None:
    folder(tmp_path, TREE)
    (tmp_path / "d.png").chmod(0)
    assert "Permission denied" in read_all(open_source(tmp_path))[2].error


def test_uploads_are_made_safe_and_unique(tmp_path: Path) -> None:
    on_disk = tmp_path / "spooled"
    on_disk.write_bytes(png(5))
    source = open_uploads(
        [
            ("../../etc/x.png", png(1)),
            ("C:\\photos\\cat\\y.png", png(2)),
            ("/abs/z.png", png(3)),
            ("y.png", png(4)),
            ("y.png", on_disk),
            ("notes.txt", b"hello"),
            ("labels.csv", b"name,label\ny.png,dog\n"),
        ]
    )
    images = read_all(source)
    assert source.kind == source.location == "uploads"
    assert [image.name for image in images] == [
        "etc/x.png", "photos/cat/y.png", "abs/z.png", "y.png", "y (2).png",
    ]  # fmt: skip
    assert images[1].label == "cat" and images[4].data == png(5)
    assert source.skipped == {"not an image": 1}
    assert source.labels_file == b"name,label\ny.png,dog\n"


def test_fingerprints_follow_the_content(tmp_path: Path) -> None:
    path = folder(tmp_path / "f", TREE)
    first = open_source(path).fingerprint
    assert open_source(path).fingerprint == first
    (path / "new.png").write_bytes(png(5))
    assert open_source(path).fingerprint != first
    one = open_source(zipped(tmp_path / "1.zip", TREE)).fingerprint
    assert open_source(zipped(tmp_path / "2.zip", dict(reversed(TREE.items())))).fingerprint == one
    changed = {**TREE, "d.png": png(77)}
    assert open_source(zipped(tmp_path / "3.zip", changed)).fingerprint != one
    tar = tarred(tmp_path / "x.tar", TREE)
    first = open_source(tar).fingerprint
    assert open_source(tarred(tar, changed)).fingerprint != first
    assert (
        open_uploads([("a.png", png(1))]).fingerprint
        != open_uploads([("a.png", png(2))]).fingerprint
    )


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz", "npz", "idx", "idx.gz", "parquet"])
def test_damaged_sources_raise_source_errors_only(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"x.{kind}"
    array = RANDOM.integers(0, 256, (5, 6, 6), np.uint8)
    if kind in ("tar", "tgz"):
        tarred(path, {**TREE, **WEBDATASET}, "w:gz" if kind == "tgz" else "w")
    elif kind == "zip":
        zipped(path, TREE)
    elif kind == "npz":
        np.savez(path, images=array, labels=np.arange(5))
    elif kind == "parquet":
        parquet(path, range(4), [0, 1, 0, 1])
    else:
        path.write_bytes(gzip.compress(idx(array)) if kind == "idx.gz" else idx(array))
    whole, random = path.read_bytes(), np.random.default_rng(1)
    for trial in range(40):
        bad = bytearray(whole)
        for at in random.integers(8, len(bad), 3):
            bad[at] = random.integers(256)
        path.write_bytes(bad[: random.integers(20, len(bad))] if trial % 2 else bad)
        try:
            for image in open_source(path).read():
                assert image.name and (image.data or image.error)
        except SourceError as error:
            assert str(error)


@pytest.mark.skipif(not CIFAR.is_file(), reason="the CIFAR-10 zip is not there")
def test_cifar_10() -> None:
    source = open_source(CIFAR)
    assert source.total == 50_000 and not source.skipped
    image = next(source.read(49_999))
    assert (image.name, image.label) == ("truck/4999.jpg", "truck")
    assert pixels(image).shape == (32, 32, 3)


def test_images_are_known_by_content_where_the_suffix_says_nothing(tmp_path: Path) -> None:
    names = ["a.apng", "b.jpg?w=200", "c.jpg_large", "d.v2", "e"]
    files = {name: png(at) for at, name in enumerate(names)}
    junk = {"x.part": png(9), "y.txt": png(9), "z.bak": b"no picture"}
    for place in (
        folder(tmp_path / "f", {**files, **junk}),
        zipped(tmp_path / "x.zip", {**files, **junk}),
        tarred(tmp_path / "x.tar", {**files, **junk}),
    ):
        source = open_source(place)
        assert [image.name for image in read_all(source)] == names
        assert sum(source.skipped.values()) == 3


def test_the_blobs_of_a_hugging_face_cache_are_followed(tmp_path: Path) -> None:
    cache = tmp_path / "models--x"
    folder(cache / "blobs", {"1a": png(1), "2b": png(2)})
    snapshot = cache / "snapshots" / "v1" / "cat"
    snapshot.mkdir(parents=True)
    for blob in ("1a", "2b"):
        (snapshot / f"{blob}.png").symlink_to(f"../../../blobs/{blob}")
    (snapshot / "out.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "secret.png").write_bytes(png(3))
    source = open_source(cache / "snapshots" / "v1")
    assert [(i.name, i.label) for i in read_all(source)] == [
        ("cat/1a.png", "cat"), ("cat/2b.png", "cat"),
    ]  # fmt: skip
    assert source.skipped == {"link outside the folder": 1}
    assert open_source(cache).names == ["snapshots/v1/cat/1a.png", "snapshots/v1/cat/2b.png"]
    with pytest.raises(SourceError, match="3 link outside"):
        open_source(cache / "snapshots" / "v1", within=[cache / "snapshots"])
    assert open_source(cache / "snapshots" / "v1", within=[cache]).total == 2


def test_a_class_folder_that_is_a_link_is_not_lost_silently(tmp_path: Path) -> None:
    inside = folder(tmp_path / "x", {"cat/a.png": png(1), "store/dog/b.png": png(2)})
    folder(tmp_path / "y", {"c.png": png(3)})
    (inside / "bird").symlink_to(tmp_path / "y")
    (inside / "dog").symlink_to("store/dog")
    source = open_source(inside)
    assert source.names == ["cat/a.png", "store/dog/b.png"]
    assert source.notes == (
        "Linked folders that lead out of the source are not read (bird); give the folders that "
        "they lead to.",
        "Linked folders are read where they lie, not as links (dog).",
    )
