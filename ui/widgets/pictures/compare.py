"""Two images as a pair, with words between or under them: apart, with a wipe, or their difference.

The other image of the pair is chosen in a list beside the gallery, or by a click in a strip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gmv_core.images.thumbnails import data_address
from gmv_core.words import visible
from ui.frame import state
from ui.widgets.pictures.gallery import ASSETS

SIDE, SLIDER, DIFFERENCE = "side", "slider", "difference"
_CHOICES = """<style>
:has(> .st-key-choices) { min-width: min(100%, 520px); }
@media (max-width: 640px) { .st-key-opened { flex-direction: column-reverse; } }
</style>"""  # the choices stay in one row

_mount = st.components.v2.component(
    "gmv_compare",
    css=(ASSETS / "compare.css").read_text(encoding="utf-8"),
    js=(ASSETS / "compare.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Picture:
    """One of the two: an encoded image, what kind it is ("Generated image"), and its name."""

    image: bytes
    kind: str
    name: str


@dataclass(frozen=True)
class Places:
    """Where a pair is drawn: its choices, in the row of the image in view, and the two below."""

    choices: DeltaGenerator
    pair: DeltaGenerator


def opened(width: int | Literal["content"]) -> tuple[DeltaGenerator, Places]:
    """Return a place for the choice of the image in view, as wide as told, and those of its pair.

    On a phone the choices come last: a tap in the gallery above is to show its result at once.
    """
    st.html(_CHOICES)
    with st.container(key="opened", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            one = st.container(horizontal=True, wrap=False, gap="xsmall", width=width)
            choices = st.container(
                horizontal=True, vertical_alignment="center", gap="xsmall", key="choices"
            )
        return one, Places(choices, st.container())


@dataclass(frozen=True)
class Told:
    """What stands between the two. chip: a word or two and their colour. facts: a line each."""

    chip: tuple[str, str] | None = None
    sentence: str = ""
    facts: tuple[str, ...] = ()


def choose_other(key: str, names: Sequence[str], what: str) -> str | None:
    """Draw the choice of the image that the one in view is compared with, and return its name.

    key: of its name in the URL. names: to choose from, the first unless another was chosen; any
    other can be typed. what: they are.
    """
    if st.session_state.get(key) is None and names:
        # Not a default of the widget: Streamlit leaves those out of the address.
        st.session_state[key] = names[0]
    return st.selectbox(
        f"Compare with the {what}",
        state.with_chosen(key, names),
        index=None,
        placeholder=f"The name of a {what}",
        label_visibility="collapsed",
        accept_new_options=True,
        required=True,
        width="stretch",
        **state.in_url(key),
    )


def compare(left: Picture, right: Picture, told: Told, *, key: str, mode: str, tiny: bool) -> None:
    """Show two images and what is told of them. mode: SIDE, SLIDER or DIFFERENCE."""
    chip = {"text": told.chip[0], "colour": told.chip[1]} if told.chip else None
    _mount(
        key=key,
        data={
            "left": _sent(left),
            "right": _sent(right),
            "chip": chip,
            "sentence": visible(told.sentence),
            "facts": list(map(visible, told.facts)),
            "mode": mode,
            "tiny": tiny,
            "label": "The two images compared",
        },
    )


def _sent(picture: Picture) -> dict[str, str]:
    kind, name = visible(picture.kind), visible(picture.name)  # a kind may hold a label
    told = {"kind": kind, "name": name, "alt": f"{kind} {name}"}
    return {"src": data_address(picture.image), **told}
