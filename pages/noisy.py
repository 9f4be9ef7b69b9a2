"""Noisy data: the ranking from the bottom, marks for removal, and values without the marked."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.plots.look import STANDING, STANDING_WORDS
from gmv_core.store import marks
from gmv_core.words import number
from ui.analysis.noise.harm import harm
from ui.analysis.noise.left_out import left_out_section
from ui.analysis.noise.marking import marked_metric, marking_gallery
from ui.analysis.noise.noise_found import noise_column, noise_found
from ui.analysis.selection import selection_panel
from ui.doors import readings
from ui.frame import shell, state
from ui.widgets import influence
from ui.widgets.figures import chart, count, metric_row

FILTERS = {
    "all": "All",
    "never a candidate": "Never near",
    "never a contributor": "Candidate only",
    "contributor": "Low value",
    "marked": "Marked",
}


def noisy() -> None:
    st.title("Noisy data")
    result = shell.need_run()
    if influence.switch():
        influence.explained("at the generated images")
        if influence.needed(result):
            harm(result)
        return
    ranking = readings.ranking(result)
    marked = marks.marked(result.training)
    st.markdown(
        "Training images that no generated image is close to are the first to look at when you "
        "clean a training set: broken files, foreign images, rare ones. **Low value is a reason "
        "to look, not to delete**: a rare kind that the model never made stands here too. Wrong "
        "labels and near copies do not: value looks at pixels alone."
    )
    standing = ranking["standing"].value_counts()
    of = {name: int(standing.get(name, 0)) for name in STANDING}
    n = len(ranking)
    metric_row(
        [
            ("Never near", f"{of['never a candidate']:,}",
             f"{count(of['never a candidate'], n)}: a candidate of no generated image."),
            ("Candidate only", f"{of['never a contributor']:,}",
             f"{count(of['never a contributor'], n)}: a candidate, but others were always closer."),
            ("Contributors", f"{of['contributor']:,}",
             f"{count(of['contributor'], n)} have some value; the lowest come first."),
            marked_metric(marked),
        ]
    )  # fmt: skip
    chosen = st.segmented_control(
        "Show from the bottom",
        list(FILTERS),
        default="all",
        format_func=FILTERS.__getitem__,
        required=True,
        help="All without value are ordered by their distance to the nearest generated image, the "
        "farthest first. Low value: contributors, the least valuable first.",
        **state.in_url(state.FILTER),
    )
    if chosen == "marked":
        shown = ranking[ranking["training"].isin(marked)]
    else:
        shown = ranking if chosen == "all" else ranking[ranking["standing"] == chosen]
    marking_gallery(
        result, shown, marked, part=str(chosen), whole=chosen in STANDING, lines=value_lines
    )
    left_out_section(result, marked)
    selection_panel(result.training, result, only_if_any=True)
    figure_section(result)


def value_lines(rows: pd.DataFrame) -> list[str]:
    return [
        f"value {number(row.value)}" if row.value else STANDING_WORDS[row.standing]
        for row in rows.itertuples()
    ]


def figure_section(result: Result) -> None:
    st.header(
        "The whole ranking",
        help="Rank from the bottom. Above: value. Below: the distance to the nearest "
        "generated image, which orders the many whose value is 0.",
    )
    column, noisy_if = noise_column(result)
    chart(
        readings.ranking_figure(result, column, noisy_if),
        "Value and nearest distance of every training image, by its rank from the bottom",
    )
    if column is not None:
        noise_found(readings.noise_report(result, column, noisy_if), column, "the bottom")


shell.show(noisy)
