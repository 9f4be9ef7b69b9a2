"""Review: pairs of a run, judged blind by people, and what their verdicts come to."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result, join_review, list_reviews
from gmv_core.audit.review.judging import has_looked, look
from gmv_core.audit.review.people import Reviewer, find_reviewer
from gmv_core.audit.review.reviews import Review
from gmv_core.store.access import Right, may
from ui.doors import engine
from ui.frame import shell, state
from ui.frame.markdown import plain
from ui.people.review_form import design_form
from ui.people.review_manage import manage
from ui.people.review_pair import UNDO_KEY, judge, take_back
from ui.people.review_results import results
from ui.people.reviewer import reviewer


def review() -> None:
    st.title("Review")
    result = shell.need_run()
    found = {one.id: one for one in list_reviews(engine.workspace(), result.run.name)}
    if not found:
        explained()
        if may(Right.EDIT):
            design_form(result)
        else:
            st.info("Nobody has made a review of this result yet.", icon=":material/info:")
        return
    chosen, name = choice(found)
    if not name or not may(Right.REVIEW):
        explained()
        onlooker(chosen)
    else:
        judging(result, chosen, name)
    manage(result, chosen)


def explained() -> None:
    st.markdown(
        "People judge pairs of a generated image and one of its closest training images, one pair "
        "at a time, **blind**: without distance, rank, owner or name. Their verdicts tell how many "
        "of the closest training images look particularly alike to people, and from which distance "
        "on they no longer do."
    )


def choice(found: dict[str, Review]) -> tuple[Review, str]:
    """Draw the choice of a review and the reviewer's name, and return both."""
    after = st.session_state.pop(state.NEXT_REVIEW, None)
    asked = after or st.session_state.get(state.REVIEW)
    st.session_state[state.REVIEW] = asked if asked in found else next(iter(found))
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        id = st.selectbox(
            "Review", list(found), label_visibility="collapsed", **state.in_url(state.REVIEW)
        )
        name = reviewer()
    return found[id], name


def judging(result: Result, chosen: Review, name: str) -> None:
    """Let a reviewer start, go on, or see what came of it."""
    place = engine.workspace()
    me = find_reviewer(place, chosen.id, name)
    if me is None:
        explained()
        st.button(
            "Start judging", type="primary", icon=":material/play_arrow:", shortcut="Enter",
            on_click=start, args=(chosen.id, name),
        )  # fmt: skip
        return
    if me.finished:
        done(chosen, me)
    else:
        judge(chosen.id, me.name, tiny=shell.tiny(result.training))
    if me.finished or has_looked(place, chosen.id, me.name):
        results(chosen.id)
    else:
        st.button(
            "Show the results before I am done", type="tertiary", on_click=look,
            args=(place, chosen.id, me.name),
            help="What you judge after that is not blind, and the results will say so.",
        )  # fmt: skip


def start(id: str, name: str) -> None:
    with shell.telling():
        me = join_review(engine.workspace(), id, name)
        if id in st.session_state.get(state.SEEN_RESULTS, ()):
            look(engine.workspace(), id, me.name)


def done(chosen: Review, me: Reviewer) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(
            f"{plain(me.name)}, you have judged all {me.of:,} pairs.", icon=":material/check:"
        )
        st.button(
            "Undo the last", icon=":material/undo:", shortcut=UNDO_KEY, on_click=take_back,
            args=(chosen.id, me.name), kwargs={"looked": True},
            help="You see the results by now, so what you judge again is counted as not blind.",
        )  # fmt: skip


def onlooker(chosen: Review) -> None:
    """Show the results to someone who does not judge."""
    if st.toggle(
        "I do not judge this review: show its results",
        **state.in_url(state.REVIEW_RESULTS),
    ):
        st.session_state.setdefault(state.SEEN_RESULTS, set()).add(chosen.id)
        results(chosen.id)


shell.show(review)
