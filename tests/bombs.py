"""Small files that unpack to very much, and honest ones that are large: written in seconds."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tests.fakes import draw, png, write_images

MB = 1_000_000
GB = 1000 * MB


@cache
def zeros_gz(size_mb: int = 64) -> bytes:
    return gzip.compress(bytes(size_mb * MB), 1)


def write_zeros(file: object, size_bytes: int) -> None:
    block = bytes(16 * MB)
    for start in range(0, size_bytes, len(block)):
        file.write(block[: size_bytes - start])  # type: ignore[attr-defined]


def sparse_tar(folder: Path) -> Path:
    """Six members of 900 MB of which 512 bytes are there, then an honest one."""
    with tarfile.open(folder / "x.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        for number in range(6):
            holes = tarfile.TarInfo(f"{number}.png")
            holes.size = 512
            holes.pax_headers = {
                "GNU.sparse.map": "0,512",
                "GNU.sparse.size": str(900 * MB),
                "GNU.sparse.name": f"{number}.png",
            }
            archive.addfile(holes, io.BytesIO(png(draw(number))[:512].ljust(512)))
        data = png(draw(9))
        fine = tarfile.TarInfo("fine.png")
        fine.size = len(data)
        archive.addfile(fine, io.BytesIO(data))
    return folder / "x.tar"


def pax_tar(folder: Path) -> Path:
    """A header of 3 GB before the first member."""
    head = tarfile.TarInfo("././@PaxHeader")
    head.type, head.size = tarfile.XHDTYPE, 3 * GB
    path = folder / "x.tar.gz"
    with path.open("wb") as file:
        file.write(gzip.compress(head.tobuf(tarfile.USTAR_FORMAT)))
        for _ in range(3 * GB // (64 * MB)):
            file.write(zeros_gz())
    return path


def npz_labels(folder: Path) -> Path:
    """Four labels of 100 million letters."""
    path = folder / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("images.npy", "w") as file:
            np.lib.format.write_array(file, np.stack([draw(i) for i in range(4)]))
        with archive.open("labels.npy", "w", force_zip64=True) as file:
            head = {"descr": "<U100000000", "fortran_order": False, "shape": (4,)}
            np.lib.format.write_array_header_1_0(file, head)
            write_zeros(file, 16 * 100 * MB)
    return path


def npz_image(folder: Path) -> Path:
    """One image of 1.2 GB."""
    path = folder / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("images.npy", "w", force_zip64=True) as file:
            head = {"descr": "|u1", "fortran_order": False, "shape": (1, 20_000, 20_000, 3)}
            np.lib.format.write_array_header_1_0(file, head)
            write_zeros(file, 1200 * MB)
    return path


def npz_header(folder: Path) -> Path:
    """An array whose header announces 1 GB, and has them."""
    path = folder / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("images.npy", "w", force_zip64=True) as file:
            file.write(b"\x93NUMPY\x02\0" + struct.pack("<I", GB))
            write_zeros(file, GB)
    return path


def parquet_values(folder: Path) -> Path:
    """64 rows that share one value of 100 MB."""
    value = pa.DictionaryArray.from_arrays(
        pa.array([0] * 64, pa.int32()), pa.array([bytes(100 * MB)], pa.large_binary())
    )
    pq.write_table(pa.table({"image": value}), folder / "x.parquet", compression="zstd")
    return folder / "x.parquet"


def parquet_pages(folder: Path) -> Path:
    """Plain pages of 600 MB, packed to a few KB."""
    values = pa.array([bytes(100 * MB)] * 6, pa.large_binary())
    pq.write_table(
        pa.table({"image": values}), folder / "x.parquet", compression="zstd", use_dictionary=False,
        data_page_size=GB,
    )  # fmt: skip
    return folder / "x.parquet"


def zip_members(folder: Path) -> Path:
    """Four members of 900 MB, each packed to a little more than a 200th."""
    return _zip(folder / "x.zip", members=4, random_bytes=4_600_000, zeros=900 * MB)


def zip_dense(folder: Path) -> Path:
    """Eight members of 240 MB that unpack to 120 times their size: under every ratio."""
    return _zip(folder / "x.zip", members=8, random_bytes=1_000_000, zeros=240 * MB)


def _zip(path: Path, *, members: int, random_bytes: int, zeros: int) -> Path:
    """Write pictures with what does not pack and what packs to nothing behind them."""
    random = np.random.default_rng(0).bytes(random_bytes)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in range(members):
            with archive.open(f"{name}.png", "w", force_zip64=True) as file:
                file.write(png(draw(name)) + random)
                write_zeros(file, zeros)
    return path


def png_rgba(folder: Path) -> Path:
    """Two pictures of 196 megapixels with alpha, near the limit, packed to 800 KB each."""
    folder = folder / "images"
    folder.mkdir()
    side = 14_000

    def chunk(name: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)

    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes((1 + 4 * side) * 500)) for _ in range(side // 500))
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", rows + packer.flush()) + chunk(b"IEND", b"")
    for name in "ab":
        (folder / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return folder


def webp_canvas(folder: Path) -> Path:
    """Two empty canvases of 177 megapixels, of 38 bytes each."""
    folder = folder / "images"
    folder.mkdir()
    for name in "ab":
        canvas = Image.new("RGB", (13_300, 13_300))
        canvas.save(folder / f"{name}.webp", lossless=True, quality=0, method=0)
    return folder


def jpeg_progressive(folder: Path) -> Path:
    """Two progressive JPEGs that announce 196 megapixels, each read by a thread of its own."""
    folder = folder / "images"
    folder.mkdir()
    file = io.BytesIO()
    Image.fromarray(draw(0)).save(file, "JPEG", progressive=True, subsampling=0)
    data = file.getvalue()
    at = data.index(b"\xff\xc2") + 5
    for name in "ab":
        size = struct.pack(">HH", 14_000, 14_000)
        (folder / f"{name}.jpg").write_bytes(data[:at] + size + data[at + 4 :] + bytes(8 * MB))
    return folder


def wide_table(folder: Path) -> Path:
    """A table of 2,000 columns and 30,000 rows that have one cell each."""
    folder = write_images(folder / "images", 2)
    titles = ",".join(["name", *(f"c{number}" for number in range(1_999))])
    rows = "".join(f"{number:04d}.png\n" for number in range(30_000))
    (folder / "labels.csv").write_text(f"{titles}\n{rows}")
    return folder


def long_table(folder: Path) -> Path:
    """A table of a million names."""
    folder = write_images(folder / "images", 2)
    (folder / "labels.csv").write_text(
        "name\n" + "".join(f"{number:07d}\n" for number in range(1_000_000)) + "0000.png\n"
    )
    return folder


def zip_tables(folder: Path) -> Path:
    """Twenty tables of 49 MB, nearly all blank lines."""
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(20):
            archive.writestr(f"{number}/{number}.png", png(draw(number)))
            with archive.open(f"{number}/metadata.csv", "w") as file:
                file.write(b"file_name,label\nx.png,a\n" + b"\n" * 49 * MB)
    return folder / "x.zip"


def many_tiffs(folder: Path) -> Path:
    """256 TIFF files of 20 MB each: honest, and on the disk only once."""
    folder = folder / "images"
    folder.mkdir()
    Image.fromarray(np.tile(draw(0), (109, 109, 1))).save(folder / "000.tif")
    for i in range(1, 256):
        os.link(folder / "000.tif", folder / f"{i:03d}.tif")
    return folder


BOMBS: dict[str, Callable[[Path], Path]] = {
    write.__name__: write
    for write in (sparse_tar, pax_tar, npz_labels, npz_image, npz_header, parquet_values,
                  parquet_pages, zip_members, zip_dense, zip_tables, png_rgba, webp_canvas,
                  jpeg_progressive, wide_table, long_table)
}  # fmt: skip
HONEST: dict[str, Callable[[Path], Path]] = {"many_tiffs": many_tiffs}
