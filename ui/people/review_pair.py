"""One pair at a time: two pictures, the question, three answers; all of it by keyboard, too."""

from __future__ import annotations

import time
from html import escape

import streamlit as st

from gmv_core.audit.review.judging import (
    MEANINGS,
    NO,
    NOTE_CHARACTERS,
    QUESTION,
    UNSURE,
    VERDICTS,
    YES,
    Shown,
    decide,
    next_pair,
    undo,
)
from gmv_core.images.thumbnails import data_address
from ui.doors import engine
from ui.frame import shell

KEYS = {YES: "Y", NO: "N", UNSURE: "U"}
UNDO_KEY = "Z"
LEAST_SECONDS = (
    0.3  # a verdict that comes sooner was of the pair before: a key held or struck twice
)
_STYLE = """<style>
.gmv-pair {display:grid; grid-template-columns:repeat(2,minmax(0,1fr)); gap:.75rem;
  max-width:47rem; margin:0 auto;}
.gmv-pair div {aspect-ratio:1; max-height:23rem; width:100%; border-radius:.5rem;
  background:rgba(128,140,136,.1); display:grid; place-items:center; overflow:hidden;}
.gmv-pair img {width:100%; height:100%; object-fit:contain; display:block;
  image-rendering:var(--scaling);}
</style>"""


@st.fragment
def judge(review: str, reviewer: str, *, tiny: bool) -> None:
    """Show the next pair of a reviewer and take the verdict; the page is drawn anew at the end.

    tiny: keep small pixels crisp.
    """
    with shell.telling():
        pair = next_pair(engine.workspace(), review, reviewer)
        if pair is None:
            st.rerun()
        _pair(review, reviewer, pair, tiny)


def _pair(review: str, reviewer: str, pair: Shown, tiny: bool) -> None:
    st.progress((pair.number - 1) / pair.of, text=f"Pair {pair.number:,} of {pair.of:,}")
    st.subheader(QUESTION, anchor=False, text_alignment="center")
    _pictures(pair, tiny)
    note_key, shown = f"note {review} {pair.place}", time.monotonic()
    with st.container(horizontal=True, wrap=False):
        for verdict in VERDICTS:
            with st.container(gap="xsmall"):
                # A key for each pair: a click that comes late is of the pair it was made on.
                st.button(
                    verdict.capitalize(),
                    key=f"{verdict} {review} {pair.place}",
                    shortcut=KEYS[verdict],
                    width="stretch",
                    on_click=_decide,
                    args=(review, reviewer, pair.place, verdict, note_key, shown),
                )
                st.caption(MEANINGS[verdict], text_alignment="center")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Note", key=note_key, max_chars=NOTE_CHARACTERS, label_visibility="collapsed",
            placeholder="A note on this pair, if you like; Tab leaves it",
        )  # fmt: skip
        st.button(
            "Undo", icon=":material/undo:", shortcut=UNDO_KEY, key="undo a verdict",
            disabled=pair.number == 1, on_click=take_back, args=(review, reviewer),
        )  # fmt: skip


def _pictures(pair: Shown, tiny: bool) -> None:
    sides = "".join(
        f'<div><img alt="{side} picture of pair {pair.number}" '
        f'src="{escape(data_address(image))}"></div>'
        for side, image in (("Left", pair.left), ("Right", pair.right))
    )
    look = f"--scaling:{'pixelated' if tiny else 'auto'}"
    st.html(f'{_STYLE}<div class="gmv-pair" style="{look}">{sides}</div>')


def _decide(
    review: str, reviewer: str, place: int, verdict: str, note_key: str, shown: float
) -> None:
    seconds = time.monotonic() - shown
    if seconds < LEAST_SECONDS:
        st.toast("That was too fast to have seen the pair. It is still here.")
        return
    with shell.telling():
        note = st.session_state.get(note_key) or ""
        decide(
            engine.workspace(), review, reviewer, place, verdict, note=note,
            seconds=round(seconds, 2),
        )  # fmt: skip


def take_back(review: str, reviewer: str) -> None:
    """Take the last verdict back; what goes wrong in a callback is a sentence."""
    with shell.telling():
        undo(engine.workspace(), review, reviewer)
