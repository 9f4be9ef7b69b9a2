"""Whether a generated image is closer to the training set than chance: a chip and its sentences."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import streamlit as st

from gmv_core.plots.look import ALARM, BETWEEN, WARNING
from gmv_core.results.standings import sentences_of, sentences_of_all
from gmv_core.store.manifests import NullEntry
from gmv_core.trust.sentences import BLUR, MEANINGS, neighbours_sentence
from gmv_core.trust.standing import FAR, NEAR_COPY, ORDINARY
from ui.frame.markdown import plain

SAME = "same pixels"
COLOURS = {SAME: "red", NEAR_COPY: "orange", ORDINARY: "gray", FAR: "blue"}

DOTS = {SAME: ALARM, NEAR_COPY: WARNING, FAR: BETWEEN}  # of a card; an ordinary one has none


def mark(standing: str, same_pixels: str) -> str:
    """Return what a gallery says under an image: "" for an ordinary one."""
    return SAME if same_pixels else "" if standing == ORDINARY else standing


def legend(table: pd.DataFrame) -> None:
    """Say what the dots in a gallery of generated images mean. table: with standing."""
    found = set(table["standing"]) & set(MEANINGS) & set(DOTS)
    for standing in sorted(found):
        dot = f":{COLOURS[standing]}[●] {standing}"
        st.caption(dot, width="content", help=MEANINGS[standing])


def chip(about: dict[Any, Any]) -> tuple[str, str] | None:
    """Return an image's standing in a word or two, and its colour; None where it has none.

    about: with the columns of the standings.
    """
    told = SAME if about["same_pixels"] else about["standing"]
    return (told.capitalize(), COLOURS[told]) if told else None


def sentence(about: dict[Any, Any], null: NullEntry | None, names: Collection[str]) -> str:
    """Return in a sentence how near an image is, "" where that was not measured.

    names: of its contributors.
    """
    if null is None or not about["standing"]:
        return ""
    if about["copy_of"] and (about["nearer_than"] < 0.5 or about["copy_of"] not in names):
        return f"Closer to {about['copy_of']} than chance."
    return neighbours_sentence(about["nearer_than"])


def comfort(about: dict[Any, Any]) -> str:
    """Return what an image without a convincing source may only mean, "" for any other."""
    return BLUR if about["standing"] == FAR else ""


def meaning(about: dict[Any, Any], null: NullEntry | None) -> None:
    """Say what an image's standing means and what it was held against."""
    if null is None:
        st.caption("It was compared with no unseen real images: value the images again to see how "
                   "close is close.")  # fmt: skip
    names = {name: plain(about[name]) for name in ("same_pixels", "copy_of")}
    said = sentences_of({**about, **names}, null)
    if said:
        st.caption(" ".join(said))


def summary(table: pd.DataFrame, null: NullEntry | None) -> None:
    """Say in a line how the generated images of a run stand."""
    said = sentences_of_all(table, null)
    if said:
        st.caption(" ".join(said))
