"""One pair at a time: two pictures, the question, three answers; all of it by keyboard, too."""

from __future__ import annotations

import time

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
    look,
    next_pair,
    undo,
)
from ui.doors import engine
from ui.frame import shell, state
from ui.widgets.pictures.pair import pair as pair_of

KEYS = {YES: "Y", NO: "N", UNSURE: "U"}
UNDO_KEY = "Z"
LEAST_SECONDS = 0.3  # a verdict that comes sooner was meant for the pair before


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
    st.header(QUESTION, anchor=False, text_alignment="center")
    pair_of(pair.left, pair.right, key="review-pair", of=f"pair {pair.number}", tiny=tiny)
    note_key, shown = f"note {review} {pair.place}", _since(review, pair.place)
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


def _since(review: str, place: int) -> float:
    """Return when this pair was first shown; a note that is typed draws it again."""
    seen = st.session_state.get(state.SHOWN)
    if seen is None or seen[:2] != (review, place):
        seen = st.session_state[state.SHOWN] = (review, place, time.monotonic())
    return float(seen[2])


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


def take_back(review: str, reviewer: str, *, looked: bool = False) -> None:
    """Take the last verdict back; what goes wrong in a callback is a sentence.

    looked: the results are on the screen, so what is judged after it is not blind.
    """
    with shell.telling():
        if looked:
            look(engine.workspace(), review, reviewer)
        undo(engine.workspace(), review, reviewer)
