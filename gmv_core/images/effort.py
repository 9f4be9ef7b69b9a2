"""What decoding takes beyond a file's bytes: many small files announce very much of it.

Measured with the libraries that decode: several hold more than one copy of a picture. JPEG: ITU-T
T.81, annex B.
"""

from __future__ import annotations

import re
import struct
from typing import Any

from PIL import ImageFile

from gmv_core.images.rgb import Rejected

_MAX_SCANS = 100  # of a JPEG: ten are usual, and each passes over the whole picture
_MAX_HELD_BYTES = 1_250_000_000  # as an RGB picture of 200 megapixels takes in three full channels
_MAX_TILE_BYTES = 64_000_000
_PIXEL_BYTES = 4  # that Pillow takes for a pixel in colour
_OF_KIND = {"WebP": 16, "AVIF": 14, "HEIC": 14}
_OF_MODE = {"I": 9, "F": 9, "I;16": 6, "I;16B": 6}  # with a copy, and 8 bits made of it
_COEFFICIENT_BYTES, _BLOCK = 2, 8
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_FRAMES = tuple(code for code in range(0xC0, 0xD0) if code not in (0xC4, 0xC8, 0xCC))
_SCAN, _END = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])", re.DOTALL)
_TILE_WIDTH, _TILE_HEIGHT, _STRIP_ROWS, _BITS, _SAMPLES = 322, 323, 278, 258, 277  # tags of TIFF


def pixels_bytes(size: tuple[int, int], kind: str, mode: str = "") -> int:
    """Return what the pixels of a picture take while it is decoded."""
    return size[0] * size[1] * _OF_KIND.get(kind, _OF_MODE.get(mode, _PIXEL_BYTES))


def working_bytes(image: ImageFile.ImageFile, data: bytes, kind: str) -> int:
    """Return what decoding holds besides pixels; raise Rejected for parts that no camera writes."""
    if kind == "JPEG":
        scans, held_bytes = jpeg_effort(data)
        if scans > _MAX_SCANS:
            raise Rejected(f"{scans:,} scans of the picture, more than the limit of {_MAX_SCANS}")
        return held_bytes
    if kind == "TIFF" and any(tile[0] == "libtiff" for tile in image.tile):
        tile, strip = _tile_bytes(getattr(image, "tag_v2", {}), image.size)
        if tile > _MAX_TILE_BYTES:
            raise Rejected(f"tiles of {tile:,} bytes, more than the limit of {_MAX_TILE_BYTES:,}")
        return tile + strip
    return 0


def checked_bytes(held_bytes: int) -> int:
    """Return what decoding holds; raise Rejected where that is too much."""
    if held_bytes > _MAX_HELD_BYTES:
        raise Rejected(
            f"takes {held_bytes:,} bytes to decode, more than the limit of {_MAX_HELD_BYTES:,}"
        )
    return held_bytes


def jpeg_effort(data: bytes) -> tuple[int, int]:
    """Return how many scans a JPEG has, and the bytes of coefficients held until the last one.

    0 bytes where one scan has all channels: it is decoded row by row. What is damaged is looked at
    as far as it goes.
    """
    scans, held_bytes, channels, at = 0, 0, 0, 2
    while found := _MARKER.search(data, at):
        code, at = found[1][0], found.end()
        if code == _END or at + 2 > len(data):
            break
        (length,) = struct.unpack_from(">H", data, at)
        body = data[at + 2 : at + length]
        if code in _FRAMES and len(body) >= 6:
            channels = body[5]
            held_bytes = _coefficient_bytes(body)
            is_progressive = code in _PROGRESSIVE
        elif code == _SCAN:
            if not scans and channels and not is_progressive and body[:1] == bytes([channels]):
                return 1, 0
            scans += 1
        at += length
    return scans, held_bytes


def _coefficient_bytes(frame: bytes) -> int:
    """Return what all coefficients of a frame take. frame: the body of its segment."""
    _, height, width, channels = struct.unpack_from(">BHHB", frame)
    sampling = [frame[at] for at in range(7, min(len(frame), 6 + 3 * channels), 3)]
    across, down = [max(1, one >> 4) for one in sampling], [max(1, one & 15) for one in sampling]
    blocks: int = sum(
        -(-width * h // (max(across) * _BLOCK)) * -(-height * v // (max(down) * _BLOCK))
        for h, v in zip(across, down, strict=True)
    )
    return blocks * _BLOCK * _BLOCK * _COEFFICIENT_BYTES


def _tile_bytes(tags: Any, size: tuple[int, int]) -> tuple[int, int]:  # noqa: ANN401
    """Return what one tile and one strip of a packed TIFF take, 0 for what it has not.

    tags: Pillow's directory of it.
    """
    bits = tags.get(_BITS, (8,))
    bits = max(bits, default=8) if isinstance(bits, tuple) else 8
    pixel_bytes: int = int(tags.get(_SAMPLES, 1)) * max(1, bits // 8)
    tile: int = int(tags.get(_TILE_WIDTH, 0)) * int(tags.get(_TILE_HEIGHT, 0))
    rows: int = 0 if tile else min(int(tags.get(_STRIP_ROWS, size[1])), size[1])
    return tile * pixel_bytes, rows * size[0] * pixel_bytes
