"""Between what a person may choose of what was brought: how it is read, and which splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from gmv_core.sources.folder_readings import READINGS
from gmv_core.sources.folders import ALL, splits_read


def ask_choices(readings: Sequence[str], splits: Mapping[str, int], key: str) -> tuple[str, str]:
    """Return how it is to be read and which splits, "" for what is taken unasked.

    readings: the kinds that it can be read as, that which is taken unasked first. splits: the
    number of images of each.
    """
    reading = split = ""
    if len(readings) > 1:
        chosen = st.segmented_control(
            "Read it as",
            readings,
            default=readings[0],
            format_func=READINGS.__getitem__,
            required=True,
            key=f"{key}-reading",
        )
        reading = "" if chosen == readings[0] else str(chosen)
    if len(splits) > 1:
        named = sorted(filter(None, splits))
        unasked = splits_read(Counter(splits), "")
        read = st.pills(
            "Splits that are read",
            named,
            selection_mode="multi",
            default=[name for name in named if name in unasked],
            format_func=lambda name: f"{name} ({splits[name]:,})",
            key=f"{key}-splits-{reading}",
            help="Of a data set in parts, a model is trained on train; val and test check it.",
        )
        if read and set(read) != unasked - {""}:
            split = ALL if set(read) == set(named) else ",".join(read)
    return reading, split
