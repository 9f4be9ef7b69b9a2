"""Contributors: one generated image beside its closest training images, and the reverse."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result, ValueSettings
from ui.doors import engine
from ui.frame import shell, state
from ui.frame.markdown import safe
from ui.images import one_generated, one_training
from ui.images.drop import drop
from ui.images.one_generated import Shown
from ui.images.shelves import GENERATED, TRAINING
from ui.images.value_again import revalue
from ui.widgets import browse
from ui.widgets.browse import Row
from ui.widgets.deleting import delete


def contributors() -> None:
    st.title("Contributors")
    runs, sets = engine.finished_runs(), engine.finished_sets()
    if not runs and sets:
        st.caption("No generated images are kept yet: drop some and see what they are closest to.")
        drop(None, shell.reading(ValueSettings(), most=100))
        return
    result = shell.need_run()
    view = st.segmented_control(
        "View",
        state.VIEWS,
        default=state.GENERATED_VIEW,
        required=True,
        label_visibility="collapsed",
        **state.in_url(state.VIEW),
    )
    if view == state.GENERATED_VIEW:
        generated(result)
    elif view == state.TRAINING_VIEW:
        training(result)
    else:
        drop(result, result.settings)


def generated(result: Result) -> None:
    for sentence in result.manifest.shifts:
        st.warning(safe(sentence))
    table = engine.generated_gallery(result)
    about, beside = browse.browse(GENERATED, table, result.generated, result)
    if about is not None:
        tiny = shell.tiny(result.training)
        shown = stored(result, about)
        reranked = result.manifest.matching.distance != "none"
        with beside:
            one_generated.one_image(
                shown, result.training, result.settings, reranked=reranked, tiny=tiny
            )
        one_generated.comparison(shown, result.training, tiny=tiny)
    revalue(result)
    delete_run(result)


def stored(result: Result, about: Row) -> Shown:
    images = result.generated
    return Shown(
        about["name"],
        engine.preview(images, int(about["id"])),
        about["label"],
        about["quality"],
        about["nearest_distance"],
        about["effective_contributors"],
        engine.contributors(result, about["name"]),
        kept=True,
    )


def training(result: Result) -> None:
    table = engine.training_gallery(result)
    about, beside = browse.browse(TRAINING, table, result.training, result)
    if about is not None:
        tiny = shell.tiny(result.training)
        found = engine.generated_of(result, str(about["name"]))
        with beside:
            one_training.one_training(result, about, found, tiny=tiny)
        one_training.comparison(result, about, found, tiny=tiny)


def delete_run(result: Result) -> None:
    delete(
        "run",
        result.run.name,
        f"{result.run.name} and its values are removed, and with them its generated images, unless "
        f"another run uses them. The training set {result.training.name} is kept.",
    )


shell.show(contributors)
