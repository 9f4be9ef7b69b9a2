"""One pass over an image's bytes: check, decode, make the preview, measure it.

Pillow's plugins are called directly instead of through `Image.open`: the type is known from the
first bytes, only the types below are ever parsed, and Pillow's own pixel guard (a global that
cannot be changed safely between threads) gives way to `IngestSettings.max_pixels`.
"""

from __future__ import annotations

import hashlib
import io
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from itertools import accumulate, chain
from operator import mul

import numpy as np
from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from gmv_core.images.bare import bare
from gmv_core.images.colour import CONVERTED, told_without_profile
from gmv_core.images.effort import checked_bytes, pixels_bytes, working_bytes
from gmv_core.images.gate import DECODING
from gmv_core.images.kinds import foreign_kind, header_size, image_kind, lacks_end, other_kind
from gmv_core.images.mending import mended
from gmv_core.images.rgb import Rejected, shrunk
from gmv_core.settings import SRGB, IngestSettings
from gmv_core.types import OK, DecodedImage, UInt8


def _open_heic(file: io.BytesIO) -> ImageFile.ImageFile:
    opened: ImageFile.ImageFile = import_module("pillow_heif").HeifImageFile(file)
    return opened


_OPENERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "BMP": BmpImageFile,
    "TIFF": TiffImageFile,
    "GIF": GifImageFile,
    "PPM": PpmImageFile,
    "AVIF": AvifImageFile,
    "HEIC": _open_heic,
}
_COMMENT = re.compile(rb"#[^\r\n]*")
FIRST_OF_MANY = "the first of several frames or pages"
_KEPT_MODES = {"JPEG": ("RGB", "L"), "PNG": ("RGB", "L", "P"), "WebP": ("RGB",)}
_KEPT_MAX_BYTES = 256 * 1024
_PNG_MAX_SIDE_PX = 64
_QUALITY, _QUALITY_AGAIN = 92, 97  # of JPEG
# What Pillow says of sound files that it cannot read.
_NOT_SUPPORTED = ("unknown pixel mode", "not available", "unsupported", "not supported")
_EXIF_KEYS = ("exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(data: bytes, settings: IngestSettings) -> DecodedImage:
    """Hash, check and decode an image file's bytes; a bad image is a status, never an exception.

    Safe to call from several threads at once; Pillow releases the lock while it decodes.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    kind, reason = image_kind(data), ""
    for tried in chain([data], mended(data, kind)):
        try:
            return replace(_decode(tried, kind, settings, sha256), size_bytes=len(data))
        except Rejected as rejected:
            reason = str(rejected)
            break
        except Exception as error:  # Pillow's plugins raise nearly any type on broken bytes
            reason = reason or _reason(error, data, kind)
    return DecodedImage(sha256=sha256, size_bytes=len(data), status=reason)


def pixels_of(preview: bytes) -> UInt8:
    """Decode a stored preview: (h, w, 3) uint8, exactly the `pixels` that `decode` returned."""
    image = _OPENERS[image_kind(preview)](io.BytesIO(preview))
    return np.asarray(image.convert("RGB"))


def _decode(data: bytes, kind: str, settings: IngestSettings, sha256: str) -> DecodedImage:
    if not data:
        raise Rejected("0 bytes")
    if not kind:
        foreign = foreign_kind(data)
        without = " without the package pillow-heif" if foreign == "HEIC" else ""
        other = other_kind(data) or "not an image"
        raise Rejected(f"{foreign} is not supported{without}" if foreign else other)
    # WebP allocates its canvas on opening, so the header is read before that.
    told = header_size(data, kind)
    _check_size(told, settings.max_pixels)
    if kind == "WebP" and told is not None:
        with DECODING.holding(checked_bytes(pixels_bytes(told, kind))):
            return _opened(_OPENERS[kind](io.BytesIO(data)), data, kind, settings, sha256)
    if kind == "PPM" and data[1:2] in b"123":
        data = _COMMENT.sub(b"", data)  # Pillow takes quadratic time for them
    image = _OPENERS[kind](io.BytesIO(data))
    _check_size(image.size, settings.max_pixels)
    full, side = image.size, settings.preview_side_px
    held_bytes = working_bytes(image, data, kind)
    if kind == "JPEG" and max(full) > side:
        image.draft(None, _fitted(full, side))
    held_bytes += pixels_bytes(image.size, kind, image.mode)
    with DECODING.holding(checked_bytes(held_bytes)):
        return _opened(image, data, kind, settings, sha256, full)


def _opened(
    image: Image.Image,
    data: bytes,
    kind: str,
    settings: IngestSettings,
    sha256: str,
    full: tuple[int, int] | None = None,
) -> DecodedImage:
    """Decode an opened file. full: its size, where `image` is opened in a reduced one."""
    full, side = full or image.size, settings.preview_side_px
    _check_size(full, settings.max_pixels)
    small = max(full) <= side
    notes = [FIRST_OF_MANY] if _is_animated(image) else []
    image.load()
    turn = _orientation(image, kind)
    if turn >= 5:
        full = full[1], full[0]
    profile = image.info.get("icc_profile") if settings.colours == SRGB else None
    kept = _kept(image, kind, data) if small and turn == 1 else None
    size = image.size if small else _fitted(image.size, side)
    converted, note = shrunk(image, size, profile=profile)
    if settings.colours == SRGB:
        note = note or told_without_profile(image, data)
    if kept is not None and note != CONVERTED:
        preview, shown = kept, converted
    else:
        shown = converted
        if turn in _TURNS:
            shown = shown.transpose(_TURNS[turn])
        preview, shown = _encoded(shown, *_coding(data, kind, small))
    pixels = np.asarray(shown if shown.mode == "RGB" else shown.convert("RGB"))
    low, high, mean = _grey_levels(shown)
    return DecodedImage(
        sha256=sha256,
        size_bytes=len(data),
        status=OK,
        width=full[0],
        height=full[1],
        preview=preview,
        pixels=pixels,
        is_grey=shown.mode == "L" or _channels_equal(pixels),
        low=low,
        high=high,
        mean=mean,
        note="; ".join(filter(None, [*notes, note])),
    )


def _is_animated(image: Image.Image) -> bool:
    """Whether a file holds several frames or pages."""
    try:
        # "mp": the index of a JPEG of several pictures (CIPA DC-007).
        return "mp" in image.info or bool(getattr(image, "is_animated", False))
    except Exception:  # of a second frame that is broken: the first is what is read
        return False


def _check_size(size: tuple[int, int] | None, max_pixels: int) -> None:
    if size is None:
        return
    width, height = size
    if width <= 0 or height <= 0:
        raise Rejected(f"width or height of 0 ({width} × {height} pixels)")
    if width * height > max_pixels:
        raise Rejected(
            f"{width:,} × {height:,} = {_mega(width * height)} megapixels, "
            f"more than the limit of {_mega(max_pixels)}"
        )


def _mega(pixels: int) -> str:
    mega = pixels / 1e6
    return f"{mega:,.0f}" if mega >= 10 else f"{mega:.2g}"


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Scale a size so that its longest side is `side`."""
    scale = side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _orientation(image: Image.Image, kind: str) -> int:
    """EXIF orientation 1…8. Pillow has already turned a TIFF when it is loaded."""
    if kind == "TIFF" or not any(key in image.info for key in _EXIF_KEYS):
        return 1
    try:
        turn = image.getexif().get(0x0112, 1)
    except Exception:  # broken metadata is no reason to lose the picture
        return 1
    return turn if turn in _TURNS else 1


def _kept(image: Image.Image, kind: str, data: bytes) -> bytes | None:
    """Return the file's own picture, bare, where every viewer shows it as Pillow decodes it."""
    if (
        image.mode not in _KEPT_MODES.get(kind, ())
        or image.has_transparency_data
        or getattr(image, "is_animated", False)
        or (image.mode == "P" and not _uses_all_colours(image))
    ):
        return None
    kept = bare(data, kind)
    return kept if kept is not None and len(kept) <= _KEPT_MAX_BYTES else None


def _uses_all_colours(image: Image.Image) -> bool:
    """Whether each entry of a palette is the colour of some pixel: others may hold anything."""
    entries = len(image.palette.palette) // 3 if image.palette else 0
    return len(image.getcolors(256) or ()) == entries


def _coding(data: bytes, kind: str, small: bool) -> tuple[bool, int]:
    """Return whether a preview is lossless, and else its JPEG quality, for all that its source had.

    A small picture is all of its source: it loses nothing, or little where it was coded before.
    """
    lossless = small and (kind in ("PNG", "TIFF") or (kind == "WebP" and b"VP8L" in data))
    return lossless, _QUALITY_AGAIN if small and kind in ("JPEG", "WebP") else _QUALITY


def _encoded(image: Image.Image, lossless: bool, quality: int) -> tuple[bytes, Image.Image]:
    """Encode a preview; return its bytes and what decoding them gives."""
    image = Image.fromarray(np.asarray(image))  # leaves behind what the file said
    file = io.BytesIO()
    if lossless or max(image.size) <= _PNG_MAX_SIDE_PX:
        image.save(file, "PNG", compress_level=6)
        return file.getvalue(), image
    image.save(file, "JPEG", quality=quality, subsampling=0)
    decoded = JpegImageFile(io.BytesIO(file.getvalue()))
    decoded.load()
    return file.getvalue(), decoded


def _channels_equal(pixels: UInt8) -> bool:
    """Whether red, green and blue agree everywhere; a coarse grid settles most colour images."""
    for part in (pixels[::8, ::8], pixels):
        red, green, blue = part[..., 0], part[..., 1], part[..., 2]
        if not (np.array_equal(red, green) and np.array_equal(red, blue)):
            return False
    return True


def _grey_levels(image: Image.Image) -> tuple[float, float, float]:
    """Return the 1st and 99th percentile and the mean of the grey levels."""
    counts = image.convert("L").histogram()
    below = list(accumulate(counts))
    total = below[-1]
    mean = sum(map(mul, counts, range(256))) / total
    return float(bisect_left(below, 0.01 * total)), float(bisect_left(below, 0.99 * total)), mean


def _reason(error: Exception, data: bytes, kind: str) -> str:
    if isinstance(error, MemoryError):
        return "too large for the memory of this machine"
    if isinstance(error, Image.DecompressionBombError):
        return "more pixels than the image library allows"
    if "truncated" in str(error).lower() or lacks_end(data, kind):
        return f"cut off after {len(data):,} bytes"
    if any(words in str(error).lower() for words in _NOT_SUPPORTED):
        return f"{kind} of a form that is not supported ({' '.join(str(error).split())})"
    return f"broken {kind} file ({' '.join(str(error).split()) or type(error).__name__})"
