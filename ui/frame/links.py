"""Links from page to page that say what is to be looked at there."""

from __future__ import annotations

import streamlit as st

from ui.frame import state

FORWARD = ":material/arrow_forward:"


def run(name: str, label: str, *, icon: str = FORWARD) -> None:
    """Link to the contributors of a run."""
    page = "pages/contributors.py"
    st.page_link(page, label=label, icon=icon, query_params={state.RUN: name})


def image_set(name: str, label: str, *, icon: str = FORWARD) -> None:
    """Link to a training set."""
    page = "pages/training_set.py"
    st.page_link(page, label=label, icon=icon, query_params={state.SET: name})


def image(name: str, label: str, *, training: bool) -> None:
    """Link to an image on Contributors."""
    kind, view = (
        (state.TRAINING, state.TRAINING_VIEW) if training else (state.IMAGE, state.GENERATED_VIEW)
    )
    asked = {state.VIEW: view, kind: name}
    st.page_link("pages/contributors.py", label=label, icon=FORWARD, query_params=asked)


def compare(name: str, label: str) -> None:
    """Link to where generated images are dropped, to be compared with a training set."""
    asked = {state.VIEW: state.DROP_VIEW, state.AGAINST: name}
    st.page_link("pages/contributors.py", label=label, icon=FORWARD, query_params=asked)
