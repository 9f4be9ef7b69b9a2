"""Start: what this answers, the demo in one click, and what the workspace holds."""

from __future__ import annotations

import streamlit as st

from gmv_core import jobs
from gmv_core.showcase import DEMO_RUN
from ui import engine, shell
from ui.jobs import job_bar


def start() -> None:
    st.title("Where do generated images come from?")
    st.markdown(
        "Give a training set and images that a model generated. See which **training images are "
        "closest** to each of them, how **credit by similarity** is spread over the training set, "
        "and who owns it. It needs neither the model nor any training. "
        "It speaks of closeness, never of cause."
    )
    job_bar()
    if engine.finished_runs():
        st.page_link("pages/contributors.py", label="Look at the contributors")
        return
    st.info("Nothing has been valued in this workspace yet.", icon=":material/info:")
    if st.button("Make the demo", type="primary"):
        jobs.start(engine.workspace(), ["demo"], title="The demo", target=DEMO_RUN)
        st.rerun()


shell.show(start)
