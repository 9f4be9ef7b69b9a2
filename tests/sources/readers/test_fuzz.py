"""Damaged files of every kind that is read: each ends in images, rows with a reason, a sentence.

Seeded mutations of small sound files: flipped bytes, cuts, repeats, numbers made large, parts of
one in another. MUTATIONS of each kind are 5,400 in all; set GMV_FUZZ for more.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from gmv_core.errors import GMVError
from gmv_core.images.decode import decode
from gmv_core.images.glimpse import glimpse
from gmv_core.settings import IngestSettings
from gmv_core.sources.labels import labels_for
from gmv_core.sources.opening import open_source
from gmv_core.sources.survey import survey
from gmv_core.sources.tables.label_table import read_labels
from gmv_core.types import OK
from tests.sources.conftest import idx, png, tarred, zipped

pytestmark = [
    pytest.mark.fuzz,
    pytest.mark.filterwarnings("ignore"),  # Pillow's, of what is broken
]
MUTATIONS = int(os.environ.get("GMV_FUZZ", "200"))
TABLE = b"name,label,owner\ncat/a.png,cat,Ada\ncat/b.png,dog,\n"
FILES = {
    "cat/a.png": png(1),
    "cat/a.json": json.dumps({"label": "cat", "owner": "Ada"}).encode(),
    "cat/b.png": png(2),
    "cat/b.txt": b"a caption",
    "labels.csv": TABLE,
}


def picture(kind: str, **options: object) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, kind, **options)
    return file.getvalue()


def written(write: Callable[[Path], object], folder: Path) -> bytes:
    path = folder / "base"
    write(path)
    return path.read_bytes()


def arrays(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, images=np.zeros((4, 8, 8, 3), np.uint8), labels=np.arange(4))


def table(path: Path) -> None:
    cells = [{"bytes": png(i), "path": f"{i}.png"} for i in range(4)]
    pq.write_table(pa.table({"image": cells, "label": [0, 1, 0, 1], "split": ["x"] * 4}), path)


SOURCES: dict[str, Callable[[Path], bytes]] = {
    "zip": lambda d: written(lambda path: zipped(path, FILES), d),
    "tar": lambda d: written(lambda path: tarred(path, FILES), d),
    "tar.gz": lambda d: written(lambda path: tarred(path, FILES, "w:gz"), d),
    "tar.xz": lambda d: written(lambda path: tarred(path, FILES, "w:xz"), d),
    "parquet": lambda d: written(table, d),
    "npz": lambda d: written(arrays, d),
    "idx": lambda d: idx(np.zeros((4, 6, 6), np.uint8)),
    "idx.gz": lambda d: gzip.compress(idx(np.zeros((4, 6, 6), np.uint8))),
}
PICTURES = {
    "png": picture("PNG"),
    "png, palette": picture("PNG", bits=4),
    "jpeg": picture("JPEG", quality=90),
    "jpeg, progressive": picture("JPEG", progressive=True),
    "webp": picture("WEBP"),
    "webp, lossless": picture("WEBP", lossless=True),
    "gif": picture("GIF"),
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "tiff, packed": picture("TIFF", compression="tiff_deflate"),
    "ppm": picture("PPM"),
    "avif": picture("AVIF"),
}
TABLES = {
    "csv": TABLE,
    "semicolons": b"sep=;\n" + TABLE.replace(b",", b";"),
    "utf-16": TABLE.decode().encode("utf-16"),
    "cp1251": TABLE.replace(b"dog", "кот".encode("cp1251")),
    "celeba": b"2\nSmiling Male\ncat/a.png 1 -1\ncat/b.png -1 1\n",
    "json lines": b'{"file_name": "cat/a.png", "label": "x"}\n{"file_name": "cat/b.png"}\n',
    "stylegan": b'{"labels": [["cat/a.png", 1], ["cat/b.png", [0, 1]]]}',
}


def mutations(data: bytes, seed: str) -> Iterator[bytes]:
    """Yield MUTATIONS damaged copies, the same ones each time."""
    dice = random.Random(seed)
    for _ in range(MUTATIONS):
        made = bytearray(data)
        for _ in range(dice.choice((1, 1, 2, 5, 20))):
            at = dice.randrange(len(made)) if made else 0
            how = dice.randrange(6)
            if how == 0 and made:
                made[at] ^= 1 << dice.randrange(8)
            elif how == 1:
                made[at : at + 4] = dice.choice(
                    (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\x80")
                )
            elif how == 2:
                made = made[: max(1, at)]
            elif how == 3:
                made[at:at] = dice.randbytes(dice.randrange(1, 40))
            elif how == 4:
                del made[at : at + dice.randrange(1, 40)]
            else:
                start = dice.randrange(len(data))
                made[at:at] = data[start : start + dice.randrange(1, 400)]
        yield bytes(made)


def check_sentence(error: GMVError) -> None:
    text = str(error)
    assert text and text.isprintable() and len(text) < 2_000, text


@pytest.mark.parametrize("kind", SOURCES)
def test_a_damaged_source(kind: str, tmp_path: Path) -> None:
    path, data = tmp_path / f"x.{kind}", SOURCES[kind](tmp_path)
    opened = 0
    for made in mutations(data, kind):
        path.write_bytes(made)
        try:
            source = open_source(path)
            labels = labels_for(source)
            survey(source, labels)
            images = list(source.read())
        except GMVError as error:
            check_sentence(error)
            continue
        opened += 1
        assert len({image.name for image in images}) == len(images)
        assert source.total in (None, len(images))
        for image in images:
            assert not (image.error and image.data)
            assert decode(image.data, IngestSettings()).status
    assert opened, "some of them must be read"


@pytest.mark.parametrize("kind", PICTURES)
def test_a_damaged_picture(kind: str) -> None:
    for made in mutations(PICTURES[kind], kind):
        found = decode(made, IngestSettings(max_pixels=4_000_000))
        assert (found.pixels is not None) == (found.status == OK)
        assert found.size_bytes == len(made)
        assert found.status.isprintable() and len(found.status) < 400
        glimpse(made)


@pytest.mark.parametrize("kind", TABLES)
def test_a_damaged_table(kind: str) -> None:
    read = 0
    for made in mutations(TABLES[kind], kind):
        for names in (None, ["cat/a.png", "cat/b.png"]):
            try:
                rows = read_labels(made, names).by_place
            except GMVError as error:
                check_sentence(error)
            else:
                read += bool(rows)
    assert read, "some of them must be read"
