"""Other bytes of a file that could not be decoded, where its pixels are all there."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from gmv_core.images.effort import pixels_bytes, working_bytes
from gmv_core.images.gate import DECODING
from gmv_core.images.kinds import lacks_end
from gmv_core.types import UInt8

_TEXT = (b"tEXt", b"zTXt", b"iTXt")
_END = b"\xff\xd9"
_MORE = b"\x55\xaa" * 64  # entropy-coded bytes: pixels, if the decoder still waits for any
_MOST_PIXELS = 50_000_000  # a progressive JPEG is held whole to be looked at


def mended(data: bytes, kind: str) -> Iterator[bytes]:
    """Yield bytes to try instead of those that could not be decoded.

    A PNG without its texts, then without its colour profile too: Pillow refuses those that unpack
    to more than 1 MB. A JPEG with the end mark that it lacks, if no row is missing.
    """
    if kind == "PNG":
        for left_out in (_TEXT, (*_TEXT, b"iCCP")):
            yield _without(data, left_out)
    elif kind == "JPEG" and lacks_end(data, kind) and _has_all_rows(data):
        yield data.rstrip(b"\xff") + _END


def _without(data: bytes, names: tuple[bytes, ...]) -> bytes:
    """Return a PNG without the chunks of these names."""
    parts, at = [data[:8]], 8
    while at + 8 <= len(data):
        end = at + 12 + struct.unpack_from(">I", data, at)[0]
        if data[at + 4 : at + 8] not in names:
            parts.append(data[at:end])
        at = end
    return b"".join(parts)


def _has_all_rows(data: bytes) -> bool:
    """Whether a JPEG without end mark lacks nothing else.

    A decoder fills up what is missing; where further bytes would change the picture, some is.
    """
    data = data.rstrip(b"\xff")  # half an end mark
    try:
        image = JpegImageFile(io.BytesIO(data))
        if image.width * image.height > _MOST_PIXELS:
            return False
        held_bytes = working_bytes(image, data, "JPEG") + 3 * pixels_bytes(image.size, "JPEG")
        with DECODING.holding(held_bytes):
            ended, continued = _glanced(data + _END), _glanced(data + _MORE + _END)
    except Exception:  # Pillow's plugins raise nearly any type on broken bytes
        return False
    return np.array_equal(ended, continued)


def _glanced(data: bytes) -> UInt8:
    return np.asarray(JpegImageFile(io.BytesIO(data)))
