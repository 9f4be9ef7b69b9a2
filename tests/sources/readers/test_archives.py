"""Zips and tars: what their members are called, what is left out, what is damaged."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest

from gmv_core.sources import source as source_module
from gmv_core.sources.opening import open_source
from tests.sources.conftest import (
    LABELS,
    ORDER,
    TREE,
    WEBDATASET,
    folder,
    png,
    read_all,
    tarred,
    zipped,
)

NAMES = ["猫/写真1.png", "犬/写真2.png", "Ärger/Foto.png"]


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
