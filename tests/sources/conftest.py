"""Sources as users give them: folders, archives and arrays, written from names and bytes."""

from __future__ import annotations

import io
import json
import re
import struct
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from gmv_core.errors import GMVError
from gmv_core.images.decode import decode
from gmv_core.settings import IngestSettings
from gmv_core.sources.source import Source
from gmv_core.types import SourceImage


def png(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (6, 4), (level, 10, 20)).save(file, "PNG")
    return file.getvalue()


def folder(root: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, files: Mapping[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">xxBB{array.ndim}I", 8, array.ndim, *array.shape) + array.tobytes()


def check_sentence(error: GMVError) -> None:
    """One sentence: what happened; what to do."""
    text = str(error)
    assert re.fullmatch(r"[A-Z\w/].*; [a-z].*\.", text), text
    assert "\n" not in text and not re.search(r"\. [A-Z]", text), text


TREE = {"cat/a.png": png(1), "cat/b.JPG": png(2), "dog/deep/c.png": png(3), "d.png": png(4)}
ORDER = ["cat/a.png", "cat/b.JPG", "d.png", "dog/deep/c.png"]
LABELS = ["cat", "cat", "", "deep"]
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
