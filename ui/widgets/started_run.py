"""The result that this page has requested: its progress, and the way to it when it is ready."""

from __future__ import annotations

import streamlit as st

from ui.doors import engine
from ui.frame import state
from ui.frame.markdown import plain
from ui.widgets.job_bar import job_bar


def started_run() -> bool:
    """Draw the run that a job was started for; return whether there is one."""
    name = st.session_state.get(state.STARTED)
    if name is None:
        return False
    if name in engine.finished_runs():
        with st.container(horizontal=True, vertical_alignment="center"):
            ready = f"The result {plain(name)} is ready."
            st.success(ready, icon=":material/check:", width="stretch")
            st.button("Look at it", type="primary", on_click=_look_at, args=(name,))
    job_bar(name)  # a run that is ready may still be predicting influence
    return True


def _look_at(run: str) -> None:
    del st.session_state[state.STARTED]
    st.session_state[state.RUN] = run
    st.session_state[state.VIEW] = state.GENERATED_VIEW
    st.session_state[state.IMAGE] = st.session_state[state.TRAINING] = None
