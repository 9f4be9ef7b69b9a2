"""Which result stands beside the one chosen, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from gmv_core import Result, ValueSettings
from gmv_core.settings import CLUSTER, CONVINCING, EACH, PAPER
from gmv_core.store.manifests import RunManifest
from gmv_core.store.marks import marked
from gmv_core.trust.duplicates import has_clusters
from ui.doors import engine
from ui.frame import state

SAME, MARKED = "same", "unmarked"
WORDS = {
    SAME: "in the same way",
    "own": "as it was made",
    "paper": "as in the paper",
    "spread": "temperature by spread",
    "half": "half as many contributors",
    "plain": "without weighting by quality",
    CONVINCING: "convincing matches only",
    CLUSTER: "near copies as one",
    MARKED: "without the marked images",
}


def choose_beside(first: Result) -> Result:
    """Draw the choice of the second result and of its reading, and return it."""
    runs = engine.finished_runs()
    others = [name for name in runs if name != first.run.name]
    names = [*others, first.run.name]
    asked = st.session_state.get(state.BESIDE)
    st.session_state[state.BESIDE] = asked if asked in names else names[0]
    left, right = st.columns(2, gap="medium")
    with left:
        name = st.selectbox(
            "Compare with",
            names,
            format_func=lambda one: one if one != first.run.name else f"{one}, read otherwise",
            help="Another set of generated images or another way they were valued. Or the same "
            "one, read in another way.",
            **state.in_url(state.BESIDE),
        )
    run = runs[name]
    choices = readings_of(first, run)
    usual = SAME if name != first.run.name else next(key for key in choices if key != SAME)
    asked = st.session_state.get(state.BESIDE_READ)
    st.session_state[state.BESIDE_READ] = asked if asked in choices else usual
    with right:
        read = st.selectbox(
            "How that one is read",
            list(choices),
            format_func=WORDS.__getitem__,
            help="The result of the sidebar is read as chosen there; this is for the other one.",
            **state.in_url(state.BESIDE_READ),
        )
    second = engine.open_result(name, choices[read])
    return second.leaving_out(marked(second.training)) if read == MARKED else second


def readings_of(first: Result, run: RunManifest) -> Mapping[str, ValueSettings]:
    """Return how a run can be read beside the first: those that make a difference, and SAME."""
    shown, training = first.settings, engine.workspace().image_set(run.training.name)
    most = min(run.matching.candidates, run.training.images)
    same = replace(shown, k=min(shown.k, most))
    if run.null is None:
        same = replace(same, credit=PAPER)
    if run.matching.clusters is not None:
        same = replace(same, duplicates=CLUSTER)
    elif not has_clusters(training):
        same = replace(same, duplicates=EACH)
    paper = replace(same, temperature=1.0, quality_weighting=True, credit=PAPER)
    ways = {
        "own": run.value,
        "paper": paper if run.matching.clusters else replace(paper, duplicates=EACH),
        "spread": replace(same, temperature="auto"),
        "half": replace(same, k=max(same.k // 2, 1)),
        "plain": replace(same, quality_weighting=False),
    }
    if run.null is not None:
        ways[CONVINCING] = replace(same, credit=CONVINCING)
    if has_clusters(training):
        ways[CLUSTER] = replace(same, duplicates=CLUSTER)
    found = {SAME: same, **{key: way for key, way in ways.items() if way != same}}
    return {**found, MARKED: same} if marked(training) else found
