"""What weighting by quality does to the values: a scatter, and the images that move most."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from ui.doors import readings
from ui.frame import shell, state
from ui.widgets.figures import chart
from ui.widgets.pictures.open_image import opening_gallery, training_cards

MOVED = 6


def weighting_section(result: Result) -> None:
    """Draw the same images' values with and without quality weighting."""
    st.header(
        "What weighting by quality does to the values",
        help="Without weighting each generated image gives a credit of 1, with it its quality: "
        "training images that poor images resemble lose credit. The paper calls it calibration.",
    )
    changed = readings.weighting(result)
    chart(
        readings.weighting_figure(result),
        "Value with quality weighting against value without it, one point for each training image",
    )
    st.caption(
        "One point for each training image that was ever a contributor. Above the dotted line it "
        "gains by the weighting, for good images resemble it; below, it loses."
    )
    there = changed[changed["value_before"] > 0].sort_values("places", kind="stable")
    moved = {
        "rise": there[there["places"] > 0].tail(MOVED).iloc[::-1],
        "fall": there[there["places"] < 0].head(MOVED),
    }
    for words, rows in moved.items():
        if rows.empty:
            continue
        st.markdown(f"**The training images that {words} most**")
        lines = [f"rank {row.rank_before:,} → {row.rank_after:,}" for row in rows.itertuples()]
        opening_gallery(
            training_cards(result, rows, lines), key=words, kind=state.TRAINING,
            tiny=shell.tiny(result.training), label=f"The training images that {words} most",
        )  # fmt: skip
    if all(rows.empty for rows in moved.values()):
        st.info("The weighting moves no training image to another rank.")
