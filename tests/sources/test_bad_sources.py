"""Sources that cannot be read, as people give them: each gets one sentence that says what to do."""

from __future__ import annotations

import gzip
import io
import pickle
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmv_core.errors import SourceError
from gmv_core.sources.opening import open_source
from gmv_core.sources.readers.files import open_uploads
from tests.sources.conftest import check_sentence, folder, idx, png, tarred, zipped

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def file(root: Path, name: str, data: bytes) -> Path:
    (root / name).write_bytes(data)
    return root / name


def npz(root: Path, **arrays: np.ndarray) -> Path:
    np.savez(root / "x.npz", **arrays)
    return root / "x.npz"


def cut(path: Path, share: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def encrypted_zip(root: Path) -> Path:
    """A zip whose members say that they are encrypted (bit 0 of the flags, in both headers)."""
    data = bytearray(zipped(root / "x.zip", {"a.png": png(1), "b.png": png(2)}).read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for match in re.finditer(re.escape(magic), bytes(data)):
            data[match.start() + at] |= 1
    return file(root, "x.zip", data)


def parquet(root: Path, **columns: list[object]) -> Path:
    pq.write_table(pa.table(columns), root / "x.parquet")
    return root / "x.parquet"


def cut_npz(root: Path) -> Path:
    """An array that is shorter than its header says."""
    array = io.BytesIO()
    np.save(array, np.zeros((4, 5, 5), np.uint8))
    return zipped(root / "x.npz", {"images.npy": array.getvalue()[:-30]})


def several_idx(root: Path) -> Path:
    for name in ("a-images-idx3-ubyte", "b-images-idx3-ubyte"):
        file(root, name, idx(np.zeros((2, 3, 3), np.uint8)))
    return root


def idx_with_labels(root: Path, labels: np.ndarray) -> Path:
    file(root, "x-labels-idx1-ubyte", idx(labels))
    return file(root, "x-images-idx3-ubyte", idx(np.zeros((4, 3, 3), np.uint8)))


def broken_labels_zip(root: Path) -> Path:
    path = root / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", png(1))
        archive.writestr("labels.csv", "name,label\na.png,cat\n")
    return file(root, "x.zip", path.read_bytes().replace(b"a.png,cat", b"a.png,dog"))


IMAGES = np.zeros((4, 5, 5), np.uint8)

SOURCES: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "missing path": (lambda d: d / "gone", "There is nothing at /", "check the path"),
    "empty folder": (lambda d: d, "No images in", "it is empty"),
    "folder of text": (
        lambda d: folder(d, {"a.txt": b"x", "b.md": b"y", ".c": b"z"}),
        "2 not an image",
        "give a source that holds",
    ),
    "folder of HEIC": (
        lambda d: folder(d, {"a.heic": b"x"}), "image type not supported (.heic)", "JPEG, PNG"
    ),
    "folder of a zip": (
        lambda d: zipped(d / "x.zip", {"a.png": png(1)}).parent,
        "no images but 1 archives (the first is x.zip)",
        "give an archive itself",
    ),
    "empty file": (lambda d: file(d, "x.zip", b""), "x.zip is empty (0 bytes)", "copy or download"),
    "text file": (lambda d: file(d, "x.txt", b"hello\n"), "x.txt is text", "give a folder, a zip"),
    "unknown bytes": (
        lambda d: file(d, "x.bin", b"\1\0\2\3abc"), "of an unknown type (it begins with", "give a"
    ),
    "LFS": (
        lambda d: file(d, "x.parquet", b"version https://git-lfs.github.com/spec/v1\noid sha256:a"),
        "a pointer of Git LFS",
        "git lfs pull",
    ),
    "7z": (lambda d: file(d, "x.7z", b"7z\xbc\xaf\x27\x1c\0"), "a 7z archive", "unpack it"),
    "RAR": (lambda d: file(d, "x.rar", b"Rar!\x1a\7\0"), "a RAR archive", "unpack it"),
    "HDF5": (lambda d: file(d, "x.h5", b"\x89HDF\r\n\x1a\n"), "an HDF5 file", "numpy.savez"),
    "PDF": (lambda d: file(d, "x.pdf", b"%PDF-1.7\n"), "a PDF document", "as image files"),
    "pickle": (
        lambda d: file(d, "data_batch_1", pickle.dumps({"data": b"x"})), "a pickle", "numpy.savez"
    ),
    "npy": (
        lambda d: file(d, "x.npy", b"\x93NUMPY\1\0"), "a single NumPy array", "save it with"
    ),
    "empty zip": (lambda d: zipped(d / "x.zip", {}), "No images in x.zip", "it is empty"),
    "zip of text": (
        lambda d: zipped(d / "x.zip", {"a.txt": b"x"}), "1 not an image", "give a source"
    ),
    "cut zip": (
        lambda d: cut(zipped(d / "x.zip", {"a.png": png(1)})),
        "broken or cut-off zip",
        "make or download it again",
    ),
    "encrypted zip": (encrypted_zip, "is encrypted (all 2 images", "unpack it with its password"),
    "zip with broken labels": (
        broken_labels_zip, "labels.csv in x.zip cannot be read", "pack the zip again"
    ),
    "empty tar": (lambda d: tarred(d / "x.tar", {}), "No images in x.tar", "give a source"),
    "tar of text": (
        lambda d: tarred(d / "x.tar", {"a.txt": b"x"}), "1 not an image", "give a source"
    ),
    "gzip of text": (
        lambda d: file(d, "x.tar.gz", gzip.compress(b"hello" * 999)), "no tar", "make or download"
    ),
    "cut gzip": (
        lambda d: cut(tarred(d / "x.tgz", {"a.png": png(1)}, "w:gz"), 0.1), "no tar", "download"
    ),
    "parquet without images": (
        lambda d: parquet(d, text=["a"], n=[1]), "(columns: text, n)", "in a column named image"
    ),
    "parquet without rows": (
        lambda d: parquet(d, image=pa.array([], pa.binary())), "has 0 rows", "give a file"
    ),
    "cut parquet": (
        lambda d: cut(parquet(d, image=[b"x"])), "cut-off Parquet file", "make or download"
    ),
    "npz of objects": (
        lambda d: npz(d, images=np.array([{"a": 1}, None], object)),
        "holds Python objects",
        "save it as a uint8 array",
    ),
    "npz of floats": (
        lambda d: npz(d, images=np.zeros((4, 5, 5), np.float32)), "float32", "save it as uint8"
    ),
    "npz of one image": (
        lambda d: npz(d, images=np.zeros((5, 5), np.uint8)), "has the shape (5, 5)", "(n, height"
    ),
    "npz of two channels": (
        lambda d: npz(d, images=np.zeros((4, 5, 5, 2), np.uint8)), "(4, 5, 5, 2)", "1, 3 or 4"
    ),
    "npz of 0 images": (
        lambda d: npz(d, images=np.zeros((0, 5, 5), np.uint8)), "(0, 5, 5)", "give images as"
    ),
    "npz without images": (
        lambda d: npz(d, weights=np.zeros(3)), "(arrays: weights)", "as images=… in uint8"
    ),
    "npz in Fortran order": (
        lambda d: npz(d, images=np.asfortranarray(np.zeros((4, 5, 6), np.uint8))),
        "Fortran order",
        "ascontiguousarray",
    ),
    "npz with too few labels": (
        lambda d: npz(d, images=IMAGES, labels=np.zeros(3, int)),
        "4 images but there are 3 labels",
        "one label for each image",
    ),
    "npz with one-hot labels": (
        lambda d: npz(d, images=IMAGES, labels=np.zeros((4, 10))), "(4, 10)", "one number or text"
    ),
    "npz with labels of objects": (
        lambda d: npz(d, images=IMAGES, labels=np.array([None] * 4)), "object", "one number or text"
    ),
    "npz cut inside": (cut_npz, "is cut off", "make or download the file again"),
    "cut npz": (lambda d: cut(npz(d, images=IMAGES)), "cut-off npz", "make or download"),
    "cut IDX": (
        lambda d: cut(file(d, "x-images-idx3-ubyte", idx(IMAGES)), 0.9),
        "announces 116 bytes, 104 are there",
        "make or download",
    ),
    "cut gzipped IDX": (
        lambda d: cut(
            file(d, "x.gz", gzip.compress(idx(np.arange(9999, dtype=np.uint8).reshape(1, 99, 101))))
        ),
        "is cut off",
        "make or download",
    ),
    "IDX of floats": (
        lambda d: file(d, "x-idx3", struct.pack(">xxBBIII", 0x0D, 3, 1, 1, 1) + bytes(4)),
        "IDX type 0x0d",
        "save it as uint8",
    ),
    "IDX of labels": (
        lambda d: file(d, "x-idx1", idx(np.zeros(4, np.uint8))), "has the shape (4,)", "give images"
    ),
    "folder of IDX labels": (
        lambda d: file(d, "x-idx1-ubyte", idx(np.zeros(4, np.uint8))).parent,
        "labels but none of images",
        "put the images file",
    ),
    "IDX with too few labels": (
        lambda d: idx_with_labels(d, np.zeros(3, np.uint8)), "there are 3 labels", "give one label"
    ),
    "IDX with labels that are images": (
        lambda d: idx_with_labels(d, np.zeros((4, 1), np.uint8)), "(4, 1)", "of one dimension"
    ),
    "several IDX files": (several_idx, "several sets of images (a-images", "name one"),
}  # fmt: skip


@pytest.mark.parametrize("case", SOURCES)
def test_a_source_that_cannot_be_read(case: str, tmp_path: Path) -> None:
    make, what, advice = SOURCES[case]
    with pytest.raises(SourceError) as caught:
        open_source(make(tmp_path))
    check_sentence(caught.value)
    assert what in str(caught.value) and advice in str(caught.value), str(caught.value)


@pytest.mark.parametrize("files", [[], [("a.txt", b"x")], [("x.zip", b"PK")]])
def test_uploads_without_an_image(files: list[tuple[str, bytes | Path]]) -> None:
    with pytest.raises(SourceError, match="No images in the uploads") as caught:
        open_uploads(files)
    check_sentence(caught.value)
