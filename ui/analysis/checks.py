"""What the page on criteria starts and shows: cached reports, the noise test, the comparison."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from pandas.api.types import is_numeric_dtype

from gmv_core import Result
from gmv_core.criteria import sentences, tables
from gmv_core.criteria.report import Criteria
from gmv_core.criteria.trials.comparison import usual_ks
from gmv_core.criteria.trials.copies import copies_of, drop_copies
from gmv_core.criteria.trials.corruption import FOREIGN, KINDS, Injection
from gmv_core.criteria.trials.derived_runs import derived_name, ready_distances
from gmv_core.jobs import control
from gmv_core.jobs.arguments import comparison_arguments, injection_arguments
from gmv_core.jobs.job import list_jobs
from gmv_core.results.influence.evidence import SUMMED, nearest_setting, score_rows
from gmv_core.results.influence.tables import read_record
from gmv_core.words import untorn
from ui.doors import engine
from ui.frame import state
from ui.frame.markdown import cells, plain, safe
from ui.widgets.job_bar import job_bar
from ui.widgets.writing import write_button

MOST_ROWS = 40  # of a table that is shown whole
NAMES = {"noise": "Gaussian noise", "blur": "Blur", FOREIGN: "Foreign images"}
STRENGTHS = {"noise": "σ, where white is 1", "blur": "radius, as a share of the side"}
PIXELS, INJECT, COMPARE = "--pixels", "--inject", "--compare"


def table(frame: pd.DataFrame, alt: str) -> None:
    """Show a table of the criteria whole, as long as it is short, else one that scrolls."""
    frame = tables.shown(frame)
    if len(frame) > MOST_ROWS:
        st.dataframe(frame, hide_index=True, alt=alt)
        return
    texts = [column for column in frame if not is_numeric_dtype(frame[column])]
    told = frame.assign(**{column: frame[column].map(untorn) for column in texts})
    st.table(cells(told), border="horizontal", hide_index=True, alt=alt)


def whole(text: str) -> str:
    """Return words that nothing reads as Markdown, with numbers that stay in one piece."""
    return plain(untorn(text))


def retraining(result: Result) -> None:
    """Show what predicted influence and its rivals were worth where a generator was retrained."""
    st.header(
        "Retraining",
        help="The only check of influence itself: the generator trained again on parts of its "
        "training set. It is not done here; these are published figures.",
    )
    typical = result.training.manifest().typical
    record = read_record(result.run)
    setting = nearest_setting(
        grey=typical is not None and typical.grey > 0.5,
        detail=None if record is None else record.detail,
    )
    st.markdown(
        f"Nothing here trains your generator again. The nearest setting where that was done is a "
        f"**{setting.name}** ({setting.retrained}). How far the order of what each method "
        "predicts is the order of what the retrained generators do, 1 for the same order; the "
        f"highest to expect there is {setting.highest}:"
    )
    rows = score_rows(setting)
    told = {
        "Method": rows["method"],
        "Score": rows["score"].map("{:.3f}".format),
        "95 % interval": [f"{low:.3f} to {high:.3f}".replace("-", "−") for low, high in zip(
            rows["low"], rows["high"], strict=True)],
    }  # fmt: skip
    table(pd.DataFrame(told), "How far each method agreed with retraining, with intervals")
    st.caption(f"{SUMMED} Your generator and your images may behave otherwise.")


def start_pixels(result: Result) -> None:
    """Offer the order by pixels, where it was not made yet."""
    if _under_way(result, PIXELS):
        return
    if write_button(
        "Add pixel L2 as a baseline",
        icon=":material/add:",
        help="Orders the same candidates by their difference in pixels, as a result of its own.",
    ):
        _start(result, [PIXELS], "Pixel L2 for", derived_name(result.run.name, "-by-l2"))


def noise_test(result: Result) -> None:
    """Let the reader corrupt a copy of the training set, as a job, and show that job."""
    if _under_way(result, INJECT):
        return
    with st.container(border=True):
        st.markdown(
            "**Test with noise that you plant.** Some images of a copy of the training set are "
            "made corrupt, and the same generated images are valued against the copy. Your "
            "training set stays as it is."
        )
        left, middle, right = st.columns(3)
        sets = [s for s in engine.finished_sets() if s != result.training.name]
        kinds = [kind for kind in KINDS if kind != FOREIGN or sets]
        kind = left.segmented_control(
            "Corrupt by", kinds, default="noise", format_func=NAMES.__getitem__, required=True,
            key=state.INJECT,
        ) or "noise"  # fmt: skip
        percent = middle.number_input(
            "Share of the images, %", 0.5, 50.0, 5.0, 0.5, key=state.SPOILT
        )
        with right:
            injection = _injection(kind, float(percent) / 100, sets)
        if write_button("Run the test", type="primary"):
            title, target = f"{NAMES[kind]} to test", injection.name(result.run.name)
            _start(result, injection_arguments(injection), title, target)


def _injection(kind: str, share: float, sets: list[str]) -> Injection:
    """Let the reader choose how strong noise or blur is, or where foreign images come from."""
    if kind == FOREIGN:
        source = st.selectbox("From the set", sets, key=state.FOREIGN_SET)
        return Injection(kind, None, share, source_set=source)
    strength = st.number_input(
        f"Strength ({STRENGTHS[kind]})", 0.01, 1.0, KINDS[kind], 0.01,
        key=f"{state.STRENGTH}-{kind}",
        help="From about 0.3 on, noise is so heavy that any measure of distance finds it: an easy "
        "test.",
    )  # fmt: skip
    return Injection(kind, float(strength), share)


def comparison(result: Result, found: Criteria) -> None:
    """Show the table over the distances, and offer to make it."""
    kept = found.comparison
    if not (found.classes or found.attributes or found.column):
        st.info(
            "Without labels, attributes or known noise there is nothing to compare distances by; "
            "give a label CSV with one of them.",
            icon=":material/info:",
        )
        return
    distances = ", ".join(ready_distances(result))
    if kept:
        if kept.stale:
            st.warning("The result was valued again since this was compared; compare again.")
        verdict = sentences.comparison_verdict(kept)
        if verdict:
            st.markdown(f"**{safe(verdict)}**")
        with st.expander("Each distance and k"):
            rows = tables.comparison_rows(kept)
            table(rows, "Each distance and k: classes, attributes, noise, cost")
    else:
        st.markdown(
            f"Not compared yet. Ready here: {safe(distances)}. Each gives a result of its own for "
            "the same generated images; a distance with a network takes minutes."
        )
    if _under_way(result, COMPARE):
        return
    if not kept or kept.stale:
        ks = " and ".join(str(k) for k in usual_ks(result))
        if write_button(f"Compare the distances at k = {ks}", type="primary"):
            arguments = comparison_arguments(usual_ks(result))
            target = derived_name(result.run.name, "-comparison")
            _start(result, arguments, "Comparing distances on", target)


def copies(result: Result) -> None:
    """List what was made to judge the run, and offer to delete it."""
    made = copies_of(engine.workspace(), result.run.name, result.training.name)
    if not made:
        return
    with st.expander(f"Made to judge this result: {len(made)} results and sets"):
        st.markdown("\n".join(f"- {plain(record.name)}" for record in made))
        if write_button("Delete them, and what they found", icon=":material/delete:"):
            drop_copies(engine.workspace(), result.run.name)
            st.rerun()


def _under_way(result: Result, option: str) -> bool:
    """Show the jobs that were started here with an option and are not done; whether one is active.

    While one is, its section shows the job and nothing to start another.
    """
    asked = "\n".join(("criteria", result.run.name, option))
    shown = [j for j in list_jobs(engine.workspace()) if "\n".join(j.arguments).startswith(asked)]
    for target in dict.fromkeys(job.target for job in shown if job.state != "done"):
        job_bar(target)
    return any(job.active for job in shown)


def _start(result: Result, options: list[str], title: str, target: str) -> None:
    name = result.run.name
    control.start(
        engine.workspace(), ["criteria", name, *options], title=f"{title} {name}", target=target
    )
    st.rerun()
