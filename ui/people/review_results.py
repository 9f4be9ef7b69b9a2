"""What a review comes to, for those who have judged, or do not judge, its pairs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import review_results
from gmv_core.audit.review import sentences
from gmv_core.audit.review.files import verdicts_csv
from gmv_core.audit.review.judging import YES
from gmv_core.audit.review.results import PARTS, ReviewResults, verdict_table
from gmv_core.audit.review.sampling import PAIR
from gmv_core.plots.review import by_distance
from gmv_core.words import number, percent
from ui.doors import engine
from ui.frame.markdown import cells, plain, safe
from ui.widgets.figures import chart

NAMES = {
    "label": "label of the training image",
    "owner": "owner of the training image",
    "standing": "standing of the generated image",
    "distance": "distance between the images",
}


def results(id: str) -> None:
    """Show precision, controls, agreement and where yes ends, with the tables behind them."""
    found = review_results(engine.workspace(), id)
    st.header("Results")
    for sentence in sentences.result_sentences(found):
        st.markdown(safe(sentence))
    if not found.precision["pairs"].any():
        return
    st.markdown("**Of the first k, how many are particularly alike**")
    _table(_shares(found.precision), "Precision by k, with intervals")
    st.markdown("**Verdicts that are yes, by the distance between the two images**")
    _figure(found)
    with st.expander("By label, owner, standing and distance"):
        for part in PARTS:
            if len(found.parts[part]) > 1:
                st.markdown(f"By {NAMES[part]}")
                _table(_shares(found.parts[part]), f"Share of yes by {part}, with intervals")
    if len(found.controls):
        with st.expander("Controls: can the reviewers tell?"):
            _table(_controls(found.controls), "Controls passed, by reviewer and kind")
    if len(found.disagreements):
        with st.expander("Pairs judged differently"):
            st.dataframe(_side_by_side(found.disagreements), hide_index=True)
    st.download_button(
        "Download the verdicts as CSV",
        lambda: verdicts_csv(engine.workspace(), id),
        file_name=f"{id}-verdicts.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    st.caption(
        f"{plain(sentences.design_sentence(found.review))} Intervals are at 95 % and of these "
        "generated images; an unsure verdict is not a yes. Alike is what people see: it proves no "
        "cause."
    )


def _figure(found: ReviewResults) -> None:
    table = verdict_table(engine.workspace(), found.review)
    pairs = table[table["kind"] == PAIR]
    chart(
        by_distance(
            pairs["distance"].to_numpy(float),
            (pairs["verdict"] == YES).to_numpy(float),
            found.half,
            found.reach,
        ),
        "Share of verdicts that are yes by distance, with the distance at which half are",
    )


def _shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of words: shares in percent, with their intervals in a column of their own."""
    between = [
        f"{number(100 * row.low)} to {number(100 * row.high)}\u00a0%" if row.low == row.low else "–"
        for row in table.itertuples()
    ]
    shown = table.assign(share=[_percent(share) for share in table["share"]], interval=between)
    if "unsure" in shown:
        shown["unsure"] = [_percent(share) for share in shown["unsure"]]
    columns = [c for c in table.columns if c not in ("low", "high")]
    columns.insert(columns.index("share") + 1, "interval")
    return shown[columns]


def _controls(table: pd.DataFrame) -> pd.DataFrame:
    shares = _shares(table)
    passed = [f"{row.passed} of {row.of}" for row in table.itertuples()]
    return shares.assign(passed=passed)[["reviewer", "control", "expected", "passed", "interval"]]


def _side_by_side(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a pair, with a column for what each reviewer said and noted."""
    said = [f"{row.verdict}: {row.note}" if row.note else row.verdict for row in table.itertuples()]
    about = ["place", "generated", "training", "rank", "distance"]
    by = table.assign(said=said).pivot(index=about, columns="reviewer", values="said")
    by.columns = pd.Index([f"By {name}" for name in by.columns])  # a name may be "distance"
    shown = by.fillna("").reset_index().drop(columns="place")
    shown["distance"] = shown["distance"].map(number)
    return shown.rename(columns={name: name.capitalize() for name in about})


def _percent(share: float) -> str:
    return percent(share).replace(" ", "\u00a0") if share == share else "–"


def _table(frame: pd.DataFrame, alt: str) -> None:
    shown = frame.astype(str).rename(columns=lambda c: c if c == "k" else c.capitalize())
    st.table(cells(shown), border="horizontal", hide_index=True, alt=alt)
