"""Predicted influence: the switch to it, what it is in words, and the job that predicts it."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from gmv_core.jobs import requests
from gmv_core.results.influence.evidence import TRUST, agreement
from gmv_core.words import number
from ui.doors import influence
from ui.frame import state
from ui.widgets.offered import offered


def switch() -> bool:
    """Draw the switch between the two readings; return whether it is at predicted influence."""
    chosen = st.segmented_control(
        "Reading",
        state.READINGS,
        default=state.ALIKE,
        required=True,
        label_visibility="collapsed",
        help="Looks alike: the paper's credit, by similarity. Predicted influence: which training "
        "images help and which harm a linear model at the generated images.",
        **state.in_url(state.READING),
    )
    return chosen == state.INFLUENCE


def explained(where: str) -> None:
    """Say what it is, and how far it is to be trusted. where: "at this image"."""
    st.caption(
        f"By how much the best linear model of the training set would get worse {where} without a "
        f"training image. {TRUST} It is a prediction: it does not say that an image was used.",
        help=f"{agreement()} 1 is agreement throughout, 0 none.",
    )


def change(percent: float) -> str:
    """Return a predicted change as words. percent: of the error, above 0 where it is worse."""
    return f"{number(abs(percent))} % {'worse' if percent > 0 else 'better'}"


def needed(result: Result) -> bool:
    """Return whether influence was predicted for a run; else say so, and offer to start it."""
    if influence.there(result):
        return True
    offered(
        result.run.name,
        "Influence has not been predicted for these images yet. It needs no network and no "
        "training: seconds for thousands of images, minutes for a million.",
        "Predict influence",
        requests.predict_influence,
    )
    return False


def too() -> bool:
    """Draw the box of a form that starts a run; return whether influence is asked for."""
    return st.checkbox(
        "Predict influence, too",
        True,
        help="A second reading beside the closest images: which training images help and which "
        "harm a linear model at each generated image. No network; seconds to minutes.",
    )
