"""The choice of real images that the model was not trained on: with what "close" is compared."""

from __future__ import annotations

import streamlit as st

from gmv_core.store.workspace import ImageSet
from ui.doors import engine


def held_out(training: ImageSet, own: str = "", *, key: str) -> str:
    """Draw the choice and return the name of a set, "" for none. own: that of the result in view.

    Nothing is drawn where there is no other set.
    """
    others = [name for name in engine.finished_sets() if name not in (training.name, own)]
    options = ["", *([own] if own else []), *others]
    if len(options) == 1:
        return ""
    chosen: str = st.selectbox(
        "Unseen real images",
        options,
        index=options.index(own),
        format_func=lambda name: name or "none: training images are left out one by one",
        key=key,
        help="A set of real images of the same kind that the model was not trained on. How near "
        "they come to the training images says whether a generated image is nearer than chance.",
    )
    return chosen
