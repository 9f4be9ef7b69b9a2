"""Predicted influence as a wish: the box of a form that starts a run."""

from __future__ import annotations

import streamlit as st


def too() -> bool:
    """Draw the box that asks for predicted influence beside the values; return whether it is on."""
    return st.checkbox(
        "Predict influence, too",
        True,
        help="A second reading beside the closest images: which training images help and which "
        "harm the best linear model at each generated image. No network; seconds to minutes.",
    )
