"""Start: what this answers, the demo in one click, and what the workspace holds."""

from __future__ import annotations

import subprocess
import sys

import streamlit as st

from ui import engine, shell


def start() -> None:
    st.title("Where do generated images come from?")
    st.markdown(
        "Give a training set and images that a model generated. See which **training images are "
        "closest** to each of them, how **credit by similarity** is spread over the training set, "
        "and who owns it. It needs neither the model nor any training. "
        "It speaks of closeness, never of cause."
    )
    if engine.finished_runs():
        st.page_link("pages/contributors.py", label="Look at the contributors")
        return
    st.info("Nothing has been valued in this workspace yet.", icon=":material/info:")
    if st.button("Make the demo", type="primary"):
        with st.spinner("Drawing 1,200 portraits, embedding them, valuing generated ones …"):
            error = make_demo()
        if error:
            st.error(error)
        else:
            st.rerun()


def make_demo() -> str:
    """Run the engine's demo command on this workspace; return its error, "" if it went well."""
    root = str(engine.workspace().root)
    command = [sys.executable, "-m", "gmv_core", "demo", "--workspace", root]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


shell.show(start)
