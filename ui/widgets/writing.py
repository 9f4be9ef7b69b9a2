"""Buttons that change the workspace: off, with the reason, where that may not be done."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gmv_core.store.access import READ_ONLY, Right, limit, may


def write_button(label: str, **given: Any) -> bool:  # noqa: ANN401  (st.button's own)
    """Draw an `st.button` whose click changes the workspace, and return whether it was clicked.

    The engine refuses as well; a button that is off says so before the click.
    """
    if not may(Right.EDIT):
        given |= {"disabled": True, "help": why_not()}
    return st.button(label, **given)


def why_not() -> str:
    """Say why nothing can be changed here."""
    if limit() < Right.EDIT:
        return "This app is read-only: nothing can be changed here."
    return "Your login is for looking; ask whoever runs this app for the right to edit."


def may_bring() -> bool:
    """Return whether an image may be dropped to be looked at; else say that it may not."""
    if may(Right.BRING):
        return True
    st.info(f"Images cannot be dropped here ({READ_ONLY} is strict).", icon=":material/lock:")
    return False
