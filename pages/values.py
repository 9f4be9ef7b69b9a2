"""Values: how credit is spread over the training set, and over its owners."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.plots.look import STANDING, STANDING_WORDS
from gmv_core.plots.values import parts_bar
from gmv_core.words import hundredths, number, percent, untorn
from ui.analysis.influence_values import influence_values
from ui.analysis.selection import selection_panel
from ui.analysis.shares import group_section
from ui.analysis.table import value_table
from ui.analysis.unattributed import unattributed_section
from ui.doors import readings
from ui.frame import shell, state
from ui.widgets import influence
from ui.widgets.figures import chart
from ui.widgets.pictures.open_image import opening_gallery, training_cards

TOP = 12


def values() -> None:
    st.title("Values")
    result = shell.need_run()
    if influence.switch():
        influence.explained("at the generated images")
        if influence.needed(result):
            influence_values(result)
        return
    ranking = readings.ranking(result)
    st.markdown(
        "Each generated image shares its quality among the training images closest to it. What a "
        "training image gets from one of them is its **credit**, and the sum is its **value**: a "
        "measure of similarity, no proof of cause."
    )
    if not (ranking["value"] > 0).any():
        st.info("No training image has any value yet: no generated image could be matched.")
        return
    group_section(result)
    unattributed_section(result, ranking)
    top_section(result, ranking)
    standing_section(result, ranking)
    spread_section(result, ranking)
    value_table(result, readings.with_intervals(result))
    selection_panel(result.training, result, only_if_any=True)


def standing_section(result: Result, ranking: pd.DataFrame) -> None:
    n, standing = len(ranking), ranking["standing"].value_counts()
    st.header(
        "How many training images earn",
        help=f"Contributor: among the {result.settings.k} closest of some generated image. "
        "Candidate only: among the nearest embeddings, but others were closer. Never near: not "
        "even a candidate.",
    )
    parts = {STANDING_WORDS[name]: int(standing.get(name, 0)) for name in reversed(STANDING)}
    chart(
        parts_bar(parts, [*reversed(STANDING.values())]),
        ", ".join(f"{name}: {number} of {n:,} training images" for name, number in parts.items()),
    )


def spread_section(result: Result, ranking: pd.DataFrame) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.header(
            "How value is distributed",
            help="Value (φ) of the training images that were ever a contributor. The others, with "
            "value 0, are counted above and not drawn.",
        )
        chart(
            readings.histogram(result),
            "Histogram of the values of all contributors",
        )
    with right:
        figure, gini, half = readings.concentration(result)
        st.header(
            "How concentrated it is",
            help="The Lorenz curve. The further it sags below the dotted line, the fewer images "
            "hold the value. The Gini coefficient measures the sag: 0 if all images were worth "
            "the same, near 1 if one image took all.",
        )
        chart(figure, "Lorenz curve of the values")
    st.markdown(
        f"**Half of the value goes to the top {percent(half / len(ranking))} of the images** "
        f"({half:,} of {len(ranking):,}). Gini coefficient {number(gini)}."
    )


def top_section(result: Result, ranking: pd.DataFrame) -> None:
    st.header("The most valuable training images")
    top = ranking[ranking["value"] > 0].tail(TOP).iloc[::-1]
    cards = training_cards(
        result,
        top,
        rank_lines(result, top),
        places=range(1, len(top) + 1),
    )
    opening_gallery(
        cards, key="top", kind=state.TRAINING, tiny=shell.tiny(result.training),
        label="The most valuable training images",
    )  # fmt: skip


def rank_lines(result: Result, top: pd.DataFrame) -> list[str]:
    """Return what stands under each card: its value, and the interval of its rank."""
    ranks = readings.top_ranks(result)
    return [
        f"value {hundredths(row.value)}, "
        + untorn(f"rank {ranks.at[row.id, 'rank_low']:,}–{ranks.at[row.id, 'rank_high']:,}")
        for row in top.itertuples()
    ]


shell.show(values)
