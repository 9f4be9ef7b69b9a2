"""The panel of a selection: what is in it, what it is worth, and what can be done with it."""

from __future__ import annotations

import io

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.plots.look import thin
from gmv_core.results.explore.files import selection_table, write_zip
from gmv_core.store import marks, selections
from gmv_core.store.access import Right, may
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64
from gmv_core.words import counted, percent
from ui.analysis.noise.left_out import without
from ui.doors import engine
from ui.doors import map as door
from ui.frame import selected, shell, state
from ui.widgets.figures import downloads
from ui.widgets.pictures.thumbs import Thumb, thumbs

SHOWN = 24
MOST_ZIPPED = 2_000  # held in memory while they are sent; more by `gmv selections --zip`


def selection_panel(
    training: ImageSet, result: Result | None, *, only_if_any: bool = False
) -> None:
    """Draw the panel of the selected training images, and of generated ones where there are any.

    only_if_any: and nothing where no training image is selected and no selection saved.
    """
    rows = selected.rows(training)
    if result is not None:
        _generated_panel(result, only_if_any=only_if_any)
    if only_if_any and not len(rows) and not selections.saved_names(training):
        return
    st.header("Selection", anchor="selection")
    _opened(training, state.SELECTION)
    if not len(rows):
        st.info(
            "Nothing is selected. Draw around points on the map, or select what a search on Values "
            "or a part of Noisy data shows.",
            icon=":material/lasso_select:",
        )
        return
    st.markdown(_sentence(training, result, rows))
    _thumbnails(training, rows)
    _changes(training, rows, state.SELECTION)
    _files(training, result, rows)
    _save(training, rows, state.SELECTION)
    if result is not None and st.toggle(
        "Values without the selection", **state.in_url(state.WITHOUT_SELECTION)
    ):
        without(result, selections.names_of(training, rows), "selected")


def _generated_panel(result: Result, *, only_if_any: bool) -> None:
    images, saved = result.generated, state.GENERATED_SELECTION
    rows = selected.rows(images)
    if not len(rows) and (only_if_any or not selections.saved_names(images)):
        return
    st.header("Selected generated images")
    _opened(images, saved)
    if not len(rows):
        return
    st.markdown(f"**{counted(len(rows), 'generated image')} selected**")
    _thumbnails(images, rows)
    _changes(images, rows, saved)
    _files(images, None, rows)
    _save(images, rows, saved)


def _sentence(training: ImageSet, result: Result | None, rows: Int64) -> str:
    counts = training.manifest().counts
    whole = counts.ok if counts else len(training.images)
    said = (
        f"**{counted(len(rows), 'image')} selected** ({percent(len(rows) / max(whole, 1))} of all)"
    )
    if result is None:
        return f"{said}."
    found = door.share(result, rows)
    return (
        f"{said}, worth **{percent(found.share_of_value)} of the value** (95 % interval "
        f"{percent(found.low)} to {percent(found.high)})."
    )


def _thumbnails(training: ImageSet, rows: Int64) -> None:
    some = rows[thin(len(rows), SHOWN)]
    names = selections.names_of(training, some)
    images = engine.thumbnails(training, tuple(some.tolist()))
    thumbs(
        [
            Thumb(image, alt=f"Training image {name}")
            for image, name in zip(images, names, strict=True)
        ],
        side_px=64,
        tiny=shell.tiny(training),
        kind="row",
    )


def _changes(images: ImageSet, rows: Int64, saved: str) -> None:
    """Draw the buttons that change the selection, and that mark it.

    saved: the key under which the address names a saved one.
    """

    def invert() -> None:
        with shell.telling():
            selected.choose(images, selections.inverted(images, rows), saved=saved)

    def mark() -> None:
        with shell.telling():
            marks.mark(images, selections.names_of(images, rows))
            st.toast(f"Marked {counted(len(rows), 'image')}; Noisy data has them.")

    with st.container(horizontal=True):
        st.button("Clear", key=f"clear-{saved}", on_click=selected.clear, args=(images, saved),
                  icon=":material/deselect:")  # fmt: skip
        st.button("Invert", key=f"invert-{saved}", on_click=invert, icon=":material/flip:",
                  help="Selects all others, and these no longer.")  # fmt: skip
        if saved == state.SELECTION and may(Right.EDIT):
            st.button("Mark for removal", on_click=mark, icon=":material/bookmark:",
                      help="Marks are kept with the training set; nothing is deleted.")  # fmt: skip


def _opened(images: ImageSet, saved: str) -> None:
    """Draw what opens and deletes selections that have a name, where there are any."""
    names = selections.saved_names(images)
    if not names:
        return

    def delete() -> None:
        with shell.telling():
            selections.delete_selection(images, st.session_state[saved])
            st.session_state[saved] = None

    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Saved selections",
            names,
            index=None,
            placeholder="Open a saved one …",
            width=260,
            **state.in_url(saved),
        )
        if name and may(Right.EDIT):
            st.button("Delete", key=f"delete-{saved}", on_click=delete,
                      help="Deletes the saved selection, no image.")  # fmt: skip


def _save(images: ImageSet, rows: Int64, saved: str) -> None:
    """Draw what saves the selection under a name."""
    if not may(Right.EDIT):
        return
    key = f"name-{saved}"

    def save() -> None:
        name = (st.session_state.get(key) or "").strip()
        with shell.telling():
            selections.save_selection(images, name, rows)
            selected.hold(images, rows, name)
            st.session_state[saved] = name
            st.session_state[key] = ""

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Save under a name", key=key, placeholder="dark-ones", width=260)
        st.button("Save", key=f"save-{saved}", on_click=save, icon=":material/save:")


def _files(images: ImageSet, result: Result | None, rows: Int64) -> None:
    def table() -> pd.DataFrame:
        return selection_table(images, rows, result)

    def zipped() -> bytes:
        file = io.BytesIO()
        # Who may not bring images into the workspace gets what the screens show.
        write_zip(images, rows, file, originals=may(Right.EDIT))
        return file.getvalue()

    name = f"{images.name}-selection"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Download the selection:")
        downloads(name, name, table)
        st.download_button(
            "Images (zip)",
            zipped,
            file_name=f"{name}.zip",
            mime="application/zip",
            key=f"{name}-zip",
            on_click="ignore",
            icon=":material/folder_zip:",
            disabled=len(rows) > MOST_ZIPPED,
            help=f"Up to {MOST_ZIPPED:,} images, as they were brought where the source can still "
            "be read, else their previews, in the folder “previews”. More: "
            f"`gmv selections {images.name} NAME --zip FILE`.",
        )
