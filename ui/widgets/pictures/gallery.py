"""The gallery: image cards that a click, or the arrow keys and Enter, select.

It is a grid of as many columns as fit, or a strip: one row that scrolls sideways.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from gmv_core.images.thumbnails import data_address
from gmv_core.words import visible

ASSETS = Path(__file__).parent

_mount = st.components.v2.component(
    "gmv_gallery",
    css=(ASSETS / "gallery.css").read_text(encoding="utf-8"),
    js=(ASSETS / "gallery.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Card:
    """One image of a gallery.

    id: what a click on it tells, unique in the gallery. image: encoded, small (see
    `gmv_core.images.thumbnails`). lines: shown below the title, one each. alt: what the image is.
    marked: set apart from the others, for example for removal. hover: told beside the pointer,
    after `alt`. bar: its length under the image, 0 to 1, None for none. dot: the colour of the mark
    before the last line, corner: of the mark on the image, "" for none.
    """

    id: str
    image: bytes
    title: str
    lines: tuple[str, ...]
    alt: str
    marked: bool = False
    hover: str = ""
    bar: float | None = None
    dot: str = ""
    corner: str = ""


def gallery(
    cards: Sequence[Card],
    *,
    key: str,
    selected: str | None = None,
    tiny: bool = False,
    side_px: int = 160,
    strip: bool = False,
    on_select: Callable[[str], None] | None = None,
    label: str = "Images",
    follow: bool = False,
    picked: Collection[str] | None = None,
    on_pick: Callable[[list[str], bool], None] | None = None,
) -> None:
    """Show cards; `selected` is outlined.

    tiny: keep the pixels of small images crisp. side_px: the least width of a card. strip: one row
        that scrolls sideways, to the card selected.
    on_select: called with a card's id before the page runs again; without it nothing can be
        clicked. Beside such a gallery belongs an ordinary widget that selects the same.
    label: what the images are, for a screen reader. follow: scroll the container that the gallery
        lies in (one of fixed height) to the card selected.
    picked, on_pick: with them a click ticks a card or unticks it, with Shift all from the last one
        on, instead of selecting it; on_pick is called with the ids and whether they are ticked now.
    """
    known = {card.id for card in cards}

    def tell() -> None:
        chosen = st.session_state[key].get("selected")
        if on_select and chosen in known:  # what a browser sends is not trusted
            on_select(chosen)

    def tell_picked() -> None:
        sent = st.session_state[key].get("picked") or {}
        ids = [one for one in sent.get("ids", ()) if one in known]
        if on_pick and ids:
            on_pick(ids, sent.get("on") is True)

    _mount(
        key=key,
        data={
            "cards": [
                {
                    "id": card.id,
                    "src": data_address(card.image),
                    "title": visible(card.title),
                    "lines": list(map(visible, card.lines)),
                    "alt": visible(card.alt),
                    "marked": card.marked,
                    "hover": visible(card.hover),
                    "bar": card.bar,
                    "dot": card.dot,
                    "corner": card.corner,
                }
                for card in cards
            ],
            "selected": selected,
            "tiny": tiny,
            "side_px": side_px,
            "label": label,
            "strip": strip,
            "clickable": on_select is not None or on_pick is not None,
            "follow": follow,
            "picked": None if on_pick is None else sorted(known & set(picked or ())),
        },
        on_selected_change=tell,
        on_picked_change=tell_picked,
    )
