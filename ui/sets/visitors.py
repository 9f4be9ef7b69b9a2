"""The three doors on Start: what each kind of visitor comes for, and the page that answers it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from gmv_core.demo.make import DEMO_RUN
from gmv_core.jobs import control
from ui.doors import engine
from ui.frame import shell, state


@dataclass(frozen=True)
class Door:
    """title, says: who comes, and what they get. button: opens `page` on the demo."""

    title: str
    says: str
    button: str
    icon: str
    page: str


DOORS = (
    Door(
        "I made a model",
        "See which training images each generated image is closest to, which of them earn the "
        "most, and which look like noise.",
        "Explore the demo",
        "play_arrow",
        "contributors",
    ),
    Door(
        "Were my images used?",
        "Images alone cannot prove it. See what an owner earns, how sure that is, "
        "and whether a picture of yours is in the set.",
        "See an owner's page",
        "group",
        "owners",
    ),
    Door(
        "I check claims",
        "Judge pairs yourself, blind, and hold the attributions against class, attributes, noise "
        "and chance.",
        "Review the demo",
        "rate_review",
        "review",
    ),
)


def doors(*, ready: bool, active: bool) -> None:
    """Draw the doors. One that was chosen while there was no demo opens when it is ready.

    ready: the demo can be opened. active: a job is being carried out.
    """
    for place, (column, door) in enumerate(zip(st.columns(3), DOORS, strict=True)):
        # However long the texts are, the buttons stand in one row.
        with column.container(border=True, height="stretch", vertical_alignment="distribute"):
            with st.container():
                st.header(door.title, anchor=False)
                st.markdown(door.says)
            kind = "secondary" if place else "primary"
            if st.button(door.button, type=kind, icon=f":material/{door.icon}:", key=door.title):
                with shell.telling():
                    _choose(place, ready)
    if ready and not active and st.session_state.get(state.DEMO_ASKED) is not None:
        _open(st.session_state.pop(state.DEMO_ASKED))


def _choose(place: int, ready: bool) -> None:
    """Open a door where the demo is there; else make the demo first."""
    if ready:
        _open(place)
    st.session_state[state.DEMO_ASKED] = place
    control.start(engine.workspace(), ["demo"], title="Making the demo", target=DEMO_RUN)
    st.rerun()


def _open(place: int) -> None:
    door = DOORS[place]
    st.switch_page(f"pages/{door.page}.py", query_params={state.RUN: DEMO_RUN})
