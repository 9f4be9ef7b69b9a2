"""What all training images earn, what none earns, and what near copies earn: on Values."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.settings import CLUSTER, CONVINCING
from gmv_core.words import counted, number, percent
from ui.doors import readings
from ui.widgets.figures import metric_row

FEW = 0.03  # of the value, that repeated images earn: more is worth a word


def unattributed_section(result: Result, ranking: pd.DataFrame) -> None:
    """Say how much value there is, what stays unattributed, and warn where repeats earn much."""
    value, convincing = float(ranking["value"].sum()), result.settings.credit == CONVINCING
    left = readings.unattributed(result) if convincing else 0.0
    of = left / (left + value) if left + value > 0 else 0.0
    metric_row(
        [
            ("Value of all training images", number(value),
             "With what is unattributed it equals the sum of the qualities, always."),
            ("Unattributed", f"{number(left)} ({percent(of)})",
             "Convincing only, in the sidebar: what is farther than unseen real images reach earns "
             "nothing, and its part stays here. As the paper: nothing does."),
        ]
    )  # fmt: skip
    if convincing:
        low, high = readings.unattributed_interval(result)
        st.caption(
            f"Unattributed: {percent(low)} to {percent(high)} of the quality (95 % interval), from "
            "matches that are farther than unseen real images reach."
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
