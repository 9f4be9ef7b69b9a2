"""Every kind of source gives the same images, in a fixed order, with labels and honest counts."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmv_core.errors import SourceError
from gmv_core.images.decode import decode
from gmv_core.settings import IngestSettings
from gmv_core.sources import source as source_module
from gmv_core.sources.opening import Source, open_source, open_uploads
from gmv_core.types import SourceImage
from tests.sources.conftest import folder, idx, png, tarred, zipped

FASHION = Path("/usr/share/datasets/fashion-mnist")
CIFAR = Path(__file__).parents[3] / "shared" / "data" / "cifar10-train.zip"


TREE = {"cat/a.png": png(1), "cat/b.JPG": png(2), "dog/deep/c.png": png(3), "d.png": png(4)}
ORDER = ["cat/a.png", "cat/b.JPG", "d.png", "dog/deep/c.png"]
LABELS = ["cat", "cat", "", "deep"]


def read_all(source: Source, start: int = 0) -> list[SourceImage]:
    """Read a source, and check what must hold for every kind."""
    images = list(source.read())
    assert [image.name for image in source.read()] == [image.name for image in images]
    assert len({image.name for image in images}) == len(images)
    assert source.total in (None, len(images))
    assert source.names is None or list(source.names) == [image.name for image in images]
    for first in (1, len(images) - 1, len(images), len(images) + 3):
        assert list(source.read(first)) == images[first:]
    return images[start:]


def pixels(image: SourceImage) -> np.ndarray:
    result = decode(image.data, IngestSettings())
    assert result.pixels is not None, result.status
    return result.pixels


def test_folder(tmp_path: Path) -> None:
    source = open_source(folder(tmp_path, TREE))
    images = read_all(source)
    assert source.kind == "folder" and source.location == str(tmp_path)
    assert [image.name for image in images] == ORDER
    assert [image.label for image in images] == LABELS
    assert [image.data for image in images] == [TREE[name] for name in ORDER]


def test_zip(tmp_path: Path) -> None:
    images = read_all(open_source(zipped(tmp_path / "x.zip", TREE)))
    assert [(image.name, image.label) for image in images] == list(zip(ORDER, LABELS, strict=True))
    assert images[0].data == TREE["cat/a.png"]


@pytest.mark.parametrize("suffix", ["", ":gz", ":bz2", ":xz"])
def test_tar(tmp_path: Path, suffix: str) -> None:
    source = open_source(tarred(tmp_path / "x.tar", TREE, f"w{suffix}"))
    images = read_all(source)
    assert source.kind == "tar" and source.total is None
    assert [image.name for image in images] == list(TREE), "a tar keeps its own order"
    assert {image.name: image.label for image in images} == dict(zip(ORDER, LABELS, strict=True))


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


def test_unsafe_members_are_left_out(tmp_path: Path) -> None:
    bad = {"../up.png": png(1), "/root.png": png(2), "a/../../b.png": png(3), "C:\\w.png": png(4)}
    for source in (
        open_source(zipped(tmp_path / "x.zip", {**TREE, **bad})),
        open_source(tarred(tmp_path / "x.tar", {**TREE, **bad})),
    ):
        assert {image.name for image in read_all(source)} == set(TREE)
        assert source.skipped == {"unsafe path": 4}


def test_backslashes_of_windows_zips_are_folders(tmp_path: Path) -> None:
    (image,) = read_all(open_source(zipped(tmp_path / "x.zip", {"cat\\a.png": png(1)})))
    assert (image.name, image.label) == ("cat/a.png", "cat")


def test_links_in_archives_are_left_out(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name, kind in (("s.png", tarfile.SYMTYPE), ("h.png", tarfile.LNKTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        device = tarfile.TarInfo("dev.png")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
        real = tarfile.TarInfo("./real.png")
        real.size = len(png(1))
        archive.addfile(real, io.BytesIO(png(1)))
    source = open_source(tmp_path / "x.tar")
    assert [image.name for image in read_all(source)] == ["real.png"]
    assert source.skipped == {"link": 2, "not a regular file": 1}
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as zip_file:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        zip_file.writestr(link, "/etc/passwd")
        zip_file.writestr("real.png", png(1))
    assert open_source(tmp_path / "x.zip").skipped == {"link": 1}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_repeated_names_get_a_number(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for level in (1, 2, 3):
            archive.writestr("a/x.png", png(level))
    images = read_all(open_source(tmp_path / "x.zip"))
    assert [image.name for image in images] == ["a/x.png", "a/x (2).png", "a/x (3).png"]
    assert [image.data for image in images] == [png(1), png(2), png(3)]
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for level in (1, 2):
            member = tarfile.TarInfo("x.png")
            member.size = len(png(level))
            tar.addfile(member, io.BytesIO(png(level)))
    images = read_all(open_source(tmp_path / "x.tar"))
    assert [image.name for image in images] == ["x.png", "x (2).png"]


def test_a_bad_member_is_a_row_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in TREE.items():
            archive.writestr(name, data)
    content = bytearray(path.read_bytes())
    content[content.index(TREE["d.png"]) + 60] ^= 255
    path.write_bytes(content)
    images = read_all(open_source(path))
    assert [bool(image.error) for image in images] == [False, False, True, False]
    assert "Bad CRC" in images[2].error and images[2].data == b""


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


def test_members_that_are_too_large_are_rows_with_their_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "MAX_FILE_BYTES", 500)
    files = {"a.png": png(1), "b.png": bytes(501)}
    for source in (
        open_source(folder(tmp_path / "f", files)),
        open_source(zipped(tmp_path / "x.zip", files)),
        open_source(tarred(tmp_path / "x.tar", files)),
    ):
        good, bad = read_all(source)
        assert good.data == png(1) and not good.error
        assert bad.error == "501 bytes, more than the limit of 500" and not bad.data


def test_a_zip_bomb_is_a_row_with_its_reason(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.png": png(1), "bomb.png": bytes(60_000_000)})
    good, bomb = read_all(open_source(path))
    assert not good.error
    assert bomb.error == "unpacks to more than 200 times its size (60,000,000 bytes)"


def test_a_tar_bomb_ends_the_reading(tmp_path: Path) -> None:
    files = {"a.png": png(1), "bomb.bin": bytes(60_000_000), "b.png": png(2)}
    good, rest = list(open_source(tarred(tmp_path / "x.tar.gz", files, "w:gz")).read())
    assert not good.error
    assert "more than 200 times" in rest.error and rest.name == "rest of x.tar.gz"


def test_a_tar_that_is_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    whole = tarred(tmp_path / "whole.tar", TREE).read_bytes()
    (tmp_path / "x.tar").write_bytes(whole[: whole.index(TREE["dog/deep/c.png"]) + 20])
    images = list(open_source(tmp_path / "x.tar").read())
    assert [image.name for image in images] == ["cat/a.png", "cat/b.JPG", "rest of x.tar"]
    assert "breaks off" in images[-1].error


def test_a_damaged_header_in_a_tar_is_said(tmp_path: Path) -> None:
    content = bytearray(tarred(tmp_path / "x.tar", TREE).read_bytes())
    content[content.index(b"dog/deep") + 150] ^= 255
    (tmp_path / "x.tar").write_bytes(content)
    images = list(open_source(tmp_path / "x.tar").read())
    assert [bool(image.error) for image in images] == [False, False, True]
    assert "damaged header" in images[-1].error


WEBDATASET = {
    "0001.cls": b"7\n",
    "0001.jpg": png(1),
    "0002.jpg": png(2),
    "0002.json": json.dumps(
        {"label": "dog", "owner": "Ada", "year": 1998, "tags": ["x", "ü"], "none": None}
    ).encode(),
    "0003.json": b"{broken",
    "0003.png": png(3),
    "0004.txt": b"a caption",
    "0005.cls": b"9",
}


def test_webdataset_shards(tmp_path: Path) -> None:
    source = open_source(tarred(tmp_path / "shard.tar", WEBDATASET))
    one, two, three = read_all(source)
    assert (one.name, one.label, one.owner, one.attributes) == ("0001.jpg", "7", "", {})
    assert (two.label, two.owner) == ("dog", "Ada")
    assert two.attributes == {"year": "1998", "tags": '["x", "ü"]'}
    assert (three.label, three.attributes) == ("", {})
    assert source.skipped == {"unreadable .json file": 1, "not an image": 2}


def test_a_folder_of_shards_is_read_in_order(tmp_path: Path) -> None:
    for number in (1, 0, 2):
        tarred(tmp_path / f"s-{number:04d}.tar", {"0.jpg": png(number), "0.cls": b"%d" % number})
    images = read_all(open_source(tmp_path))
    assert [image.name for image in images] == [f"s-{n:04d}/0.jpg" for n in range(3)]
    assert [image.label for image in images] == ["0", "1", "2"]


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


def hugging_face(features: Mapping[str, object]) -> dict[bytes, bytes]:
    return {b"huggingface": json.dumps({"info": {"features": features}}).encode()}


def parquet(
    path: Path, levels: Sequence[int], labels: Sequence[int | None], rows_a_group: int = 2
) -> Path:
    """A file as `datasets` writes it: a struct of bytes and path, a ClassLabel, more columns."""
    table = pa.table(
        {
            "image": pa.array([{"bytes": png(n), "path": f"p{n}.png"} for n in levels]),
            "label": pa.array(labels, pa.int64()),
            "owner": pa.array([f"artist {n}" for n in levels]),
            "year": pa.array([1900 + n for n in levels], pa.int32()),
            "embedding": pa.array([[0.5, 1.0]] * len(levels)),
        }
    )
    features = {
        "image": {"_type": "Image"},
        "label": {"_type": "ClassLabel", "names": ["cat", "dog"]},
        "year": {"_type": "Value", "dtype": "int32"},
    }
    pq.write_table(
        table.replace_schema_metadata(hugging_face(features)), path, row_group_size=rows_a_group
    )
    return path


def test_hugging_face_parquet(tmp_path: Path) -> None:
    path = parquet(tmp_path / "train-0.parquet", range(5), [0, 1, -1, None, 1])
    images = read_all(open_source(path))
    assert [image.label for image in images] == ["cat", "dog", "", "", "dog"]
    assert [image.data for image in images] == [png(level) for level in range(5)]
    assert images[3].name == "train-0/000003"
    assert images[3].owner == "artist 3"
    assert images[3].attributes == {"year": "1903", "path": "p3.png"}


def test_a_folder_of_parquet_files_reads_the_training_split(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    parquet(tmp_path / "data" / "train-00001.parquet", [3, 4], [1, 1])
    parquet(tmp_path / "data" / "train-00000.parquet", [0, 1, 2], [0, 0, 0])
    parquet(tmp_path / "data" / "test-00000.parquet", [9], [0])
    (tmp_path / "README.md").write_text("a card")
    source = open_source(tmp_path)
    assert [image.data for image in read_all(source)] == [png(level) for level in range(5)]
    assert source.skipped == {"file of another split": 1}


def test_plain_parquet_without_metadata(tmp_path: Path) -> None:
    table = pa.table({"text": ["a", "b"], "img": [png(1), png(2)], "class": ["x", "y"]})
    pq.write_table(table, tmp_path / "x.parquet")
    images = read_all(open_source(tmp_path / "x.parquet"))
    assert [(image.data, image.label) for image in images] == [(png(1), "x"), (png(2), "y")]
    assert images[0].attributes == {"text": "a"}


def test_parquet_rows_without_bytes_are_errors(tmp_path: Path) -> None:
    cells = [{"bytes": png(1), "path": None}, {"bytes": None, "path": "x.png"}, None]
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    pq.write_table(pa.table({"image": pa.array(cells, kind)}), tmp_path / "x.parquet")
    errors = [image.error for image in read_all(open_source(tmp_path / "x.parquet"))]
    assert errors == ["", "the row names the file 'x.png' but holds no bytes", "the row is empty"]


RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(3, 5, 4), (3, 5, 4, 1), (3, 5, 4, 3), (3, 5, 4, 4)])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path: Path, shape: tuple[int, ...], save: Callable[..., None]) -> None:
    array = RANDOM.integers(0, 256, shape, np.uint8)
    if shape[-1] == 4 and len(shape) == 4:
        array[..., 3] = 255
    save(tmp_path / "x.npz", images=array, labels=np.array([[4], [0], [9]]))
    images = read_all(open_source(tmp_path / "x.npz"))
    assert [image.label for image in images] == ["4", "0", "9"]
    assert images[2].name == "images/000002"
    for image, row in zip(images, array, strict=True):
        colours = row[..., :3] if row.ndim == 3 else row[..., None]
        assert np.array_equal(pixels(image), np.broadcast_to(colours, (5, 4, 3)))


@pytest.mark.parametrize(
    ("images_key", "labels_key"),
    [("x", "y"), ("x_train", "y_train"), ("train_images", "train_labels"), ("arr_0", "arr_1")],
)
def test_npz_keys(tmp_path: Path, images_key: str, labels_key: str) -> None:
    arrays = {
        "test_images": np.zeros((9, 4, 4), np.uint8),
        images_key: np.ones((2, 4, 4), np.uint8),
        labels_key: np.array(["cat", "dog"]),
    }
    np.savez(tmp_path / "x.npz", **arrays)
    assert [image.label for image in read_all(open_source(tmp_path / "x.npz"))] == ["cat", "dog"]


def test_npz_with_another_key_with_channels_first_and_with_alpha(tmp_path: Path) -> None:
    planar = RANDOM.integers(0, 256, (2, 3, 8, 8), np.uint8)
    np.savez(tmp_path / "x.npz", faces=planar, mean=np.zeros(3))
    first, _ = read_all(open_source(tmp_path / "x.npz"))
    assert first.name == "faces/000000" and first.label == ""
    assert np.array_equal(pixels(first), planar[0].transpose(1, 2, 0))
    np.savez(tmp_path / "a.npz", images=np.array([[[[0, 0, 255, 128]] * 2] * 2] * 2, np.uint8))
    assert pixels(read_all(open_source(tmp_path / "a.npz"))[0])[0, 0].tolist() == [127, 127, 255]


@pytest.mark.parametrize("packed", [False, True])
def test_idx_with_labels_beside(tmp_path: Path, packed: bool) -> None:
    array = RANDOM.integers(0, 256, (4, 7, 5), np.uint8)
    pack, suffix = (gzip.compress, ".gz") if packed else (bytes, "")
    path = tmp_path / f"train-images-idx3-ubyte{suffix}"
    path.write_bytes(pack(idx(array)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.array([3, 1, 4, 1], np.uint8)))
    for source in (open_source(path), open_source(tmp_path)):
        images = read_all(source)
        assert source.kind == "idx"
        assert [image.label for image in images] == ["3", "1", "4", "1"]
        assert images[3].name == "train-images-idx3-ubyte/000003"
        assert np.array_equal(pixels(images[3])[..., 1], array[3])


def test_an_idx_folder_reads_the_training_pair(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((3, 4, 4), np.uint8)))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((2, 4, 4), np.uint8)))
    source = open_source(tmp_path)
    assert source.total == 3 and source.skipped == {"file of another split": 1}
    assert [image.label for image in read_all(source)] == ["", "", ""]


def test_a_gzip_idx_is_checked_to_its_end_however_far_it_goes_on(tmp_path: Path) -> None:
    array = RANDOM.integers(0, 4, (3, 5, 4), np.uint8)
    packed, path = gzip.compress(idx(array) + bytes(300_000)), tmp_path / "x-images-idx3-ubyte.gz"
    path.write_bytes(packed[:-4] + len(idx(array)).to_bytes(4, "little"))  # it tells a wrong size
    *before, last = read_all(open_source(path))
    assert [image.error for image in before] == ["", ""]
    assert "the file is damaged here or before" in last.error


@pytest.mark.parametrize("seed", range(6))  # damage that unpacks to fewer bytes, and to more
def test_a_damaged_gzip_idx_is_said(tmp_path: Path, seed: int) -> None:
    array = np.random.default_rng(seed).integers(0, 4, (400, 20, 20), np.uint8)
    packed, path = gzip.compress(idx(array)), tmp_path / "x-images-idx3-ubyte.gz"
    half = len(packed) // 2
    path.write_bytes(packed[:half] + packed[-8:])
    images = list(open_source(path).read())
    assert len(images) == 400
    assert not images[0].error and images[-1].error
    flipped = bytearray(packed)
    flipped[half] ^= 255
    path.write_bytes(flipped)
    assert "CRC" in list(open_source(path).read())[-1].error


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


@pytest.mark.skipif(not FASHION.is_dir(), reason="Fashion-MNIST is not installed")
def test_fashion_mnist() -> None:
    source = open_source(FASHION)
    assert source.total == 60_000
    image = next(source.read(59_999))
    assert image.label == "5" and pixels(image).shape == (28, 28, 3)
    first = next(source.read())
    assert first.label == "9" and int(pixels(first).sum()) == 3 * 76_247


@pytest.mark.skipif(not CIFAR.is_file(), reason="the CIFAR-10 zip is not there")
def test_cifar_10() -> None:
    source = open_source(CIFAR)
    assert source.total == 50_000 and not source.skipped
    image = next(source.read(49_999))
    assert (image.name, image.label) == ("truck/4999.jpg", "truck")
    assert pixels(image).shape == (32, 32, 3)


def test_one_hot_labels_of_an_npz_are_classes(tmp_path: Path) -> None:
    images, classes = np.zeros((6, 4, 4, 3), np.uint8), np.array([2, 0, 1, 1, 2, 0])
    for dtype in (float, np.uint8, bool):
        np.savez(tmp_path / "x.npz", images=images, labels=np.eye(3)[classes].astype(dtype))
        told = [image.label for image in open_source(tmp_path / "x.npz").read()]
        assert told == [str(c) for c in classes]
    for wrong in (np.ones((6, 3)), np.full((6, 3), 1 / 3), np.eye(6)[:, :3]):
        np.savez(tmp_path / "x.npz", images=images, labels=wrong)
        with pytest.raises(SourceError, match="one number or text for each image"):
            open_source(tmp_path / "x.npz")


@pytest.mark.parametrize("images", [(5, 4, 4, 3), (5, 4, 4)])
def test_masks_before_the_images_of_an_npz_are_not_taken(
    tmp_path: Path, images: tuple[int, ...]
) -> None:
    arrays = {"seg_masks": np.zeros((5, 4, 4), np.uint8), "photos": np.full(images, 7, np.uint8)}
    np.savez(tmp_path / "x.npz", **arrays)
    names = [image.name for image in open_source(tmp_path / "x.npz").read()]
    assert names[0] == "photos/000000"


NAMES = ["猫/写真1.png", "犬/写真2.png", "Ärger/Foto.png"]


def zip_named(path: Path, names: Sequence[bytes]) -> Path:
    """A zip whose names are these bytes, without the mark of UTF-8: zipfile itself would set it."""
    keys = [f"q{i:02d}{'x' * 99}"[: len(name)] for i, name in enumerate(names)]
    data = zipped(path, {key: png(i) for i, key in enumerate(keys)}).read_bytes()
    for key, name in zip(keys, names, strict=True):
        data = data.replace(key.encode(), name)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("encoding", "form", "names"),
    [
        ("utf-8", "NFD", NAMES),
        ("utf-8", "NFC", NAMES),
        ("cp932", "NFC", NAMES[:2]),
        ("cp866", "NFC", ["кошка/рыжая.png", "собака/белая.png"]),
        ("cp437", "NFC", NAMES[2:]),
    ],
)
def test_names_in_zips_of_other_systems(
    tmp_path: Path, encoding: str, form: Literal["NFC", "NFD"], names: list[str]
) -> None:
    raw = [normalize(form, name).encode(encoding) for name in names]
    images = read_all(open_source(zip_named(tmp_path / "x.zip", raw)))
    assert {image.name: image.label for image in images} == {n: n.split("/")[0] for n in names}


@pytest.mark.parametrize(("how", "called"), [(9, "deflate64"), (93, "Zstandard")])
def test_a_way_of_packing_that_is_not_read_is_said(tmp_path: Path, how: int, called: str) -> None:
    data = bytearray(zipped(tmp_path / "x.zip", {"a.png": png(1)}).read_bytes())
    for mark, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        start = data.index(mark) + at
        data[start : start + 2] = how.to_bytes(2, "little")
    (tmp_path / "x.zip").write_bytes(data)
    (image,) = open_source(tmp_path / "x.zip").read()
    assert image.error == f"packed by {called}, which is not supported; pack it by deflate"


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
