"""Who judges: the one place that knows a reviewer's name."""

from __future__ import annotations

import streamlit as st

from gmv_core.audit.review.people import NAME_CHARACTERS
from ui.frame import login, state
from ui.frame.markdown import plain

_TYPED = "reviewer-typed"


def reviewer() -> str:
    """Return the reviewer's name, "" where nobody has given one: of the login, else typed.

    It is kept for the session and not in the address: a link that was passed on would let another
    person judge under this name. Once it is given its field is gone, and with it the cursor, so
    that the next key is a verdict.
    """
    known = login.visitor_name()
    name = known or str(st.session_state.get(state.REVIEWER, ""))
    if name:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/person: {plain(name)}", width="content")
            if not known:
                st.button("Someone else", type="tertiary", on_click=_forget)
        return name
    st.text_input(
        "Your name",
        key=_TYPED,
        max_chars=NAME_CHARACTERS,
        placeholder="Who judges? Your name, then Enter",
        label_visibility="collapsed",
        on_change=_take,
    )
    return ""


def _take() -> None:
    st.session_state[state.REVIEWER] = (st.session_state[_TYPED] or "").strip()


def _forget() -> None:
    st.session_state[state.REVIEWER] = ""
    st.session_state.pop(state.SEEN_RESULTS, None)
