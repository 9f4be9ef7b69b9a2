"""An image from the clipboard, pasted anywhere on the page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

import streamlit as st

from ui.widgets.pictures.gallery import ASSETS

MOST_BYTES = 10_000_000

_mount = st.components.v2.component(
    "gmv_paste",
    css=(ASSETS / "paste.css").read_text(encoding="utf-8"),
    js=(ASSETS / "paste.js").read_text(encoding="utf-8"),
)


def paste(*, key: str, on_image: Callable[[bytes], None]) -> None:
    """Show where an image can be pasted; `on_image` gets its bytes before the page runs again."""

    def take() -> None:
        image = _decoded(st.session_state[key].get("image"))
        if image:
            on_image(image)

    _mount(key=key, data={"most_bytes": MOST_BYTES}, on_image_change=take)


def _decoded(sent: object) -> bytes:
    """Return the bytes of what a browser sent, b"" for anything else or too much of it."""
    if not isinstance(sent, str) or len(sent) > MOST_BYTES * 4 // 3 + 4:
        return b""
    try:
        return base64.b64decode(sent, validate=True)
    except binascii.Error:
        return b""
