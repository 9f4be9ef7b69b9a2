"""The design of a review: how many pairs, controls, strata, who judges what."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result, ReviewSettings, list_reviews, make_review
from gmv_core.audit.review.sampling import STRATA
from ui.doors import engine
from ui.frame import shell, state

PAIRS = 60


def design_form(result: Result) -> None:
    """Ask for a design and make the review, which is chosen then."""
    with st.container():
        with st.grid(min_column_width=240):
            pairs = st.number_input(
                "Pairs to judge", 1, 10_000, PAIRS,
                help="Controls among them. 60 take about ten minutes and tell precision to within "
                "10 to 20 points; 300 to within 5 to 10.",
            )  # fmt: skip
            controls = st.slider(
                "Controls among them", 0, 50, 20, format="%d %%",
                help="Pairs with a known answer, unmarked: random training images (no), and a "
                "training image beside a copy of itself (yes). They show whether someone can tell.",
            )  # fmt: skip
            strata = st.selectbox(
                "Drawn by", STRATA,
                help="Standing: whether the generated image is a near copy, ordinary, or without "
                "convincing source.",
            )  # fmt: skip
            overlap = st.slider(
                "Judged by every reviewer", 0, 100, 100, format="%d %%",
                help="The other pairs are divided among the reviewers. How far reviewers agree is "
                "told by the pairs that all of them judge.",
            )  # fmt: skip
            # Outside of a form, so that this is asked where it matters alone.
            reviewers = 2
            if overlap < 100:
                reviewers = st.number_input("Reviewers who share the other pairs", 1, 100, 2)
            seed = st.number_input(
                "Seed", 0, 2**31, len(list_reviews(engine.workspace(), result.run.name)),
                help="The same seed and settings draw the same pairs.",
            )  # fmt: skip
        if st.button("Make the review", type="primary", icon=":material/add:"):
            settings = ReviewSettings(
                int(pairs), controls / 100, str(strata), overlap / 100, int(reviewers), int(seed)
            )
            with shell.telling():
                review = make_review(
                    engine.workspace(), result.run.name, settings=settings,
                    reading=result.settings,
                )  # fmt: skip
                st.session_state[state.NEXT_REVIEW] = review.id
                st.rerun()
