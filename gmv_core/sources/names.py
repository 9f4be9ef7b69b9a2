"""Names inside a source: which files are images, and what a folder's name tells."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from gmv_core.images.kinds import image_kind

LABEL_FILES = ("labels.csv", "metadata.csv")
_IMAGES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .bmp .dib .tif .tiff .gif .pgm .ppm .pnm".split()
)
_OTHER_IMAGES = frozenset(
    ".heic .heif .avif .jxl .jp2 .svg .psd .ico .exr .hdr .tga .dng .nef .cr2 .arw .dcm".split()
)
_SYSTEM_FILES = frozenset(["thumbs.db", "desktop.ini", "__macosx"])


def skip_reason(name: str, read_head: Callable[[], bytes]) -> str:
    """Return why the file `name` is not read as an image, or "" if it is one.

    The suffix decides; the first bytes (`read_head`) do where there is no suffix.
    """
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":"):
        return "unsafe path"
    if any(part[:1] == "." or part.lower() in _SYSTEM_FILES for part in parts):
        return "hidden"
    suffix = posixpath.splitext(name)[1].lower()
    if suffix in _IMAGES:
        return ""
    if suffix in _OTHER_IMAGES:
        return f"image type not supported ({suffix})"
    return "" if not suffix and image_kind(read_head()) else "not an image"


def is_label_file(name: str) -> bool:
    """Whether `name` is the label table at the root of a source."""
    return name.lower() in LABEL_FILES


def folder_label(name: str) -> str:
    """Return the name of the folder that directly holds the image, "" at the root."""
    return name.rsplit("/", 2)[-2] if "/" in name else ""


def clean_name(name: str) -> str:
    """Write bytes of a file name that are no UTF-8 as \\xNN, so that the name can be stored."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def unique_name(name: str, seen: set[str]) -> str:
    """Return `name`, or "name (2).jpg" and so on if it is in `seen`; add it there."""
    count, unique = 1, name
    while unique in seen:
        count += 1
        stem, suffix = posixpath.splitext(name)
        unique = f"{stem} ({count}){suffix}"
    seen.add(unique)
    return unique


def safe_name(name: str) -> str:
    parts = clean_name(name).replace("\\", "/").replace("\0", "").split("/")
    if len(parts[0]) == 2 and parts[0].endswith(":"):
        parts = parts[1:]
    return "/".join(part for part in parts if part not in ("", ".", "..")) or "unnamed"
