"""Small copies of stored previews, so that a screen full of images stays a small message."""

from __future__ import annotations

import base64
import io

from PIL import Image

from gmv_core.images.decode import pixels_of
from gmv_core.images.kinds import image_kind

SIDE_PX = 192
KEPT_BYTES = 12 * 1024
QUALITY = 82  # of WebP: about 5 KB for a photograph of 192 px


def thumbnail(preview: bytes) -> bytes:
    """Return a preview for a gallery: as it is where it is small, else at most SIDE_PX, as WebP.

    preview: an encoded image, from a set's table or from `decode`. b"" (a rejected image) stays.
    """
    if len(preview) <= KEPT_BYTES:
        return preview
    image = Image.fromarray(pixels_of(preview))
    image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR, reducing_gap=2.0)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=QUALITY, method=2)
    return min(file.getvalue(), preview, key=len)


def media_type(image: bytes) -> str:
    """Return the media type of an encoded image, for a data: address."""
    return f"image/{image_kind(image[:16]).lower() or 'png'}"


def data_address(image: bytes) -> str:
    """Return an encoded image as a data: address."""
    return f"data:{media_type(image)};base64,{base64.b64encode(image).decode()}"
