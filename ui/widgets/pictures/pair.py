"""Two pictures beside each other, as large as fits, for someone who answers by keys."""

from __future__ import annotations

import streamlit as st

from gmv_core.images.thumbnails import data_address
from ui.widgets.pictures.gallery import ASSETS

_mount = st.components.v2.component(
    "gmv_pair",
    css=(ASSETS / "pair.css").read_text(encoding="utf-8"),
    js=(ASSETS / "pair.js").read_text(encoding="utf-8"),
)


def pair(left: bytes, right: bytes, *, key: str, of: str, tiny: bool) -> None:
    """Show two encoded pictures; while they are there, a key that is held is one stroke.

    of: what they are for who cannot see them, as "pair 3". tiny: keep small pixels crisp.
    """
    pictures = [
        {"src": data_address(image), "alt": f"{side} picture of {of}"}
        for side, image in (("Left", left), ("Right", right))
    ]
    _mount(key=key, data={"pictures": pictures, "tiny": tiny})
