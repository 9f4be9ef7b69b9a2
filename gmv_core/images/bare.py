"""An image file's bytes with nothing in them but the picture, built up from the parts allowed.

Cameras, editors and generators write places, names and prompts beside a picture, in ever new
parts of a file: what is not known to be needed for its pixels is left out, whatever it is.

JPEG: ITU-T T.81, annex B. PNG: the third edition of the W3C's recommendation. WebP: RFC 9649.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.WebPImagePlugin import WebPImageFile

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {0: (b"IDAT",), 2: (b"IDAT",), 3: (b"PLTE", b"IDAT")}  # by colour type
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1}  # by colour type, without alpha
_JFIF = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"  # square pixels, no thumbnail
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive, Huffman-coded
_PROGRESSIVE = 0xC2
_HUFFMAN, _QUANTIZATION, _RESTARTS = 0xC4, 0xDB, 0xDD
_TAIL_BYTES = 8  # fewer bytes behind the coded pixels are not noticed
_MOST_STRETCHES = 64
_SCAN, _END, _APP0, _APP14 = 0xDA, 0xD9, 0xE0, 0xEE
_LEFT_OUT = (*range(0xE0, 0xF0), 0xFE)  # what applications write, and comments


def bare(data: bytes, kind: str) -> bytes | None:
    """Return a file that decodes to the same pixels and holds nothing else; None: cannot be made.

    kind: of `image_kind`. The bytes that were given are returned where they are such a file
    already. Only still images without alpha are made; what deviates from its format is not, nor
    what goes on behind the coded pixels.
    """
    try:
        made = {"JPEG": _jpeg, "PNG": _png, "WebP": _webp}[kind](data)
    except (LookupError, struct.error, zlib.error, ValueError, OSError, SyntaxError):
        return None
    return data if made == data else made


@dataclass
class _Table:
    """A table of a JPEG, with its head. used: a scan refers to it."""

    body: bytes
    used: bool = False


def _jpeg(data: bytes) -> bytes:
    if data[:2] != _SOI:
        raise ValueError("no JPEG")
    parts: list[bytes | tuple[int, list[_Table]]] = [_SOI]
    tables = dict[tuple[int, int], _Table]()
    quantized, ends = dict[int, int](), list[tuple[int, int]]()
    at, frame = 2, 0
    while True:
        if data[at] != 0xFF:
            raise ValueError("bytes between two segments")
        while data[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker = data[at + 1]
        if marker == _END and frame:
            _check_ends(data, ends)
            return b"".join([*map(_written, parts), _EOI])
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if len(body) != length - 2:
            raise ValueError("cut off")
        at += 2 + length
        if marker == _SCAN and len(body) == 4 + 2 * body[0]:
            _note_use(body, frame, quantized, tables)
            ends += _ends_of_scan(data, at)
            parts += [_segment(marker, body), data[at : ends[-1][1]]]
            at = ends[-1][1]
        elif marker in _FRAMES and len(body) == 6 + 3 * body[5] and not frame:
            frame = marker
            quantized = {body[i]: body[i + 2] for i in range(6, len(body), 3)}
            parts.append(_segment(marker, body))
        elif marker in (_HUFFMAN, _QUANTIZATION):
            number = 15 if marker == _QUANTIZATION else 255  # above it stands the precision
            some = {(marker, t[0] & number): _Table(t) for t in _tables(marker, body)}
            tables |= some
            parts.append((marker, list(some.values())))
        elif marker == _RESTARTS and len(body) == 2:
            parts.append(_segment(marker, body))
        elif marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= 14:
            parts.append(_JFIF)  # how colours are coded depends on it
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            parts.append(_segment(marker, b"Adobe\0d\0\0\0\0" + body[11:12]))  # and on this
        elif marker not in _LEFT_OUT:
            raise ValueError("a segment that is not known")


def _written(part: bytes | tuple[int, list[_Table]]) -> bytes:
    """Return a part as bytes: of tables those that a scan refers to."""
    if isinstance(part, bytes):
        return part
    body = b"".join(table.body for table in part[1] if table.used)
    return _segment(part[0], body) if body else b""


def _note_use(
    scan: bytes, frame: int, quantized: dict[int, int], tables: dict[tuple[int, int], _Table]
) -> None:
    """Mark the tables that a scan refers to. quantized: component → table, until it is read."""
    for at in range(1, 1 + 2 * scan[0], 2):
        component, huffman = scan[at], scan[at + 1]
        if component in quantized:  # the first scan of a component decides
            tables[_QUANTIZATION, quantized.pop(component)].used = True
        if frame != _PROGRESSIVE or (scan[-3] == 0 and scan[-1] >> 4 == 0):
            tables[_HUFFMAN, huffman >> 4].used = True
        if frame != _PROGRESSIVE or scan[-3] > 0:
            tables[_HUFFMAN, 16 | huffman & 15].used = True


def _tables(marker: int, body: bytes) -> Iterator[bytes]:
    """Yield the tables of a segment; raise ValueError where there is more or less in it."""
    at = 0
    while at < len(body):
        size = 64 * (1 + (body[at] >> 4)) if marker == _QUANTIZATION else 16
        if marker == _HUFFMAN:
            size += sum(body[at + 1 : at + 17])
        yield body[at : at + 1 + size]
        at += 1 + size
    if at != len(body) or not body:
        raise ValueError("a table cut off")


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _ends_of_scan(data: bytes, at: int) -> list[tuple[int, int]]:
    """Return where entropy-coded bytes begin and end: at restarts, and at the next marker."""
    ends = []
    start = at
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0:
            ends.append((start, at))
            start = at + 2
            if not 0xD0 <= data[at + 1] <= 0xD7:
                return ends
        at += 2


def _check_ends(data: bytes, ends: list[tuple[int, int]]) -> None:
    """Raise ValueError where entropy-coded bytes end in some that change no pixel."""
    if len(ends) > _MOST_STRETCHES:
        raise ValueError("too many stretches to try each")
    shorter = (
        data[: end - _TAIL_BYTES] + data[end:] for start, end in ends if end - start > _TAIL_BYTES
    )
    _check_shorter(data, shorter, JpegImageFile)


def _check_shorter(
    data: bytes, shorter: Iterable[bytes], opened: Callable[[io.BytesIO], Image.Image]
) -> None:
    """Raise ValueError if one of the shorter files shows the same picture."""
    whole = np.asarray(opened(io.BytesIO(data)))
    for one in shorter:
        with suppress(OSError, SyntaxError):  # it lacks something: good
            if np.array_equal(whole, np.asarray(opened(io.BytesIO(one)))):
                raise ValueError("bytes that no pixel needs")


def _png(data: bytes) -> bytes:
    if data[:8] != _PNG or data[8:16] != b"\0\0\0\rIHDR":
        raise ValueError("no PNG")
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if interlaced or colour not in _PNG_CHANNELS:
        raise ValueError("interlaced, or with alpha")
    parts, pixels, at = [data[:33]], [], 33
    while True:
        (length,) = struct.unpack_from(">I", data, at)
        name, end = data[at + 4 : at + 8], at + 12 + length
        if end > len(data):
            raise ValueError("cut off")
        if name in _PNG_KEPT[colour] or name == b"IEND":
            _check_crc(data, at, end)
            parts.append(data[at:end])
        if name == b"IDAT":
            pixels.append(data[at + 8 : end - 4])
        if name == b"IEND":
            if length:
                raise ValueError("bytes in the end mark")
            break
        at = end
    rows = height * (1 + (width * depth * _PNG_CHANNELS[colour] + 7) // 8)
    stream = zlib.decompressobj()
    unpacked = len(stream.decompress(b"".join(pixels), rows + 1))
    if unpacked != rows or not stream.eof or stream.unused_data or stream.unconsumed_tail:
        raise ValueError("more or less than the rows of the picture")
    return b"".join(parts)


def _check_crc(data: bytes, at: int, end: int) -> None:
    if zlib.crc32(data[at + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
        raise ValueError("a chunk whose checksum is wrong")


def _webp(data: bytes) -> bytes:
    """Return the one chunk with the pixels in a container of its own."""
    (size,) = struct.unpack_from("<I", data, 4)
    found, at = list[tuple[bytes, bytes]](), 12
    while at < min(len(data), size + 8):
        name, (length,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + length]
        if len(body) != length:
            raise ValueError("cut off")
        if name in (b"VP8 ", b"VP8L"):
            found.append((name, body))
        elif name in (b"ALPH", b"ANIM", b"ANMF"):
            raise ValueError("with alpha, or animated")
        at += 8 + length + length % 2
    if len(found) != 1:
        raise ValueError("not one picture")
    name, body = found[0]
    made = _as_webp(name, body)
    _check_shorter(made, [_as_webp(name, body[:-_TAIL_BYTES])], WebPImageFile)
    return made


def _as_webp(name: bytes, body: bytes) -> bytes:
    chunk = name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
