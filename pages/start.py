"""Start: what one gets, a door for each kind of visitor, and what the workspace holds."""

from __future__ import annotations

import streamlit as st

from gmv_core.demo.make import DEMO_RUN
from gmv_core.jobs.job import list_jobs
from gmv_core.jobs.overview import overview
from gmv_core.place import app_folder
from gmv_core.words import PRODUCT
from ui.doors import engine
from ui.frame import shell, state
from ui.sets.home import next_step, outgrown, picture, runs, sets, unreadable
from ui.sets.visitors import doors
from ui.widgets.job_bar import job_bar


def start() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        st.image(str(app_folder() / "assets" / "icon.png"), width=44, alt="")
        st.title(PRODUCT, anchor=False)
    found = overview(engine.workspace())
    names = [run.name for run in found.runs]
    active = {job.target: job for job in list_jobs(engine.workspace()) if job.active}
    with shell.telling():
        picture(names)
    st.markdown(
        "**See which training images a generated image is closest to, and how much credit each of "
        "them, and its owner, earns.** Images are all it takes: no access to the model, no "
        "training. It measures closeness, never cause."
    )
    job_bar()
    doors(ready=DEMO_RUN in names, active=DEMO_RUN in active)
    unreadable(found)
    if not active:
        outgrown(found)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Use my own images", icon=":material/upload:"):
            st.switch_page("pages/training_set.py", query_params={state.SET: state.NEW_SET})
        next_step(found)
    if found.sets or found.runs:
        left, right = st.columns(2, gap="large")
        with left:
            sets(found, active)
        with right:
            runs(found)


shell.show(start)
