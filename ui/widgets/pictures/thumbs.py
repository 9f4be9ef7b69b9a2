"""A strip of small images of one size, each with a title and a quieter line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from gmv_core.images.thumbnails import data_address
from gmv_core.words import visible

_STYLE = """<style>
.gmv-thumbs {display:grid; gap:.6rem; align-items:start;
  grid-template-columns:repeat(auto-fill,minmax(min(100%,var(--side)),1fr));}
.gmv-thumbs figure {margin:0; min-width:0;}
.gmv-thumbs.apart {grid-template-columns:repeat(auto-fit,minmax(min(100%,var(--side)),1fr));}
.gmv-thumbs.apart figure:first-child img {outline:2px solid #14a394; outline-offset:2px;}
.gmv-thumbs.row {grid-template-rows:1fr; grid-auto-rows:0; row-gap:0; overflow:hidden;}
.gmv-thumbs img, .gmv-thumbs .none {width:100%; aspect-ratio:1; display:block; border-radius:.5rem;
  object-fit:cover; background:rgba(128,140,136,.1); image-rendering:var(--scaling);}
.gmv-thumbs figure.gained img {outline:3px solid #14a394; outline-offset:-3px;}
.gmv-thumbs figure.lost img {outline:3px dashed #d97706; outline-offset:-3px; opacity:.75;}
.gmv-thumbs .none {display:grid; place-items:center; font-size:.75rem; opacity:.7;
  border:1px dashed rgba(128,140,136,.5); background:none; box-sizing:border-box;}
.gmv-thumbs figcaption {font-size:.78rem; line-height:1.3; margin-top:.3rem;
  overflow-wrap:anywhere;}
.gmv-thumbs figcaption span {display:block; opacity:.7;}
</style>"""

GAINED, LOST = "gained", "lost"


@dataclass(frozen=True)
class Thumb:
    """image: encoded, or b"" for none. change: GAINED or LOST, "" for neither."""

    image: bytes
    title: str = ""
    line: str = ""
    alt: str = ""
    change: str = ""


def thumbs(shown: Sequence[Thumb], *, side_px: int, tiny: bool = False, kind: str = "") -> None:
    """Show the strip; `tiny` keeps small pixels crisp.

    kind: "row" shows what fits into one row, "apart" frames the first image.
    """
    scaling = "pixelated" if tiny else "auto"
    figures = "".join(map(_figure, shown))
    look = f"--side:{side_px}px;--scaling:{scaling}"
    st.html(f'{_STYLE}<div class="gmv-thumbs {kind}" style="{look}">{figures}</div>')


def _figure(thumb: Thumb) -> str:
    if thumb.image:
        source = data_address(thumb.image)
        picture = f'<img alt="{_shown(thumb.alt or thumb.title)}" src="{source}">'
    else:
        picture = '<div class="none">no picture</div>'
    words = _shown(thumb.title) + (f"<span>{_shown(thumb.line)}</span>" if thumb.line else "")
    kind = f' class="{thumb.change}"' if thumb.change else ""
    return f"<figure{kind}>{picture}{f'<figcaption>{words}</figcaption>' if words else ''}</figure>"


def _shown(text: str) -> str:
    return escape(visible(text))
