"""Names inside a source: which files are images, and how a name is made safe and unique."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from gmv_core.images.kinds import image_kind, reads_heic

LABEL_FILES = ("labels.csv", "metadata.csv")
NOT_AN_IMAGE = "not an image"
MAX_NAME = 4_096  # as systems have it for a path
_IMAGES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .apng .webp .avif .bmp .dib .tif .tiff .gif .pbm .pgm .ppm "
    ".pnm".split()
)
_OTHER_IMAGES = frozenset(
    ".heic .heif .jxl .jp2 .svg .psd .ico .exr .hdr .tga .dng .nef .cr2 .arw .dcm "
    ".dds .pcx .qoi .pam .pfm .eps .ai .wmf .emf .jxr .xcf .cr3 .raf .orf .rw2".split()
)
# Of systems, and of what stands beside images or was not finished: never looked into.
_NO_IMAGES = frozenset(
    ".txt .caption .json .jsonl .csv .tsv .xml .yaml .yml .toml .md .html .htm .py .log .db .npy "
    ".npz .pt .pth .pkl .h5 .safetensors .parquet .arrow .zip .tar .gz .tgz .bz2 .xz .7z .rar .cls "
    ".pdf .mp4 .mov .avi .mkv .webm .wav .mp3 .part .partial .crdownload .download .tmp .lock "
    ".pth .bin .mat .xls .xlsx .doc .docx .ini .cfg".split()
)
_HEIC = (".heic", ".heif")
_SYSTEM_FILES = frozenset(["thumbs.db", "desktop.ini"])
_SYSTEM_FOLDERS = frozenset(
    ["__macosx", "@eadir", "#recycle", "$recycle.bin", "recycler", "system volume information",
     "lost+found"]
)  # fmt: skip


def skip_reason(name: str, read_head: Callable[[], bytes]) -> str:
    """Return why the file `name` is not read as an image, or "" if it is one.

    The suffix decides; the first bytes (`read_head`) do where it says nothing ("photo.jpg?w=200").
    """
    if len(name) > MAX_NAME:
        return f"name of more than {MAX_NAME:,} letters"
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or (len(parts[0]) == 2 and parts[0][1] == ":"):
        return "unsafe path"
    if any(part[:1] == "." or part.lower() in _SYSTEM_FOLDERS for part in parts):
        return "hidden"
    if parts[-1].lower() in _SYSTEM_FILES:
        return "hidden"
    suffix = posixpath.splitext(name)[1].lower()
    if suffix in _IMAGES or (suffix in _HEIC and reads_heic()):
        return ""
    if suffix in _OTHER_IMAGES:
        return f"image type not supported ({suffix})"
    return NOT_AN_IMAGE if suffix in _NO_IMAGES or not image_kind(read_head()) else ""


def is_label_file(name: str) -> bool:
    """Whether `name` is the label table at the root of a source."""
    return name.lower() in LABEL_FILES


def is_image_suffix(suffix: str) -> bool:
    """Whether a suffix, with its dot and in small letters, is that of an image file."""
    return suffix in _IMAGES or suffix in _OTHER_IMAGES


def clean_name(name: str) -> str:
    """Write bytes of a file name that are no UTF-8 as \\xNN, so that the name can be stored."""
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return name.encode("utf-8", "backslashreplace").decode()


class UniqueNames:
    """The names of a source's images so far, none of them twice."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}  # name → the last number behind it

    def __len__(self) -> int:
        return len(self._given)

    def made(self, name: str) -> str:
        """Return `name`, or "name (2).jpg" and so on where it was given before; note that it is."""
        number, unique = self._given.get(name, 0), name
        while unique in self._given:
            number += 1
            unique = numbered(name, number) if number > 1 else name
        self._given[unique] = 1
        if unique != name:
            self._given[name] = number
        return unique


def numbered(name: str, count: int) -> str:
    """Return "name (2).jpg" for "name.jpg" and 2."""
    stem, suffix = posixpath.splitext(name)
    return f"{stem} ({count}){suffix}"


def safe_name(name: str) -> str:
    parts = clean_name(name).replace("\\", "/").replace("\0", "").split("/")
    if len(parts[0]) == 2 and parts[0].endswith(":"):
        parts = parts[1:]
    return "/".join(part for part in parts if part not in ("", ".", "..")) or "unnamed"
