"""A job that a view needs first: what it is, the button that starts it, and how far it is."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gmv_core import Workspace
from gmv_core.jobs.job import Job, list_jobs
from ui.doors import engine
from ui.frame import shell, state
from ui.widgets.job_bar import job_bar
from ui.widgets.writing import write_button


def offered(run: str, about: str, button: str, start: Callable[[Workspace, str], Job]) -> None:
    """Draw the offer, or the job where it is under way. start: starts it for a run of that name."""
    if st.session_state.get(state.STARTED) == run:
        del st.session_state[state.STARTED]  # its bar is drawn here
    working = any(job.target == run and job.active for job in list_jobs(engine.workspace()))
    if not working:
        st.info(about, icon=":material/info:")
        if write_button(button, type="primary", icon=":material/play_arrow:"):
            with shell.telling():
                start(engine.workspace(), run)
                st.rerun()
    job_bar(run)
