"""The gallery: image cards of equal height that a click, or the arrow keys and Enter, select."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    marked: set apart from the others, for example for removal.
    """

    id: str
    image: bytes
    title: str
    lines: tuple[str, ...]
    alt: str
    marked: bool = False


def gallery(
    cards: Sequence[Card],
    *,
    key: str,
    selected: str | None = None,
    tiny: bool = False,
    side_px: int = 160,
    on_select: Callable[[str], None] | None = None,
    label: str = "Images",
    follow: bool = False,
    seek: bool = False,
) -> None:
    """Show cards in as many columns as fit; `selected` is outlined.

    tiny: keep the pixels of small images crisp. side_px: the least width of a card.
    on_select: called with a card's id before the page runs again; without it nothing can be
        clicked. Beside such a gallery belongs an ordinary widget that selects the same.
    label: what the images are, for a screen reader. follow: scroll the container that the gallery
        lies in (one of fixed height) to the card selected. seek: scroll the page to the gallery.
    """
    known = {card.id for card in cards}

    def tell() -> None:
        chosen = st.session_state[key].get("selected")
        if on_select and chosen in known:  # what a browser sends is not trusted
            on_select(chosen)

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
                }
                for card in cards
            ],
            "selected": selected,
            "tiny": tiny,
            "side_px": side_px,
            "label": label,
            "clickable": on_select is not None,
            "follow": follow,
            "seek": seek,
        },
        on_selected_change=tell,
    )
