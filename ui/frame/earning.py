"""Two choices of the sidebar: whether unconvincing matches earn, and what near copies earn."""

from __future__ import annotations

import streamlit as st

from gmv_core import ValueSettings
from gmv_core.settings import CLUSTER, CONVINCING, EACH, PAPER
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.duplicates import has_clusters
from ui.frame import state

CREDITS = {PAPER: "As the paper", CONVINCING: "Convincing only"}


def earning(
    own: ValueSettings, run: RunManifest | None, training: ImageSet | None
) -> tuple[str, str]:
    """Draw the choices that this run allows, and return credit and duplicates.

    run, training: None where nothing is valued yet; then it is as the paper says.
    """
    if run is None or training is None:
        return PAPER, EACH
    credit: str | None = PAPER
    if run.null is not None:
        credit = st.segmented_control(
            "Which matches earn",
            list(CREDITS),
            default=own.credit,
            format_func=CREDITS.__getitem__,
            required=True,
            help="As the paper: the closest training images share all of an image's quality, "
            "however far they are. Convincing only: a match that is farther than unseen real "
            "images reach earns nothing, and its part stays unattributed.",
            **state.in_url(state.CREDIT),
        )
    if run.matching.clusters is not None:
        return str(credit), CLUSTER
    as_one = False
    if has_clusters(training):
        as_one = st.toggle(
            "Near copies earn as one",
            own.duplicates == CLUSTER,
            help="The nearest clusters of near copies share an image's quality, and each splits "
            "its part equally: copying an image earns nothing.",
            **state.in_url(state.DUPLICATES),
        )
    return str(credit), CLUSTER if as_one else EACH
