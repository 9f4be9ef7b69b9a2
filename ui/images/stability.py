"""Whether an image's first contributor survives other distances: a quiet mark, and the job."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gmv_core import Result
from gmv_core.jobs import control
from gmv_core.results.stability import read_stability, share_ranges
from gmv_core.trust.stability import share_words, words
from gmv_core.words import number
from ui.doors import engine
from ui.frame import state
from ui.widgets.writing import write_button


def stability_line(result: Result, about: dict[Any, Any]) -> None:
    """Say how many readings have the image's first contributor first, and what it gets at least."""
    record = read_stability(result.run, result.manifest)
    if record is None or about["stability"] != about["stability"]:
        return
    told = words(int(about["same_first"]), len(record.readings))
    low, high = share_ranges(
        result.run, result.settings, result.without, result.basis, row=int(about["id"])
    )
    share = share_words(float(low[0]), float(high[0]))
    st.caption(
        f"{told.capitalize()}; {share}. Stability {number(about['stability'])}.",
        help=f"Ways: {', '.join(record.readings)}. From 0 to 1: how often the first contributor "
        "stays first, and how many of the ten stay among them. It says not which way is right. "
        "k and τ leave the order as it is: its share is what they change, here from a half to "
        "twice what is chosen, and with τ by the spread.",
    )


def offer_stability(result: Result) -> None:
    """Offer to value the run by the other distances, where that was not done."""
    if read_stability(result.run, result.manifest) is not None:
        return
    if write_button(
        "Does it hold?",
        icon=":material/balance:",
        help="Values the images by every ready distance, and by other embedders where the training "
        "set has their vectors, and tells which first contributors stay.",
    ):
        name = result.run.name
        control.start(
            engine.workspace(), ["stability", name], title=f"Does {name} hold?", target=name
        )
        st.session_state[state.STARTED] = name
        st.rerun()
