"""An archive of evidence: RFC 6962's tree, one form only, and no byte that changes unseen."""

from __future__ import annotations

import gc
import os
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from gmv_core.audit.archive import Altered, ArchiveWriter, canonical, open_archive, tree_root
from gmv_core.errors import SourceError

FLIPS = 500


def as_in_rfc_6962(leaves: list[bytes]) -> bytes:
    """The definition of section 2.1: split at the largest power of two below n."""
    if len(leaves) <= 1:
        return sha256(b"\0" + leaves[0]).digest() if leaves else sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    both = as_in_rfc_6962(leaves[:k]) + as_in_rfc_6962(leaves[k:])
    return sha256(b"\1" + both).digest()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 33])
def test_the_tree_is_that_of_rfc_6962(count: int) -> None:
    leaves = [bytes([i]) * i for i in range(count)]
    assert tree_root(leaves) == as_in_rfc_6962(leaves).hex()


def test_the_root_of_one_leaf_by_hand() -> None:
    # sha256(b"\0"), as RFC 6962's own test data have it.
    assert tree_root([b""]) == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_an_archive_that_is_given_up_says_nothing_more(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="half-way"), (tmp_path / "x.zip").open("wb") as file:
        archive = ArchiveWriter(file)
        archive.add("one", b"1")
        raise SourceError("half-way")
    del archive
    gc.collect()


def write(path: Path, members: dict[str, bytes]) -> str:
    with path.open("wb") as file:
        writer = ArchiveWriter(file)
        for name, data in members.items():
            writer.add(name, data)
        root = writer.digests()
        writer.stamp({"root": root})
    return root


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    members = {"a.json": b"{}", "tables/x/00000.bin": b"\0" * 10, "tables/x/00001.bin": b"1"}
    root = write(tmp_path / "a.zip", members)
    archive = open_archive(tmp_path / "a.zip")
    assert archive.root == root
    assert archive.stamp == {"root": root}
    assert list(archive.batches("x")) == [b"\0" * 10, b"1"]
    with zipfile.ZipFile(tmp_path / "a.zip") as plain:  # any other tool reads it too
        assert plain.testzip() is None


def test_each_flipped_bit_is_found(archive: Path, tmp_path: Path) -> None:
    data, rng = archive.read_bytes(), random.Random(0)
    for place in rng.sample(range(len(data)), FLIPS):
        flipped = bytearray(data)
        flipped[place] ^= 1 << rng.randrange(8)
        archive.write_bytes(flipped)
        with pytest.raises(Altered):
            open_archive(archive)


def test_each_flipped_bit_of_the_headers_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write(path, {"a.json": b"{}", "tables/x/00000.bin": b"12"})
    data, rng = path.read_bytes(), random.Random(0)
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << rng.randrange(8)
        path.write_bytes(flipped)
        with pytest.raises(Altered):
            open_archive(path)


def cut(data: bytes) -> bytes:
    return data[:-10]


def longer(data: bytes) -> bytes:
    return data + b"\0"


def before(data: bytes) -> bytes:
    return b"#!/bin/sh\n" + data


@pytest.mark.parametrize("change", [cut, longer, before, lambda _: b"", lambda _: b"no zip"])
def test_what_is_no_archive_of_ours_is_found(
    archive: Path, change: Callable[[bytes], bytes]
) -> None:
    archive.write_bytes(change(archive.read_bytes()))
    with pytest.raises(Altered):
        open_archive(archive)


def written_again(
    path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]], **how: int
) -> None:
    """Write the members of an archive anew with Python's own zipfile, after a change."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", **how) as archive:  # type: ignore[arg-type]
        for name, data in change(members).items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda m: m, {}),
        (lambda m: m, {"compression": zipfile.ZIP_DEFLATED}),
        (lambda m: {"../evil": b"x", **m}, {}),
        (lambda m: {"/etc/passwd": b"x", **m}, {}),
        (lambda m: dict(reversed(m.items())), {}),
        (lambda m: {k: v for k, v in m.items() if k != "stamp.json"}, {}),
    ],
)  # fmt: skip
def test_an_archive_in_another_form_is_found(
    archive: Path, change: Callable[..., dict[str, bytes]], how: dict[str, int]
) -> None:
    written_again(archive, change, **how)
    with pytest.raises(Altered):
        open_archive(archive)


def test_a_member_given_twice_is_found(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as again, pytest.warns(UserWarning, match="Duplicate"):
        again.writestr("stamp.json", b"{}")
    with pytest.raises(Altered, match="last files"):
        open_archive(archive)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        open_archive(tmp_path / "none.zip")
    with pytest.raises(SourceError, match="cannot be read"):
        open_archive(tmp_path)


NO_FILES = {"a device": Path("/dev/zero"), "a pipe": Path("pipe"), "a folder": Path()}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("given", NO_FILES)
def test_what_is_no_file_is_a_sentence_at_once(given: str, tmp_path: Path) -> None:
    path = tmp_path / NO_FILES[given]
    if given == "a pipe":
        os.mkfifo(path)
    asked = [sys.executable, "-m", "gmv_core", "verify", str(path)]
    found = subprocess.run(asked, timeout=60, capture_output=True, text=True, check=False)
    assert found.returncode == 1 and "it is no file" in " ".join(found.stderr.split())


def test_a_file_of_nothing_is_read_from_its_end(tmp_path: Path) -> None:
    sparse = tmp_path / "sparse.zip"
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Altered, match="no sound archive"):
        open_archive(sparse)


def test_a_directory_larger_than_any_of_ours_is_not_read(tmp_path: Path) -> None:
    """60 GB of zeros that say that they are the list of the archive's files."""
    size, entries = 60 << 30, 1 << 30
    with (tmp_path / "a.zip").open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(
            struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, 0)
        )
        file.write(struct.pack("<4sLQL", b"PK\6\7", 0, size, 1))
        most = 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
        file.write(struct.pack("<4s2H2H2LH", b"PK\5\6", 0, 0, *most, 0))
    with pytest.raises(Altered, match=f"a part of {size:,} bytes, where"):
        open_archive(tmp_path / "a.zip")


def test_a_member_is_held_against_its_digest_before_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    write(path, {"a.json": b"{}", "b.json": b"[]"})
    with pytest.raises(Altered, match=r"a\.json is not the file whose digest was written"):
        changed = path.read_bytes().replace(b"{}", b"()").replace(b"[]", b"<>")
        crc = [zlib.crc32(data).to_bytes(4, "little") for data in (b"{}", b"()", b"[]", b"<>")]
        path.write_bytes(changed.replace(crc[0], crc[1]).replace(crc[2], crc[3]))
        open_archive(path)


def test_json_has_one_form() -> None:
    assert canonical({"b": [1, 2.5], "a": "ä"}) == '{"a":"ä","b":[1,2.5]}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})
