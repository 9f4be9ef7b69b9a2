"""Colour profiles: what a file's levels mean, brought to sRGB.

Relative colorimetric with black point compensation, as image editors do by default. A profile that
cannot be read, or is not of the picture's own kind of colours, is ignored, and that is noted.
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

CONVERTED = "colour profile converted to sRGB"
IGNORED = "colour profile that could not be used, ignored"
UNTAGGED = "other colours than sRGB told without a profile (gAMA, cHRM, cICP or EXIF), ignored"
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # of a profile's colour space
_MAX_BYTES = 1 << 22  # of a profile: a printer's is 2 MB at most
_SRGB_GAMMA, _SRGB_PRIMARIES = 0.45455, (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_SRGB_POINTS = (b"\x01\x0d", b"\x01\x01")  # sRGB, and BT.709, which shows the same primaries
_CLOSE = 0.01
_HEAD_BYTES = 1 << 16  # of a PNG, in which what describes its colours stands
_INTEROPERABILITY = 0xA005
_SAME_LEVELS = 1  # a profile that moves no colour further is sRGB itself, rounded


def to_srgb(image: Image.Image, profile: object) -> tuple[Image.Image, str]:
    """Return an image's colours in sRGB, and what was done ("": nothing had to be).

    image: in mode L, LA, RGB, RGBA or CMYK; L and LA stay so, CMYK becomes RGB. It is changed in
    place where its mode stays. profile: the bytes of an ICC profile, or whatever a file had
    instead.
    """
    if not profile:
        return image, ""
    base = {"LA": "L", "RGBA": "RGB"}.get(image.mode, image.mode)
    try:
        if not isinstance(profile, bytes) or len(profile) > _MAX_BYTES:
            raise ValueError("no profile")
        change = _change(profile, base)
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return image, IGNORED
    if change is None:
        return image, ""
    if base == "L":
        grey = _moved(image.getchannel(0), change).getchannel("G")
        both = (grey, image.getchannel("A")) if image.mode == "LA" else (grey,)
        return Image.merge(image.mode, both), CONVERTED
    if image.mode == "RGBA":
        alpha, image = image.getchannel("A"), image.convert("RGB")
        ImageCms.applyTransform(image, change, inPlace=True)
        image.putalpha(alpha)
        return image, CONVERTED
    if base == "CMYK":
        return _moved(image, change), CONVERTED
    ImageCms.applyTransform(image, change, inPlace=True)
    return image, CONVERTED


def told_without_profile(image: Image.Image, data: bytes) -> str:
    """Return a note where a file says without a profile that its colours are not sRGB, else "".

    In a PNG by its gamma, its primaries or code points (H.273); in a JPEG of a camera, by EXIF's
    mark of Adobe RGB (DCF 2.0).
    """
    info = image.info
    if info.get("icc_profile") or "srgb" in info:
        return ""
    points = data.find(b"cICP", 0, _HEAD_BYTES) if image.format == "PNG" else -1
    if points >= 0:
        return "" if data[points + 4 : points + 6] in _SRGB_POINTS else UNTAGGED
    near = abs(info.get("gamma", _SRGB_GAMMA) - _SRGB_GAMMA) < _CLOSE and np.allclose(
        info.get("chromaticity", _SRGB_PRIMARIES), _SRGB_PRIMARIES, rtol=0, atol=_CLOSE
    )
    return "" if near and not _is_adobe_by_exif(image) else UNTAGGED


def _is_adobe_by_exif(image: Image.Image) -> bool:
    if "exif" not in image.info:
        return False
    try:
        told = image.getexif().get_ifd(_INTEROPERABILITY).get(1, "")
    except Exception:  # broken metadata is no reason to lose the picture
        return False
    return str(told).startswith("R03")


@lru_cache(maxsize=16)
def _change(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return what brings pixels of a mode from a profile to sRGB, None where that is no change.

    Raises ValueError for a profile of another kind of colours, PyCMSError for a broken one. Little
    CMS lets several threads use one transform at once.
    """
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if _MODES.get(opened.profile.xcolor_space.strip()) != mode:
        raise ValueError("a profile of another kind of colours")
    change = ImageCms.buildTransform(
        opened,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return None if mode != "CMYK" and _is_identity(change, mode) else change


def _moved(image: Image.Image, change: ImageCms.ImageCmsTransform) -> Image.Image:
    moved = ImageCms.applyTransform(image, change)
    return image if moved is None else moved  # None: in place, which was not asked for


def _is_identity(change: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether a transform moves no colour of an even grid by more than a rounding."""
    levels = np.arange(0, 256, 15 if mode == "RGB" else 1, dtype=np.uint8)
    axes = np.meshgrid(levels, levels, levels) if mode == "RGB" else [levels[None]]
    grid = np.stack([axis.reshape(1, -1) for axis in axes], axis=-1)
    given = Image.fromarray(grid if mode == "RGB" else grid[..., 0])
    apart = np.asarray(_moved(given, change), np.int16) - grid.astype(np.int16)
    return bool(np.abs(apart).max() <= _SAME_LEVELS)
