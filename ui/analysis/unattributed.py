"""What no training image earns, and what near copies earn: lines on Values."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.settings import CLUSTER, CONVINCING
from gmv_core.words import counted, number, percent
from ui.doors import readings

FEW = 0.03  # of the value, that repeated images earn: more is worth a word


def unattributed_lines(result: Result, ranking: pd.DataFrame) -> None:
    """Say what stays unattributed, and warn where repeated images earn much."""
    if result.settings.credit == CONVINCING:
        left, value = readings.unattributed(result), float(ranking["value"].sum())
        of = left / (left + value) if left + value > 0 else 0.0
        low, high = readings.unattributed_interval(result)
        st.markdown(
            f"**Unattributed: {number(left)}, {percent(of)} of the quality** (95 % interval "
            f"{percent(low)} to {percent(high)}): matches that are farther than unseen real images "
            "reach. Value and unattributed add up to the quality of the generated images."
        )
    if result.settings.duplicates == CLUSTER:
        short = readings.short_clusters(result)
        if short:
            st.caption(
                f"{counted(short, 'list')} held fewer than {result.settings.k} clusters; value the "
                "images again with `--duplicates cluster` for full ones."
            )
        return
    share = readings.repeated_share(result)
    if share > FEW:
        st.warning(
            f"Images that are in the training set more than once earn {percent(share)} of the "
            "value, each copy for itself. “Near copies earn as one”, in the sidebar, counts each "
            "cluster once.",
            icon=":material/content_copy:",
        )
