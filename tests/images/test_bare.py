"""A preview holds the picture and nothing else, whatever carried the rest, pixel for pixel."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from gmv_core.images.bare import bare
from gmv_core.images.decode import decode
from gmv_core.images.kinds import image_kind
from gmv_core.settings import IngestSettings

SECRET = b"52 degrees north, by Ada"


def picture(mode: str = "RGB", side: int = 90) -> Image.Image:
    rough = np.random.default_rng(3).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(rough).resize((side, side), Image.Resampling.BICUBIC).convert(mode)


def encoded(kind: str, *, image: Image.Image | None = None, **options: object) -> bytes:
    file = io.BytesIO()
    (image or picture()).save(file, kind, **options)
    return file.getvalue()


def segment(number: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, number, len(body) + 2) + body


def in_jpeg(number: int, before: bytes = b"") -> bytes:
    data = encoded("JPEG")
    return data[:2] + segment(number, before + SECRET) + data[2:]


def in_png(name: bytes, body: bytes = SECRET, *, late: bool = False) -> bytes:
    data = encoded("PNG")
    at = len(data) - 12 if late else 33
    crc = zlib.crc32(name + body)
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)
    return data[:at] + chunk + data[at:]


def in_webp(name: bytes, *, lossless: bool) -> bytes:
    data = encoded("WEBP", lossless=lossless)
    body = data[12:] + name + struct.pack("<I", len(SECRET)) + SECRET
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def with_thumbnail() -> bytes:
    """A JFIF header with a thumbnail of 3 × 3 pixels, which spell the secret."""
    data = encoded("JPEG")
    body = b"JFIF\0\x01\x02\0\0\x01\0\x01\x03\x03" + SECRET.ljust(27)
    return data[:2] + segment(0xE0, body) + data[20:]


def exif() -> Image.Exif:
    told = Image.Exif()
    told[0x010E] = SECRET.decode()
    return told


def with_tables(marker: int, table: bytes) -> bytes:
    """A table of a number that no scan refers to."""
    data = encoded("JPEG")
    return data[:2] + segment(marker, table) + data[2:]


def behind_rows(at: Callable[[bytes], int], **options: object) -> bytes:
    """Bytes behind coded pixels, where a decoder passes over them. at: their place in a JPEG."""
    data = encoded("JPEG", **options)
    return data[: at(data)] + SECRET + data[at(data) :]


def first_scan_end(data: bytes) -> int:
    at = data.index(b"\xff\xda")
    while data[at := data.index(b"\xff", at + 1)] == 0xFF and data[at + 1] == 0:
        pass
    return at


def in_rows_of_webp(*, lossless: bool) -> bytes:
    data = encoded("WEBP", lossless=lossless)
    (length,) = struct.unpack_from("<I", data, 16)
    body = data[20 : 20 + length] + SECRET
    chunk = data[12:16] + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def png_of(colour: int, palette: bytes) -> bytes:
    """A PNG of noise in 6 colours (colour type 3) or RGB (2), with a palette."""
    shape = (30, 30) if colour == 3 else (30, 30, 3)
    rows = np.random.default_rng(1).integers(0, 6, shape, dtype=np.uint8)
    lines = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    head = struct.pack(">IIBBBBB", 30, 30, 8, colour, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", lines), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def text() -> PngInfo:
    info = PngInfo()
    info.add_text("parameters", SECRET.decode())
    return info


def profile() -> bytes:
    """sRGB's, with the secret behind it, where no reader looks."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + SECRET


def in_idat() -> bytes:
    """Compressed rows behind those that the header announces."""
    rows = b"".join(b"\0" + bytes(row) for row in np.asarray(picture()))
    data = encoded("PNG")
    body = zlib.compress(rows + SECRET, 0)
    chunk = struct.pack(">I", len(body)) + b"IDAT" + body
    return data[:33] + chunk + struct.pack(">I", zlib.crc32(b"IDAT" + body)) + data[-12:]


CARRIERS: dict[str, Callable[[], bytes]] = {
    "IPTC in APP13": lambda: in_jpeg(0xED, b"Photoshop 3.0\0"),
    "C2PA in APP11": lambda: in_jpeg(0xEB, b"JP"),
    "Picture info in APP12": lambda: in_jpeg(0xEC, b"Ducky"),
    "APP5": lambda: in_jpeg(0xE5),
    "a second APP0": lambda: in_jpeg(0xE0, b"AVI1"),
    "a long Adobe segment": lambda: in_jpeg(0xEE, b"Adobe\0d\0\0\0\0\x01"),
    "JPEG comment": lambda: in_jpeg(0xFE),
    "JPEG thumbnail": with_thumbnail,
    "JPEG EXIF": lambda: encoded("JPEG", exif=exif()),
    "JPEG XMP": lambda: encoded("JPEG", xmp=SECRET),
    "JPEG profile": lambda: encoded("JPEG", icc_profile=profile()),
    "after the end of a JPEG": lambda: encoded("JPEG") + SECRET,
    "a picture after a progressive JPEG": lambda: encoded("JPEG", progressive=True) + in_jpeg(0xFE),
    "a quantization table that is not used": lambda: with_tables(0xDB, b"\x03" + SECRET.ljust(64)),
    "a Huffman table that is not used": lambda: with_tables(
        0xC4, b"\x13" + bytes([0] * 7 + [len(SECRET)] + [0] * 8) + SECRET
    ),
    "behind the rows of a JPEG": lambda: behind_rows(lambda data: len(data) - 2),
    "behind the rows of a progressive JPEG": lambda: behind_rows(
        lambda data: len(data) - 2, progressive=True
    ),
    "behind a scan": lambda: behind_rows(first_scan_end, progressive=True),
    "before a restart": lambda: behind_rows(
        lambda data: data.index(b"\xff\xd0"), restart_marker_rows=1
    ),
    "behind the rows of a WebP": lambda: in_rows_of_webp(lossless=False),
    "behind the rows of a lossless WebP": lambda: in_rows_of_webp(lossless=True),
    "colours of a palette that are not used": lambda: png_of(3, bytes(range(18)) + SECRET),
    "a palette beside colours": lambda: png_of(2, SECRET),
    "PNG text": lambda: encoded("PNG", pnginfo=text()),
    "PNG text after the rows": lambda: in_png(b"tEXt", b"prompt\0" + SECRET, late=True),
    "PNG EXIF": lambda: encoded("PNG", exif=exif()),
    "C2PA in caBX": lambda: in_png(b"caBX"),
    "a private chunk": lambda: in_png(b"prVt"),
    "PNG profile": lambda: encoded("PNG", icc_profile=profile()),
    "after the end of a PNG": lambda: encoded("PNG") + SECRET,
    "rows below a PNG": in_idat,
    "WebP EXIF": lambda: encoded("WEBP", exif=exif()),
    "WebP XMP": lambda: encoded("WEBP", lossless=True, xmp=SECRET),
    "WebP profile": lambda: encoded("WEBP", lossless=True, icc_profile=profile()),
    "an unknown chunk": lambda: in_webp(b"PRVT", lossless=True),
    "an unknown chunk beside lossy rows": lambda: in_webp(b"PRVT", lossless=False),
    "after the end of a WebP": lambda: encoded("WEBP") + SECRET,
}


def shown(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_nothing_beside_the_picture_is_kept_and_hardly_a_pixel_changes(carrier: str) -> None:
    data = CARRIERS[carrier]()
    result = decode(data, IngestSettings())
    assert result.status == "ok" and result.pixels is not None
    difference = np.abs(result.pixels.astype(int) - shown(data).astype(int))
    assert difference.max() <= (8 if "behind" in carrier or "restart" in carrier else 0)
    assert difference.mean() <= 1
    assert np.array_equal(shown(result.preview), result.pixels)
    for part in (SECRET, SECRET[:8], b"profile", b"acsp", b"Exif"):
        assert part not in result.preview


PLAIN = {
    "JPEG": encoded("JPEG"),
    "progressive JPEG": encoded("JPEG", progressive=True),
    "grey JPEG": encoded("JPEG", image=picture("L")),
    "JPEG with restarts": encoded("JPEG", restart_marker_rows=1),
    "JPEG in RGB": encoded("JPEG", keep_rgb=True),
    "PNG": encoded("PNG"),
    "PNG of 16 colours": encoded("PNG", image=picture().quantize(16)),
    "grey PNG": encoded("PNG", image=picture("L")),
    "WebP": encoded("WEBP"),
    "lossless WebP": encoded("WEBP", lossless=True),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_bare_file_stays_as_it_is(name: str) -> None:
    data = PLAIN[name]
    assert bare(data, image_kind(data)) is data


@pytest.mark.parametrize("length", [7, 13, 14])
def test_a_short_jfif_header_is_none(
    length: int,
) -> None:
    rgb = encoded("JPEG", keep_rgb=True)
    rgb = rgb[:2] + rgb[rgb.index(b"\xff\xdb") :]  # by JFIF these colours are YCbCr, else RGB
    data = rgb[:2] + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"[:length]) + rgb[2:]
    assert np.array_equal(shown(data), shown(rgb)) == (length < 14)
    made = bare(data, "JPEG")
    assert made is not None and np.array_equal(shown(made), shown(data))


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_made_of_damaged_bytes_decodes_to_the_same_pixels_or_nothing_is(name: str) -> None:
    data, random, made_of = PLAIN[name], np.random.default_rng(11), 0
    for _ in range(200):
        bad = bytearray(data)
        for at in random.integers(2, len(bad), 3):
            bad[at] = random.integers(256)
        made = bare(bytes(bad), image_kind(bytes(bad)))
        if made is None or decode(bytes(bad), IngestSettings()).status != "ok":
            continue
        made_of += 1
        assert np.array_equal(shown(made), shown(bytes(bad)))
    assert made_of > 0 or "PNG" in name  # a PNG's checksums find every change
