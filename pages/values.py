"""Values: how credit is spread over the training set, and over its owners."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.plots.look import STANDING
from gmv_core.words import number, percent
from ui.analysis.influence_values import influence_values
from ui.analysis.shares import group_section
from ui.analysis.table import value_table
from ui.analysis.unattributed import unattributed_lines
from ui.doors import readings
from ui.frame import shell, state
from ui.widgets import influence
from ui.widgets.figures import chart, count, metric_row
from ui.widgets.open_image import opening_gallery, training_cards

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
        "Every generated image hands out its quality to the training images that are closest to "
        "it. What a training image collects is its **value**: credit by similarity, not proof of "
        "cause."
    )
    unattributed_lines(result, ranking)
    n, standing = len(ranking), ranking["standing"].value_counts()
    of = {name: int(standing.get(name, 0)) for name in STANDING}
    metric_row(
        [
            ("Training images", f"{n:,}", ""),
            ("Ever a contributor", f"{of['contributor']:,}",
             f"{count(of['contributor'], n)} were among the {result.settings.k} closest of some "
             "generated image."),
            ("Value handed out", number(ranking["value"].sum()),
             "The sum of all values (φ). With what is unattributed it equals the sum of the "
             "qualities, always."),
            ("Never a contributor", f"{of['never a contributor']:,}",
             f"{count(of['never a contributor'], n)} were candidates (recalled by the embedding), "
             "but others were closer."),
            ("Never a candidate", f"{of['never a candidate']:,}",
             f"{count(of['never a candidate'], n)} were never even recalled."),
        ]
    )  # fmt: skip
    if not of["contributor"]:
        st.info("No training image has any value yet: no generated image could be matched.")
        return
    spread_section(result, ranking)
    top_section(result, ranking)
    group_section(result)
    value_table(result, readings.with_intervals(result))


def spread_section(result: Result, ranking: pd.DataFrame) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(
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
        st.subheader(
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
    st.subheader("The most valuable training images")
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
        f"value {number(row.value)}, rank {ranks.at[row.id, 'rank_low']:,} to "
        f"{ranks.at[row.id, 'rank_high']:,}"
        for row in top.itertuples()
    ]


shell.show(values)
