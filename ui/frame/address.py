"""The address of a page: what it names is looked at, and what is looked at stands in it.

Read once, when the page is come to, and written once, when it is drawn: a page is one step of the
browser's history, and a choice on it another. Streamlit's own binding of a widget to the address
writes one widget after the other, each a step, and leaves out what is the widget's default.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.frame import state

# Streamlit pushes each address that the server sends onto the history. What changes without a hand
# on the page is no step of its own: it completes the address of the last one.
_STEPS = """<script>
if (!window.gmvSteps) {
  window.gmvSteps = true;
  let acted = true;
  for (const what of ["pointerdown", "keydown"])
    addEventListener(what, () => { acted = true; }, true);
  const push = history.pushState.bind(history);
  history.pushState = (held, title, url) => {
    const same = new URL(url, location.href).pathname === location.pathname;
    if (same && !acted) return history.replaceState(held, title, url);
    acted = false;
    return push(held, title, url);
  };
}
</script>"""


def arrive(page: str) -> None:
    """Take over what the address says, where it is not the one that was written here last.

    Of the two images that can be compared, one that a link to the other does not name is forgotten.
    """
    st.sidebar.html(_STEPS, unsafe_allow_javascript=True)
    st.session_state[state.DRAWN] = {}
    named = {key: st.query_params.get_all(key) for key in st.query_params}
    written = st.session_state.get(state.WRITTEN, {})
    before = st.session_state.get(state.AT)
    st.session_state[state.AT] = page
    # To the next page the menu takes the address of the last one along, which says nothing new. And
    # what was chosen by hand while the page was drawn comes with the address from before that.
    if named == written.get(before) or (page == before and _chosen_by_hand()):
        return
    found = {key: _value(key, texts) for key, texts in named.items() if key in state.ADDRESS}
    st.session_state.update({key: value for key, value in found.items() if value is not None})
    if state.K in named:  # one that was written here, and is complete: the browser's Back
        for key in set(written.get(page, ())) - set(named):
            st.session_state.pop(key, None)
    for key, other in ((state.IMAGE, state.TRAINING), (state.TRAINING, state.IMAGE)):
        if key in named and other not in named:
            st.session_state[other] = None


def _chosen_by_hand() -> bool:
    """Return whether anything in the address was changed on the page since it was written."""
    left = st.session_state.get(state.LEFT, {})
    return any(st.session_state.get(key) != value for key, value in left.items())


def write() -> None:
    """Write what the page has drawn into the address."""
    drawn = st.session_state.get(state.DRAWN, {})
    left = {key: st.session_state.get(key) for key in drawn}
    st.session_state[state.LEFT] = left
    told = {
        key: _texts(value) for key, value in left.items() if value not in (None, "", [], drawn[key])
    }
    written = st.session_state.setdefault(state.WRITTEN, {})
    written[st.session_state[state.AT]] = told
    if told != {key: st.query_params.get_all(key) for key in st.query_params}:
        st.query_params.from_dict(told)


def _texts(value: Any) -> list[str]:  # noqa: ANN401  (what a widget returns)
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _value(key: str, texts: list[str]) -> Any:  # noqa: ANN401
    """Return what the address says of a key, None for what cannot be meant."""
    if key in state.LISTS:
        return texts
    if key in state.RANGES:
        return _range(texts)
    text = texts[-1]
    if key in state.NUMBERS:
        return int(text) if text.lstrip("-").isdecimal() else None
    if key in state.YES_NO:
        return {"true": True, "false": False}.get(text.lower())
    return text if text in state.CHOICES.get(key, (text,)) else None


def _range(texts: list[str]) -> tuple[float, float] | None:
    """Return two numbers from 0 to 1, the smaller one first."""
    try:
        low, high = sorted(float(text) for text in texts)
    except ValueError:  # no numbers, or not two
        return None
    return (low, high) if low >= 0 and high <= 1 else None
