"""Contributors: one generated image beside its closest training images, and the reverse."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gmv_core import Result, ValueSettings
from ui.doors import engine
from ui.doors import influence as predictions
from ui.frame import shell, state
from ui.images import influence as influences
from ui.images import one_generated, one_training
from ui.images.drop import drop
from ui.images.find import find
from ui.images.influence import Influenced
from ui.images.regions import regions_of
from ui.images.shelves import GENERATED, INFLUENTIAL, TRAINING
from ui.images.stability import stability_line
from ui.images.standing import legend
from ui.images.whole_result import whole_result
from ui.widgets import influence
from ui.widgets.pictures import browse


def contributors() -> None:
    with st.container(gap="xsmall"):  # so that the pair and its strip are seen without scrolling
        result = views_of_images()
    if result is not None and st.session_state[state.VIEW] == state.GENERATED_VIEW:
        whole_result(result, engine.generated_gallery(result))


def views_of_images() -> Result | None:
    """Draw what the chosen view shows, and return the result in view."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Contributors", width="content")
        views = st.container(width="content")
    runs, sets = engine.finished_runs(), engine.finished_sets()
    if not runs and sets:
        with views:
            view = choose_view([state.DROP_VIEW, state.FIND_VIEW])
        st.caption("No generated images are kept yet: drop some and see what they are closest to.")
        if view == state.FIND_VIEW:
            find(None)
        else:
            drop(None, shell.reading(ValueSettings(), most=100))
        return None
    result = shell.need_run()
    with views:
        view = choose_view(state.VIEWS)
    if view == state.FIND_VIEW:
        find(result)
        return result
    bar = st.container(horizontal=True, vertical_alignment="center")
    with bar:
        predicted = influence.switch()
    where = "at a generated image" if view == state.TRAINING_VIEW else "at this image"
    if predicted and not influence.needed(result):
        influence.explained(where)
        return None
    if view == state.GENERATED_VIEW:
        generated(result, bar, predicted)
    elif view == state.TRAINING_VIEW:
        training(result, bar, predicted)
    else:
        drop(result, result.settings, predicted=predicted)
    if predicted:
        influence.explained(where)
    return result


def choose_view(views: Sequence[str]) -> str:
    if st.session_state.get(state.VIEW) not in views:
        st.session_state.pop(state.VIEW, None)
    return str(
        st.segmented_control(
            "View",
            views,
            default=views[0],
            required=True,
            label_visibility="collapsed",
            wrap=True,
            **state.in_url(state.VIEW),
        )
    )


def generated(result: Result, bar: DeltaGenerator, predicted: bool) -> None:
    table = engine.generated_gallery(result)
    about, places = browse.browse(GENERATED, table, result.generated, result, bar)
    with bar:
        legend(table)
    tiny = shell.tiny(result.training)
    if about is not None:
        name = str(about["name"])

        def regions(against: str) -> None:
            regions_of(result, name, against, tiny=tiny)

        if predicted:
            preview = engine.preview(result.generated, int(about["id"]))
            found = predictions.on_image(result, name)
            influenced = Influenced(name, preview, about["label"], found, kept=True)
            k = result.settings.k
            influences.one_image(influenced, result.training, k, places, tiny=tiny, regions=regions)
        else:
            reranked = result.manifest.matching.distance != "none"
            one_generated.one_image(
                one_generated.stored(result, about), result.training, result.settings, places,
                reranked=reranked, tiny=tiny, regions=regions,
            )  # fmt: skip
            stability_line(result, about)


def training(result: Result, bar: DeltaGenerator, predicted: bool) -> None:
    table = engine.training_gallery(result)
    shelf = INFLUENTIAL if predicted else TRAINING
    about, places = browse.browse(shelf, table, result.training, result, bar)
    tiny = shell.tiny(result.training)
    if about is not None and predicted:
        influences.one_training(result, about, result.settings.k, places, tiny=tiny)
    elif about is not None:
        found = engine.generated_of(result, str(about["name"]))
        one_training.one_training(result, about, found, places, tiny=tiny)


shell.show(contributors)
