"""A map over an image: its title, the picture, what its colours mean, and a sentence."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st
from PIL import Image

from gmv_core.images.thumbnails import data_address
from gmv_core.types import UInt8
from gmv_core.words import visible

_STYLE = """<style>
.gmv-map {margin:0; max-width:384px;}
.gmv-map > img {width:100%; display:block; border-radius:.5rem;}
.gmv-map ul {list-style:none; margin:.5rem 0 0; padding:0; font-size:.85rem; line-height:1.5;}
.gmv-map li {display:flex; align-items:center; gap:.45rem; margin:0 0 .2rem; min-width:0;}
.gmv-map li span {overflow-wrap:anywhere;}
.gmv-map i {flex:none; width:1rem; height:1rem; border-radius:.25rem;
  border:1px solid rgba(128,140,136,.55); box-sizing:border-box;}
.gmv-map li img {flex:none; width:2rem; height:2rem; border-radius:.25rem; object-fit:cover;
  image-rendering:var(--scaling);}
</style>"""


@dataclass(frozen=True)
class Key:
    """A line of the legend. colour: of CSS. image: a small picture beside it, b"" for none."""

    colour: str
    words: str
    image: bytes = b""


def legend_map(picture: UInt8, alt: str, keys: Sequence[Key], *, tiny: bool) -> None:
    """Show a map with its legend. picture: (h, w, 3). alt: what it shows."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    lines = "".join(map(_line, keys))
    scaling = "pixelated" if tiny else "auto"
    st.html(
        f'{_STYLE}<figure class="gmv-map" style="--scaling:{scaling}">'
        f'<img alt="{_shown(alt)}" src="{data_address(file.getvalue())}">'
        f"<ul>{lines}</ul></figure>"
    )


def _line(key: Key) -> str:
    image = f'<img alt="" src="{data_address(key.image)}">' if key.image else ""
    return (
        f'<li><i style="background:{key.colour}"></i>{image}<span>{_shown(key.words)}</span></li>'
    )


def _shown(text: str) -> str:
    return escape(visible(text))
