"""An archive of evidence: RFC 6962's tree, one form only, and no byte that changes unseen."""

from __future__ import annotations

import gc
import random
import zipfile
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


def test_json_has_one_form() -> None:
    assert canonical({"b": [1, 2.5], "a": "ä"}) == '{"a":"ä","b":[1,2.5]}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})
