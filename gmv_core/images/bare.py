"""An image file's bytes with nothing in them but the picture, built up from the parts allowed.

Cameras, editors and generators write places, names and prompts beside a picture, in ever new
parts of a file: what is not known to be needed for its pixels is left out, whatever it is.

JPEG: ITU-T T.81, annex B. PNG: the third edition of the W3C's recommendation. WebP: RFC 9649.
"""

from __future__ import annotations

import struct
import zlib

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"PLTE", b"IDAT")
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1}  # by colour type, without alpha
_JFIF = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"  # square pixels, no thumbnail
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended and progressive, Huffman-coded
_TABLES = (0xC4, 0xDB, 0xDD)  # Huffman, quantization, restart interval
_SCAN, _END, _APP0, _APP14 = 0xDA, 0xD9, 0xE0, 0xEE
_LEFT_OUT = (*range(0xE0, 0xF0), 0xFE)  # what applications write, and comments


def bare(data: bytes, kind: str) -> bytes | None:
    """Return a file that decodes to the same pixels and holds nothing else; None: cannot be made.

    kind: of `image_kind`. The bytes that were given are returned where they are such a file
    already. Only still images without alpha are made; what deviates from its format is not.
    """
    try:
        made = {"JPEG": _jpeg, "PNG": _png, "WebP": _webp}[kind](data)
    except (KeyError, IndexError, struct.error, zlib.error, ValueError):
        return None
    return data if made == data else made


def _jpeg(data: bytes) -> bytes:
    if data[:2] != _SOI:
        raise ValueError("no JPEG")
    parts, at, frames = [_SOI], 2, 0
    while True:
        if data[at] != 0xFF:
            raise ValueError("bytes between two segments")
        while data[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker = data[at + 1]
        if marker == _END and frames == 1:
            return b"".join([*parts, _EOI])
        (length,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if len(body) != length - 2:
            raise ValueError("cut off")
        at += 2 + length
        if marker == _SCAN and len(body) == 4 + 2 * body[0]:
            end = _end_of_scan(data, at)
            parts += [_segment(marker, body), data[at:end]]
            at = end
        elif marker in _FRAMES and len(body) == 6 + 3 * body[5]:
            frames += 1
            parts.append(_segment(marker, body))
        elif marker in _TABLES and _is_table(marker, body):
            parts.append(_segment(marker, body))
        elif marker == _APP0 and body.startswith(b"JFIF\0"):
            parts.append(_JFIF)  # how colours are coded depends on it
        elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
            parts.append(_segment(marker, b"Adobe\0d\0\0\0\0" + body[11:12]))  # and on this
        elif marker not in _LEFT_OUT:
            raise ValueError("a segment that is not known")


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the entropy-coded bytes end: at a marker that is no restart and no stuffing."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


def _is_table(marker: int, body: bytes) -> bool:
    """Whether a segment holds whole tables and nothing behind them."""
    if marker == 0xDD:
        return len(body) == 2
    at = 0
    while at < len(body):
        precision = body[at] >> 4
        at += 1 + (64 * (1 + precision) if marker == 0xDB else 16 + sum(body[at + 1 : at + 17]))
    return at == len(body) > 0


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
        if name in _PNG_KEPT or name == b"IEND":
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
    found, at = list[bytes](), 12
    while at < min(len(data), size + 8):
        name, (length,) = data[at : at + 4], struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + length]
        if len(body) != length:
            raise ValueError("cut off")
        if name in (b"VP8 ", b"VP8L"):
            found.append(name + struct.pack("<I", length) + body + b"\0" * (length % 2))
        elif name in (b"ALPH", b"ANIM", b"ANMF"):
            raise ValueError("with alpha, or animated")
        at += 8 + length + length % 2
    if len(found) != 1:
        raise ValueError("not one picture")
    return b"RIFF" + struct.pack("<I", 4 + len(found[0])) + b"WEBP" + found[0]
