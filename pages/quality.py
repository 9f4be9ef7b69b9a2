"""Quality: how good the generated images are, by which metric, and what that does to the values."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.models.quality.meaning import meaning
from gmv_core.plots.quality import quality_histogram
from gmv_core.sets.describe import preview_side
from gmv_core.words import counted, hundredths, number
from ui.analysis.weighting import weighting_section
from ui.doors import readings
from ui.frame import shell, state
from ui.frame.markdown import plain, safe
from ui.widgets.figures import chart, metric_row
from ui.widgets.pictures.gallery import Card
from ui.widgets.pictures.open_image import opening_gallery, thumbnails

SHOWN = 12


def quality() -> None:
    st.title("Quality")
    result = shell.need_run()
    table = readings.generated(result)
    metric = result.manifest.judging.quality
    st.markdown(
        f"Quality **q** by **{plain(metric)}**, from 0 to 1. "
        f"{safe(meaning(metric, preview_side(result.generated.manifest())))}"
    )
    st.caption(f"Why this metric: {safe(result.manifest.reasons['quality'])}")
    for sentence in result.manifest.shifts:
        st.warning(
            f"{safe(sentence)} Such a shift of the whole set moves every quality and distance.",
            icon=":material/warning:",
        )
    judged = table[table["quality"].notna()]
    metric_row(
        [
            ("Generated images", f"{len(table):,}", ""),
            ("Judged", f"{len(judged):,}", "The others are listed below, with the reason."),
            ("Median quality", number(judged["quality"].median()), ""),
            ("Sum of qualities", number(judged["quality"].sum()),
             "The credit that all generated images give together, when weighted by quality."),
        ]
    )  # fmt: skip
    not_judged(table)
    if metric == "none" or judged.empty:
        st.info(
            "There is no quality to compare: each image counts the same. Value the images again "
            "with another metric to see its effect."
            if metric == "none"
            else "No image could be judged; value the images again with another metric.",
            icon=":material/info:",
        )
        return
    st.header("How quality is distributed")
    chart(
        quality_histogram(judged["quality"].to_numpy(), metric),
        "Histogram of the qualities of all generated images",
    )
    best_and_worst(result, judged)
    weighting_section(result)


def not_judged(table: pd.DataFrame) -> None:
    """List the images without a quality, and why they have none."""
    left = table[table["quality"].isna()]
    if left.empty:
        return
    with st.expander(f"{counted(len(left), 'image')} could not be judged", icon=":material/help:"):
        why = left["status"].where(left["status"] != "ok", "the metric could not judge it")
        st.dataframe(
            pd.DataFrame({"Generated image": left["generated"], "Why": why}).head(500),
            hide_index=True,
            alt="Images that could not be judged",
        )
        st.caption("They give no credit while values are weighted by quality.")


def best_and_worst(result: Result, judged: pd.DataFrame) -> None:
    ordered = judged.sort_values("quality", ascending=False, kind="stable")
    n = min(SHOWN, len(ordered))
    for title, name, rows in (
        ("The best", "best", ordered.head(n)),
        ("The worst", "worst", ordered.tail(n).iloc[::-1]),
    ):
        st.header(title)
        images = thumbnails(result.generated, rows)
        cards = [
            Card(row.generated, image, f"quality {hundredths(row.quality)}", (row.generated,),
                 f"Generated image {row.generated}")
            for row, image in zip(rows.itertuples(), images, strict=True)
        ]  # fmt: skip
        opening_gallery(
            cards, key=name, kind=state.IMAGE, tiny=shell.tiny(result.generated),
            label=f"{title} generated images",
        )  # fmt: skip


shell.show(quality)
