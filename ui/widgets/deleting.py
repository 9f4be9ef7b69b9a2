"""Delete: a set or a run goes for good, once that was confirmed."""

from __future__ import annotations

import streamlit as st

from gmv_core.audit.review.reviews import kept_sentence
from gmv_core.jobs import requests
from gmv_core.store.access import Right, may
from ui.doors import engine
from ui.frame import shell
from ui.frame.markdown import safe

KINDS = {"set": "set", "run": "result"}  # as the screens call them


def delete(kind: str, name: str, told: str) -> None:
    """Offer to delete a set or run, and say when it is meant what goes with it.

    kind: "set" or "run".
    """
    if not may(Right.EDIT):
        return
    with st.popover(f"Delete this {KINDS[kind]}", icon=":material/delete:"):
        kept = kept_sentence(engine.workspace(), name) if kind == "run" else ""
        st.markdown(safe(f"{told} {kept}".strip()))
        if st.button("Delete it for good", key=f"delete-{name}"):
            with shell.telling():
                requests.delete(engine.workspace(), name, kind=kind)
                st.rerun()
