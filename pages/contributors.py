"""Contributors: one generated image beside its closest training images, and the reverse."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gmv_core import Result, ValueSettings
from ui.doors import engine
from ui.doors import influence as predictions
from ui.frame import shell, state
from ui.frame.markdown import safe
from ui.images import influence_of, influence_on, one_generated, one_training
from ui.images.drop import drop
from ui.images.one_generated import Shown
from ui.images.shelves import GENERATED, INFLUENTIAL, TRAINING
from ui.images.stability import offer_stability, stability_line
from ui.images.standing import summary
from ui.images.value_again import revalue
from ui.widgets import browse, influence
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
    with st.container(horizontal=True):
        view = st.segmented_control(
            "View",
            state.VIEWS,
            default=state.GENERATED_VIEW,
            required=True,
            label_visibility="collapsed",
            **state.in_url(state.VIEW),
        )
        predicted = influence.switch()
    if predicted:
        influence.explained(
            "at a generated image" if view == state.TRAINING_VIEW else "at this image"
        )
        if not influence.needed(result):
            return
    if view == state.GENERATED_VIEW:
        generated(result, predicted)
    elif view == state.TRAINING_VIEW:
        training(result, predicted)
    else:
        drop(result, result.settings, predicted=predicted)


def generated(result: Result, predicted: bool) -> None:
    for sentence in result.manifest.shifts:
        st.warning(safe(sentence))
    table = engine.generated_gallery(result)
    summary(table, result.manifest.null)
    about, beside = browse.browse(GENERATED, table, result.generated, result)
    if about is not None and predicted:
        influences(result, about, beside)
    elif about is not None:
        tiny = shell.tiny(result.training)
        shown = stored(result, about)
        reranked = result.manifest.matching.distance != "none"
        with beside:
            stability_line(result, about)
            one_generated.one_image(
                shown, result.training, result.settings, reranked=reranked, tiny=tiny
            )
        one_generated.comparison(shown, result.training, tiny=tiny)
    offer_stability(result)
    revalue(result)
    delete_run(result)


def influences(result: Result, about: Row, beside: DeltaGenerator) -> None:
    tiny, name = shell.tiny(result.training), str(about["name"])
    preview = engine.preview(result.generated, int(about["id"]))
    found = predictions.on_image(result, name)
    shown = influence_on.Influenced(name, preview, about["label"], found, kept=True)
    with beside:
        influence_on.one_image(shown, result.training, result.settings.k, tiny=tiny)
    influence_on.comparison(shown, result.training, tiny=tiny)


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
        standing=about,
        null=result.manifest.null,
    )


def training(result: Result, predicted: bool) -> None:
    table = engine.training_gallery(result)
    shelf = INFLUENTIAL if predicted else TRAINING
    about, beside = browse.browse(shelf, table, result.training, result)
    tiny = shell.tiny(result.training)
    if about is not None and predicted:
        with beside:
            influence_of.one_training(result, about, result.settings.k, tiny=tiny)
        influence_of.comparison(result, about, tiny=tiny)
    elif about is not None:
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
