"""What people really give that cannot be read: each gets one sentence that says what to do.

A source or a table that cannot be read at all raises SourceError. A single bad image is a status in
its own row.
"""

from __future__ import annotations

import gzip
import io
import pickle
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from gmv_core.errors import GMVError, SourceError
from gmv_core.images.decode import decode
from gmv_core.settings import IngestSettings
from gmv_core.sources.labels import read_labels
from gmv_core.sources.opening import open_source, open_uploads
from tests.sources.conftest import folder, idx, png, tarred, zipped

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def check_sentence(error: GMVError) -> None:
    """One sentence: what happened; what to do."""
    text = str(error)
    assert re.fullmatch(r"[A-Z\w/].*; [a-z].*\.", text), text
    assert "\n" not in text and not re.search(r"\. [A-Z]", text), text


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


def encoded(kind: str, mode: str = "RGB", size: tuple[int, int] = (50, 40)) -> bytes:
    data = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(noise).convert(mode).save(data, kind)
    return data.getvalue()


def png_of(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + encoded("PNG")[33:]


def webp_of(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sides
    return b"RIFF" + struct.pack("<I", len(body)) + body


def floats(value: float) -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.full((4, 4), value, np.float32)).save(data, "TIFF")
    return data.getvalue()


PICTURES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "0 bytes"),
    "text": (b"hello, this is no picture", "not an image"),
    "one byte": (b"\xff", "not an image"),
    "HTML saved as a picture": (b"<!DOCTYPE html><html>", "not an image"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
    "HEIC": (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "HEIC is not supported"),
    "only a JPEG mark": (b"\xff\xd8\xff", "cut off after 3 bytes"),
    "half a JPEG": (encoded("JPEG")[:900], "cut off after 900 bytes"),
    "a JPEG header": (encoded("JPEG")[:30], "cut off after 30 bytes"),
    "half a PNG": (encoded("PNG")[:3412], "cut off after 3,412 bytes"),
    "half a WebP": (encoded("WEBP")[:700], "cut off after 700 bytes"),
    "half a BMP": (encoded("BMP")[:2000], "cut off after 2,000 bytes"),
    "half a TIFF": (encoded("TIFF")[:2000], "cut off after 2,000 bytes"),
    "half a GIF": (encoded("GIF")[:1200], "cut off after 1,200 bytes"),
    "half a PPM": (b"P6\n50 50\n255\n" + bytes(99), "cut off after 112 bytes"),
    "a damaged PNG": (
        encoded("PNG").replace(b"IDAT", b"IDAX"), "broken PNG file"
    ),
    "a BMP by name only": (b"BM is how this letter begins, and then it goes on", "not an image"),
    "wide PNG": (png_of(14_560, 14_560), "14,560 × 14,560 = 212 megapixels, more than the limit"),
    "a PNG of 4 billion": (png_of(2**31 - 1, 2**31 - 1), "more than the limit of 200"),
    "wide WebP": (webp_of(16_384, 16_384), "268 megapixels, more than the limit of 200"),
    "PNG without width": (png_of(0, 10), "width or height of 0"),
    "PPM without height": (b"P5\n5 0\n255\n", "broken PPM file"),
    "wide PPM": (b"P5\n99999 99999\n255\n", "10,000 megapixels, more than the limit of 200"),
    "no numbers": (floats(float("nan")), "no finite pixel value"),
}  # fmt: skip


@pytest.mark.parametrize("case", PICTURES)
def test_a_picture_that_cannot_be_read(case: str) -> None:
    data, reason = PICTURES[case]
    result = decode(data, IngestSettings())
    assert reason in result.status, result.status
    assert "\n" not in result.status and len(result.status) < 200
    assert (result.size_bytes, result.pixels, result.preview) == (len(data), None, b"")
    assert len(result.sha256) == 64


TABLES: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "is empty", "give a CSV with a header"),
    "blank": (b"\xef\xbb\xbf \r\n\n", "is empty", "give a CSV with a header"),
    "header only": (b"name,label\n", "header but no rows", "add one row for each image"),
    "no header": (b"a.png,cat\nb.png,dog\n", "(columns: a.png, cat)", "call it name"),
    "other columns": (b"weight;title\n1;x\n", "(columns: weight, title)", "call it name"),
    "spreadsheet": (b"PK\x03\x04xl/workbook.xml", "is a spreadsheet", "save it as CSV"),
    "old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1", "is a spreadsheet", "save it as CSV"),
    "binary": (b"name,label\n\0\1\2", "is a binary file", "save the table as CSV"),
    "too many cells": (
        b"name,label\na.png,cat\nb.png,cat, dog\n", "3 cells in row 3 but 2 columns", '"quotes"'
    ),
    "contradiction": (
        b"name,label\na.png,cat\nb.png,x\na.png,dog\n",
        "two different things of 1 names (the first is 'a.png')",
        "keep one row for each image",
    ),
    "column twice": (b"name,label,Label\na,b,c\n", "column 'label' twice", "rename or remove one"),
    "endless cell": (
        b'name,label\na.png,"' + b"x" * 200_000 + b"\n", "broken near line", "save it as CSV again"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_a_table_that_cannot_be_read(case: str) -> None:
    content, what, advice = TABLES[case]
    with pytest.raises(SourceError) as caught:
        read_labels(content)
    check_sentence(caught.value)
    assert what in str(caught.value) and advice in str(caught.value), str(caught.value)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone.csv cannot be read .*; check the path") as caught:
        read_labels(tmp_path / "gone.csv")
    check_sentence(caught.value)
