"""Start: what this answers, the demo in one click, and what the workspace holds."""

from __future__ import annotations

import streamlit as st

from gmv_core.demo.make import DEMO_RUN
from gmv_core.jobs import control
from gmv_core.jobs.job import list_jobs
from gmv_core.jobs.overview import overview
from ui.doors import engine
from ui.frame import shell, state
from ui.sets.home import next_step, outgrown, picture, runs, sets, unreadable
from ui.widgets.job_bar import job_bar


def start() -> None:
    st.title("Whose images are generated images closest to?")
    st.markdown(
        "- Which **training images are closest** to an image that a model generated?\n"
        "- How is **credit by similarity** spread over the training images, and over their "
        "owners?\n"
        "- How good are the generated images, and which training images look like noise?\n"
        "- All of it from the images alone: without the model, and nothing is trained. It speaks "
        "of closeness, never of cause."
    )
    found = overview(engine.workspace())
    names = [run.name for run in found.runs]
    with st.container(horizontal=True):
        if st.button("Open the demo", type="primary", icon=":material/play_arrow:"):
            open_demo(DEMO_RUN in names)
        if st.button("Use my own images", icon=":material/upload:"):
            st.switch_page("pages/training_set.py", query_params={state.SET: state.NEW_SET})
    active = [job.target for job in list_jobs(engine.workspace()) if job.active]
    ready = DEMO_RUN in names and DEMO_RUN not in active
    if ready and st.session_state.pop(state.DEMO_ASKED, False):
        open_demo(True)
    job_bar()
    unreadable(found)
    if not active:
        outgrown(found)
    with shell.telling():
        picture(names)
    next_step(found)
    if found.sets or found.runs:
        left, right = st.columns(2, gap="large")
        with left:
            sets(found)
        with right:
            runs(found)


def open_demo(is_there: bool) -> None:
    """Open the demo where it is there; else make it, to be opened when it is."""
    if is_there:
        st.switch_page("pages/contributors.py", query_params={state.RUN: DEMO_RUN})
    st.session_state[state.DEMO_ASKED] = True
    control.start(engine.workspace(), ["demo"], title="Making the demo", target=DEMO_RUN)
    st.rerun()


shell.show(start)
