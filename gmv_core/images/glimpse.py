"""What can still be seen of an image that was rejected: the part before the bytes end or break.

Only shown to people beside the reason; nothing is ever computed from it.
"""

from __future__ import annotations

import io

from PIL import Image, ImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from gmv_core.images.effort import pixels_bytes, working_bytes
from gmv_core.images.gate import DECODING
from gmv_core.images.kinds import image_kind

SIDE_PX = 128
MAX_PIXELS = 50_000_000
# Formats that Pillow decodes row by row into an image that is there before the error.
_OPENERS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "GIF": GifImageFile,
}


def glimpse(data: bytes) -> bytes:
    """Return a small JPEG of what can be decoded of a broken file, b"" for nothing."""
    kind = image_kind(data[:16])
    opener = _OPENERS.get(kind)
    if opener is None:
        return b""
    try:
        image = opener(io.BytesIO(data))
        if image.width * image.height > MAX_PIXELS:
            return b""
        held_bytes = working_bytes(image, data, kind) + pixels_bytes(image.size, kind)
        image.draft("RGB", (SIDE_PX, SIDE_PX))
        try:
            with DECODING.holding(held_bytes):
                image.load()
            return b""  # whatever it was rejected for, it is not broken
        except Exception:  # Pillow's plugins raise nearly any type on broken bytes
            seen = Image.Image()._new(image.im).convert("RGB")
        if seen.getbbox() is None:  # black all over: the bytes broke before the first row
            return b""
        seen.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
        file = io.BytesIO()
        seen.save(file, "JPEG", quality=80)
        return file.getvalue()
    except Exception:
        return b""
