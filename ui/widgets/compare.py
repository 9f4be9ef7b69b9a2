"""Two images side by side at full size, and one over the other with a slider between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from gmv_core.images.thumbnails import data_address
from gmv_core.words import visible
from ui.frame import state
from ui.widgets.gallery import ASSETS

SIDE_PX = 256  # the longest side of a stored preview

_mount = st.components.v2.component(
    "gmv_compare",
    css=(ASSETS / "compare.css").read_text(encoding="utf-8"),
    js=(ASSETS / "compare.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Picture:
    """One of the two: an encoded image, its caption, and what it is for who cannot see it."""

    image: bytes
    title: str
    alt: str


def choose_other(key: str, names: Sequence[str], what: str) -> str | None:
    """Draw the choice of the image that the one in view is compared with, and return its name.

    key: of its name in the URL. names: to choose from; any other can be typed. what: they are.
    """
    return st.selectbox(
        "Compare with",
        state.with_chosen(key, names),
        index=None,
        placeholder=f"Click a {what}, or choose one here, to compare the two",
        label_visibility="collapsed",
        accept_new_options=True,
        **state.in_url(key),
    )


def compare(left: Picture, right: Picture, *, key: str, tiny: bool, seek: bool) -> None:
    """Show two images; the slider wipes between them, a box shows their absolute difference.

    seek: scroll the page to them.
    """
    _mount(
        key=key,
        data={
            "left": _sent(left),
            "right": _sent(right),
            "tiny": tiny,
            "side_px": SIDE_PX,
            "seek": seek,
        },
    )


def _sent(picture: Picture) -> dict[str, str]:
    told = {"title": visible(picture.title), "alt": visible(picture.alt)}
    return {"src": data_address(picture.image), **told}
