"""Find my picture: whether a picture or a near copy is in the training set, and what it earned."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.finding import HOW, Sighting, Sought
from gmv_core.words import counted, hundredths, number, percent
from ui.doors import engine, matchers
from ui.frame import shell, state
from ui.frame.markdown import plain, safe
from ui.images.drop import against
from ui.images.one_training import interval
from ui.images.pair import TRAINING, choose_look, pair, show_view
from ui.widgets.pictures.compare import Picture, Told, opened
from ui.widgets.writing import may_bring

MINE = "Your picture"


def find(result: Result | None) -> None:
    """Draw where a picture is dropped, and what is found of it.

    result: the run that says what it earned, None where there is none.
    """
    if not may_bring():
        return
    left, right = st.columns([1, 2], gap="medium")
    with left:
        training = against(result)
    with right:
        file = st.file_uploader(
            "A picture of yours", label_visibility="collapsed", key="find-picture"
        )
    with shell.telling():
        if file is None:
            st.info(
                "Drop a picture of yours: see whether it, or a near copy of it, is among the "
                "training images, and what it earned. Nothing is kept.",
                icon=":material/image_search:",
            )
            return
        sought = matchers.sought(training, file.getvalue())
        _answer(sought, file.name, training, result)


def _answer(sought: Sought, name: str, training: ImageSet, result: Result | None) -> None:
    sentence = safe(sought.sentence)
    if sought.found:
        st.success(sentence, icon=":material/check_circle:")
    else:
        st.info(sentence, icon=":material/search_off:")
    shown = _chosen(sought) if sought.found else sought.nearest
    place, places = opened("content")
    with place:
        look = choose_look(regions=False)
    with places.pair:
        pair(
            Picture(sought.preview, MINE, name),
            Picture(engine.preview(training, shown.row), TRAINING, shown.training),
            Told(facts=_facts(shown)),
            look,
            tiny=shell.tiny(training),
        )
    if not sought.found:
        return
    if result is None or result.training.name != training.name:
        st.caption(
            "Choose a result against this training set to see what the picture earned there."
        )
        return
    for one in sought.found:
        _earned(one, result)


def _chosen(sought: Sought) -> Sighting:
    """Return the training image that is shown, the choice of it drawn where there are several."""
    names = [one.training for one in sought.found]
    if len(names) == 1:
        return sought.found[0]
    name = st.selectbox("Which of them", names, key="find-which")
    return sought.found[names.index(name)]


def _facts(one: Sighting) -> tuple[str, ...]:
    if one.how:
        told = HOW[one.how]
        return (told[0].upper() + told[1:], *filter(None, (one.label, one.owner)))
    return "The nearest training image, not a copy", f"{number(one.distance)} away (embedding)"


def _earned(one: Sighting, result: Result) -> None:
    """Say what a training image earned in a run, and lead to the generated images closest to it."""
    table = engine.training_gallery(result)
    row = table[table["id"] == one.row]
    if row.empty:
        st.caption(f"{plain(one.training)} is left out of this result's values.")
        return
    about, total = row.iloc[0].to_dict(), float(table["value"].sum())
    share = about["value"] / total if total else 0.0
    times = counted(int(about["times_contributor"]), "generated image")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{plain(one.training)}** earned a value of **{hundredths(about['value'])}**"
            f"{interval(result, about)} in {plain(result.run.name)}, {percent(share)} of all; it "
            f"is a contributor of **{times}**.",
            width="stretch",
            help="Its value is the sum of its credit from all generated images: credit by "
            "similarity, which does not say that the model used it.",
        )
        st.button(
            "See these generated images",
            key=f"see-{one.row}",
            icon=":material/arrow_forward:",
            on_click=_see,
            args=(one.training,),
        )


def _see(training: str) -> None:
    show_view(state.TRAINING_VIEW)
    st.session_state[state.TRAINING], st.session_state[state.IMAGE] = training, None
