"""Map: the training images in two dimensions, the generated images over them, and a lasso."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from gmv_core.method.layout import FEWEST
from gmv_core.store.workspace import ImageSet
from ui.analysis.map import map_chart, needs_map
from ui.analysis.selection import selection_panel
from ui.doors import engine
from ui.frame import selected, shell, state


def show_map() -> None:
    st.title("Map")
    result, training = looked_at()
    counts = training.manifest().counts
    if counts is None or counts.ok < FEWEST:
        st.info(
            f"This training set has fewer than {FEWEST} images: too few for a map. Contributors "
            "and Values show all of them.",
            icon=":material/info:",
        )
        return
    st.markdown(
        "Training images that look alike lie near each other, and each generated image lies among "
        "its closest ones. **Distance on the map is not the distance that credit is made of**: two "
        "dimensions keep only some of the neighbours."
    )
    if needs_map(training):
        return
    map_chart(training, result)
    selection_panel(training, result)


def looked_at() -> tuple[Result | None, ImageSet]:
    """Return the result that the reader chose, and its training set; without results, a set."""
    if not engine.finished_runs() and engine.finished_sets():
        names = list(engine.finished_sets())
        if st.session_state.get(state.SET) not in names:
            st.session_state[state.SET] = names[0]
        name = st.selectbox("Training set", names, **state.in_url(state.SET))
        images = engine.workspace().image_set(name)
        selected.follow(images)
        return None, images
    result = shell.need_run()
    return result, result.training


shell.show(show_map)
