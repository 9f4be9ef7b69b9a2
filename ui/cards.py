"""Shared widgets: image cards of equal height."""

from __future__ import annotations

import base64
from html import escape

import streamlit as st

_STYLE = """<style>
.gmv-row {display:grid; gap:.9rem;
  grid-template-columns:repeat(auto-fill,minmax(min(100%,var(--side)),1fr));}
.gmv-card {border:1px solid rgba(128,140,136,.28); border-radius:.6rem; overflow:hidden;}
.gmv-card img {width:100%; aspect-ratio:1; object-fit:contain; image-rendering:var(--scaling);
  background:rgba(128,140,136,.08); display:block;}
.gmv-card p {margin:.45rem .6rem; font-size:.82rem; line-height:1.35;}
.gmv-card p.quiet {opacity:.72; margin-top:-.35rem;}
</style>"""


def image_row(
    images: list[bytes], captions: list[tuple[str, str]], *, side_px: int, tiny: bool
) -> None:
    """Show images with a first and a quieter second line; `tiny` keeps small pixels crisp."""
    scaling = "pixelated" if tiny else "auto"
    cards = "".join(
        f'<div class="gmv-card"><img alt="{escape(first)}" '
        f'src="data:image;base64,{base64.b64encode(image).decode()}">'
        f'<p><b>{escape(first)}</b></p><p class="quiet">{escape(second)}</p></div>'
        for image, (first, second) in zip(images, captions, strict=True)
    )
    look = f"--side:{side_px}px;--scaling:{scaling}"
    st.html(f'{_STYLE}<div class="gmv-row" style="{look}">{cards}</div>')
