"""Which kind of image some bytes are, its size by the header, and whether its end is missing."""

from __future__ import annotations

import re
import struct
from functools import cache
from importlib.util import find_spec

_MAGICS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # BigTIFF
    (b"MM\0+", "TIFF"),
)


# Numbers as text (P1 to P3) begin with one, or a comment: two letters could begin any text.
_NETPBM = re.compile(rb"P[456]\s|P[123]\s+[\d#]")
# By the brand of an ISO media file, which stands behind "ftyp".
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys(
        (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"
    ),
}
# What is an image, a film or a document, but is not read.
_FOREIGN = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"8BPS", "Photoshop"),
    (b"\x1aE\xdf\xa3", "Matroska"),
    (b"\0\0\1\0", "icon"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"%PDF", "PDF"),
    (b"qoif", "QOI"),
    (b"DDS ", "DDS"),
    (b"P7\n", "PAM"),
    (b"PF\n", "PFM"),
    (b"Pf\n", "PFM"),
)
# What lies under an image's name where a download went wrong.
_OTHERS = (
    (b"version https://git-lfs", "not an image but a pointer of Git LFS: run git lfs pull"),
    (b"<!doctype html", "not an image but a web page"),
    (b"<html", "not an image but a web page"),
    (b"<svg", "SVG is not supported"),
    (b"<?xml", "not an image but XML"),
)


def foreign_kind(head: bytes) -> str:
    """Return what some bytes are that is no supported type of image, "" for nothing known."""
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "film")
    return next((kind for magic, kind in _FOREIGN if head.startswith(magic)), "")


def other_kind(data: bytes) -> str:
    """Return in words what some bytes are that lie under an image's name, "" for nothing known."""
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((words for magic, words in _OTHERS if start.startswith(magic)), "")


def image_kind(head: bytes) -> str:
    """Return the image type that the first 16 bytes announce, or "" for no supported one."""
    for magic, kind in _MAGICS:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    # Two letters alone could begin a text: a BMP's info header is shorter than 256 bytes.
    if head[:2] == b"BM" and head[15:16] == b"\0":
        return "BMP"
    if head[4:8] == b"ftyp":
        kind = _BRANDS.get(head[8:12], "")
        return kind if kind == "AVIF" or reads_heic() else ""
    return "PPM" if _NETPBM.match(head) else ""


@cache
def reads_heic() -> bool:
    """Whether the package pillow-heif is there, which is no requirement of ours."""
    return find_spec("pillow_heif") is not None


def header_size(data: bytes, kind: str) -> tuple[int, int] | None:
    """Read width and height where they stand at a fixed place; None for the other types."""
    if len(data) < 30:
        return None
    if kind == "PNG":
        return struct.unpack_from(">II", data, 16)
    if kind == "GIF":
        return struct.unpack_from("<HH", data, 6)
    if kind == "WebP":
        if data[12:16] == b"VP8X":
            wide, high = data[24:27] + b"\0", data[27:30] + b"\0"
            return struct.unpack("<I", wide)[0] + 1, struct.unpack("<I", high)[0] + 1
        if data[12:16] == b"VP8L":
            bits = struct.unpack_from("<I", data, 21)[0]
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def lacks_end(data: bytes, kind: str) -> bool:
    """Whether the mark that ends a file of this type is missing."""
    if kind == "JPEG":
        return b"\xff\xd9" not in data[-64:]
    if kind == "PNG":
        return b"IEND" not in data[-64:]
    if kind == "WebP":
        return len(data) < 12 or len(data) < struct.unpack_from("<I", data, 4)[0] + 8
    return kind == "BMP" and len(data) >= 6 and len(data) < struct.unpack_from("<I", data, 2)[0]
