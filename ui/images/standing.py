"""Whether a generated image is closer to the training set than chance: a chip and its sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from gmv_core.results.standings import sentences_of, sentences_of_all
from gmv_core.store.manifests import NullEntry
from gmv_core.trust.sentences import nearer_sentence
from gmv_core.trust.standing import FAR, NEAR_COPY, ORDINARY
from ui.frame.markdown import plain

SAME = "same pixels"
COLOURS = {SAME: "red", NEAR_COPY: "orange", ORDINARY: "gray", FAR: "blue"}
ICONS = {
    SAME: ":material/content_copy:",
    NEAR_COPY: ":material/content_copy:",
    ORDINARY: ":material/check_indeterminate_small:",
    FAR: ":material/help:",
}


def mark(standing: str, same_pixels: str) -> str:
    """Return what a gallery says under an image: "" for an ordinary one."""
    return SAME if same_pixels else "" if standing == ORDINARY else standing


def chip(about: dict[Any, Any], null: NullEntry | None) -> None:
    """Draw an image's standing, and what it means. about: with the columns of the standings."""
    told = SAME if about["same_pixels"] else about["standing"]
    if not told:
        st.caption("It was held against no unseen real images: value the run again to see how "
                   "close is close.")  # fmt: skip
        return
    st.badge(told.capitalize(), icon=ICONS[told], color=COLOURS[told])
    said = sentences_of({**about, "same_pixels": plain(about["same_pixels"])}, null)
    if null is not None and about["standing"]:
        said = said[:-1]
        st.markdown(f"**{nearer_sentence(about['nearer_than'], null)}**")
    st.caption(" ".join(said))


def summary(table: pd.DataFrame, null: NullEntry | None) -> None:
    """Say in a line how the generated images of a run stand."""
    said = sentences_of_all(table, null)
    if said:
        st.caption(" ".join(said))
