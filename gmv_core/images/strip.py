"""A row of pictures as HTML, for a notebook: self-contained, and everything in it escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from gmv_core.images.thumbnails import data_address, thumbnail

MOST = 12
SIDE_PX = 96


@dataclass(frozen=True)
class Picture:
    """One image of a strip. image: encoded, b"" for none. lines: plain text below it."""

    image: bytes
    lines: tuple[str, ...]


def strip_html(heading: str, pictures: Sequence[Picture]) -> str:
    """Return the first MOST pictures side by side under a heading; both are plain text."""
    cells = "".join(_cell(picture) for picture in pictures[:MOST])
    more = f"<p>… and {len(pictures) - MOST:,} more</p>" if len(pictures) > MOST else ""
    return (
        f"<div><p><b>{escape(heading)}</b></p>"
        f'<div style="display:flex;flex-wrap:wrap;gap:8px">{cells}</div>{more}</div>'
    )


def _cell(picture: Picture) -> str:
    image = ""
    if picture.image:
        image = (
            f'<img src="{data_address(thumbnail(picture.image))}" alt="{escape(picture.lines[0])}" '
            f'style="width:{SIDE_PX}px;height:{SIDE_PX}px;object-fit:contain">'
        )
    lines = "<br>".join(escape(line) for line in picture.lines if line)
    style = f"width:{SIDE_PX}px;font-size:11px;overflow-wrap:anywhere"
    return f'<div style="{style}">{image}<br>{lines}</div>'
