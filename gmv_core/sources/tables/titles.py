"""Titles of columns as people write them: which one names the images, which one is their label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

LABEL_COLUMNS = (
    "label", "labels", "class", "category", "target", "cls", "class_name", "class_label",
    "label_name", "category_name",
)  # fmt: skip
_NAME_COLUMNS = (
    "name", "file", "filename", "file_name", "path", "image", "image_name", "image_path", "img",
    "img_path", "img_name", "image_file", "filepath", "filepaths", "file_path", "file_paths",
    "filenames", "paths", "images", "image_id", "img_id", "id", "key",
)  # fmt: skip
_NAME_LIKE = re.compile(r".*(?:_id|_name|_file|path|paths|filename)|(?:image|img|file).*")


def plain_title(title: str) -> str:
    """Return a title as titles are compared: "File Name" and "file-name" are "file_name"."""
    return re.sub(r"[\s-]+", "_", title.strip()).lower()


def names_images(titles: Iterable[str]) -> bool:
    """Whether one of some titles is a usual one of a column of names."""
    return not {plain_title(title) for title in titles}.isdisjoint(_NAME_COLUMNS)


def name_columns(columns: Sequence[str]) -> list[int]:
    """Return the places of the columns whose titles say that they name images, likely ones first.

    A column without a title, such as an index that pandas wrote, is none.
    """
    plain = [plain_title(column) for column in columns]
    usual = [plain.index(name) for name in _NAME_COLUMNS if name in plain]
    like = [at for at, column in enumerate(plain) if _NAME_LIKE.fullmatch(column)]
    return list(dict.fromkeys([*usual, *like]))
