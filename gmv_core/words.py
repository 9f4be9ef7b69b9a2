"""Numbers and counts as words, the same on the command line and on the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence

PRODUCT = "Attribution explorer"
STAGES = {
    "draw": "Drawing the demo",
    "embed": "Reading and embedding",
    "index": "Indexing",
    "matches": "Matching",
    "quality": "Judging quality",
    "null": "Measuring unseen images",
    "values": "Valuing",
    "duplicates": "Looking for near copies",
    "confirm": "Confirming near copies",
    "pixels": "Averaging pixels",
    "influence": "Predicting influence",
    "regions": "Comparing regions",
    "evidence": "Gathering evidence",
    "statements": "Writing statements",
    "layout": "Laying out the map",
    "remove": "Removing",
    "erase": "Erasing",
    "done": "Done",
}


def percent(share: float) -> str:
    """Return a share from 0 to 1 in percent."""
    return f"{number(100 * share)} %"


SIZE_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def size_text(size_bytes: int) -> str:
    """Return a size as a person reads it: "3.2 GB"."""
    for unit, factor in reversed(SIZE_UNITS.items()):
        if size_bytes >= factor and unit:
            return f"{size_bytes / factor:.3g} {unit.lower() if unit == 'K' else unit}B"
    return f"{size_bytes} bytes"


def number(value: float | None) -> str:
    """Return at most three significant digits; full precision is in exports and JSON."""
    if value is None or value != value:
        return "–"
    return _signed(f"{value:,.0f}" if abs(value) >= 1000 else f"{value + 0.0:.3g}")


def hundredths(value: float | None) -> str:
    """Return a number with two decimals, as cards show it: "0.07", "< 0.01" for less than that."""
    if value is None or value != value:
        return "–"
    if 0 < abs(value) < 0.005:
        return "< 0.01" if value > 0 else "> −0.01"
    return _signed(f"{value:,.2f}")


def _signed(text: str) -> str:
    """Return a number with a minus for its sign, not a hyphen."""
    return f"−{text[1:]}" if text.startswith("-") else text


def share_text(share: float) -> str:
    """Return a share from 0 to 1 in percent with one decimal, as cards show it: "15.1 %"."""
    return "< 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def points(share: float) -> str:
    """Return a difference of shares in percentage points, with its sign: "+0.25"."""
    return "–" if share != share else f"{100 * share:+.3g}"


def points_interval(low: float, high: float) -> str:
    """Return the interval of a difference of shares in percentage points: "-0.1 to +0.25"."""
    return "–" if low != low else f"{points(low)} to {points(high)}"


def counted(n: int, noun: str) -> str:
    """Return a count with its noun: "1 image", "1,200 images"."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def untorn(text: object) -> str:
    """Return words in which no line ends between a number and its sign, or within an interval."""
    return str(text).replace(" %", "\u00a0%").replace("–", "\u2060–\u2060")


# Control signs, which a terminal obeys, and marks that turn the direction of what follows.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Return a text whose control signs and direction marks are written out, as "\\x1b"."""
    return _UNSEEN.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def listed(names: Sequence[str]) -> str:
    """Return the names of settings as words: "side px and kept directions"."""
    return " and ".join(name.replace("_", " ") for name in names)
