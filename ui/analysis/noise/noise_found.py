"""How well a ranking finds noise that a column marks: the choice of the column, and the answer."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from gmv_core.criteria.known_noise import KnownNoise
from gmv_core.plots import noise as noise_plots
from gmv_core.words import percent
from ui.doors import readings
from ui.frame import shell, state
from ui.frame.markdown import plain
from ui.widgets.figures import chart


def noise_column(result: Result) -> tuple[str | None, str]:
    """Draw the choice of the column that marks known noise, where there could be one.

    Return the column, and of a column of grades which of them mean noise.
    """
    graded = readings.graded_columns(result)
    columns = [*readings.noise_columns(result), *graded]
    if not columns:
        return None, ""
    column = st.selectbox(
        "Known noise is marked in the column",
        columns,
        readings.likely(columns),
        placeholder="choose a column, if one marks known noise",
        help="A column of your label table with yes and no, or with grades. It is never used to "
        "rank; it only checks the ranking.",
        **state.in_url(state.NOISE),
    )
    if column not in graded:
        return column, ""
    noisy_if = st.text_input(
        "Which grades mean noise", ">0", help="As >0, >=2 or =1.", **state.in_url(state.GRADES)
    )
    with shell.telling():
        readings.noise_report(result, str(column), noisy_if)
        return column, noisy_if
    return None, ""


def noise_found(report: KnownNoise, column: str, end: str) -> None:
    """Say and draw how early the noise comes. end: where the ranking begins: "the bottom"."""
    found = report.detection
    if not 0 < found.known < found.images:
        st.info(
            f"The column {plain(column)} marks {found.known:,} of {found.images:,} "
            "images: there is nothing to tell apart."
        )
        return
    st.markdown(
        f"**How well does it find the known noise?** Of two images, one of the {found.known:,} "
        f"noisy and one clean, the noisy one stands lower in {percent(found.auroc)} of all pairs "
        f"(AUROC; chance is 50 %)."
    )
    chart(noise_plots.noise_found(report.flags), "Share of the known noise found by rank")
    words = [
        f"of the first {depth:,}, {round(part * depth):,} are noise ({percent(part)})"
        for depth, part in found.precision.items()
    ]
    chance = percent(found.known / found.images)
    st.markdown(f"From {end}, {'; '.join(words)}. By chance it would be {chance}.")
