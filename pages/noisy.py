"""Noisy data: the ranking from the bottom, marks for removal, and values without the marked."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.plots.look import STANDING
from gmv_core.store import marks
from gmv_core.words import percent
from ui.analysis.left_out import left_out_section
from ui.analysis.marking import marking_gallery
from ui.doors import readings
from ui.frame import shell, state
from ui.frame.markdown import plain
from ui.widgets.figures import chart, count, metric_row

FILTERS = {
    "all": "All",
    "never a candidate": "Never a candidate",
    "never a contributor": "Never a contributor",
    "contributor": "Low value",
    "marked": "Marked",
}


def noisy() -> None:
    st.title("Noisy data")
    result = shell.need_run()
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
            ("Never a candidate", f"{of['never a candidate']:,}",
             f"{count(of['never a candidate'], n)}: not recalled for any generated image."),
            ("Never a contributor", f"{of['never a contributor']:,}",
             f"{count(of['never a contributor'], n)}: recalled, but others were always closer."),
            ("Contributors", f"{of['contributor']:,}",
             f"{count(of['contributor'], n)} have some value; the lowest come first."),
            ("Marked for removal", f"{len(marked):,}",
             "Marks are kept with the training set. Nothing is deleted."),
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
    marking_gallery(result, shown, marked, part=str(chosen))
    left_out_section(result, marked)
    figure_section(result, ranking)


def figure_section(result: Result, ranking: pd.DataFrame) -> None:
    st.subheader(
        "The whole ranking",
        help="Rank from the bottom. Above: value. Below: the distance to the nearest "
        "generated image, which orders the many whose value is 0.",
    )
    columns = readings.noise_columns(result)
    column = None
    if columns:
        column = st.selectbox(
            "Known noise is marked in the column",
            columns,
            readings.likely(columns),
            placeholder="choose a column, if one marks known noise",
            help="A column of your label CSV that says yes or no. The engine never reads it to "
            "rank; it only checks the ranking.",
            **state.in_url(state.NOISE),
        )
    report = readings.noise_report(result, column) if column else None
    chart(
        readings.ranking_figure(result, column),
        "Value and nearest distance of every training image, by its rank from the bottom",
    )
    if report is None:
        return
    found = report.detection
    if not 0 < found.known < found.images:
        st.info(
            f"The column {plain(str(column))} marks {found.known:,} of {len(ranking):,} "
            "images: there is nothing to tell apart."
        )
        return
    st.markdown(
        f"**How well does it find the known noise?** Of two images, one of the {found.known:,} "
        f"noisy and one clean, the noisy one stands lower in {percent(found.auroc)} of all pairs "
        f"(AUROC; chance is 50 %)."
    )
    chance = found.known / found.images
    chart(readings.noise_figure(result, column), "Share of the known noise found by rank")
    words = [
        f"of the first {depth:,}, {round(part * depth):,} are noise ({percent(part)})"
        for depth, part in found.precision.items()
    ]
    st.markdown(f"From the bottom, {'; '.join(words)}. By chance it would be {percent(chance)}.")


shell.show(noisy)
