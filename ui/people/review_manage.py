"""What an editor does with reviews: make another, hand pairs over, delete one."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from gmv_core.audit.review.people import hand_over, reviewers
from gmv_core.audit.review.reviews import Review, delete_review
from gmv_core.store.access import Right, may
from gmv_core.words import counted
from ui.doors import engine
from ui.frame import shell
from ui.frame.markdown import plain
from ui.people.review_form import design_form

_NEW = ""  # to whom: one more who joins


def manage(result: Result, chosen: Review) -> None:
    """Offer another review, to hand pairs over, and to delete this one."""
    if not may(Right.EDIT):
        return
    with st.expander("Make another review", icon=":material/add:"):
        design_form(result)
    with st.container(horizontal=True):
        _hand_over(chosen)
        with st.popover("Delete this review", icon=":material/delete:"):
            st.markdown(f"{plain(chosen.id)} is deleted with all its verdicts, for good.")
            if st.button("Delete it for good", key=f"delete-{chosen.id}"):
                with shell.telling():
                    delete_review(engine.workspace(), chosen.id)
                    st.rerun()


def _hand_over(review: Review) -> None:
    """Offer it where pairs are divided and somebody has not judged all of theirs."""
    people = reviewers(engine.workspace(), review.id)
    unfinished = [one for one in people if not one.finished]
    if review.design.settings.overlap == 1 or not unfinished:
        return
    with st.popover("Hand over pairs", icon=":material/move_down:"):
        st.markdown(
            "Pairs that are divided and that someone will not judge go to another reviewer. What "
            "was judged stays, and so do the pairs that everyone judges."
        )
        done = {one.name: f"{plain(one.name)}, {one.done:,} of {one.of:,} judged" for one in people}
        giver = st.selectbox("From", [one.name for one in unfinished], format_func=done.__getitem__)
        others = [one.name for one in people if one.name != giver]
        taker = st.selectbox(
            "To", [_NEW, *others],
            format_func=lambda name: done.get(name, "One more who joins the review"),
        )  # fmt: skip
        if st.button("Hand over", type="primary"):
            with shell.telling():
                left = hand_over(engine.workspace(), review.id, giver, taker)
                st.toast(f"{counted(left, 'pair')} handed over.")
                st.rerun()
