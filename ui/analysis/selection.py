"""The panel of a selection: what is in it, what it is worth, and what can be done with it."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.plots.look import thin
from gmv_core.results.explore.files import selection_table, write_zip
from gmv_core.results.selection import as_csv, as_parquet
from gmv_core.store import marks, selections
from gmv_core.store.access import Right, may
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64
from gmv_core.words import counted, percent
from ui.analysis.left_out import without
from ui.doors import engine
from ui.doors import map as door
from ui.frame import selected, shell, state
from ui.widgets.thumbs import Thumb, thumbs

SHOWN = 24
MOST_ZIPPED = 2_000  # held in memory while they are sent; more by `gmv selections --zip`


def selection_panel(training: ImageSet, result: Result | None) -> None:
    """Draw the panel of the selected training images."""
    st.subheader("Selection", anchor="selection")
    _opened(training)
    rows = selected.rows(training)
    if not len(rows):
        st.info(
            "Nothing is selected. Draw around points on the map, or select what a search on Values "
            "or a part of Noisy data shows.",
            icon=":material/lasso_select:",
        )
        return
    st.markdown(_sentence(training, result, rows))
    _thumbnails(training, rows)
    _changes(training, rows)
    _files(training, result, rows)
    _save(training, rows)
    if result is not None and st.toggle(
        "Values without the selection", key="without-selection", persist_state="session"
    ):
        without(result, selections.names_of(training, rows), "selected")


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


def _changes(training: ImageSet, rows: Int64) -> None:
    """Draw the buttons that change the selection, and that mark it."""

    def invert() -> None:
        with shell.telling():
            selected.choose(training, selections.inverted(training, rows))

    def mark() -> None:
        with shell.telling():
            marks.mark(training, selections.names_of(training, rows))
            st.toast(f"Marked {counted(len(rows), 'image')}; Noisy data has them.")

    with st.container(horizontal=True):
        st.button("Clear", key="clear-selection", on_click=selected.clear, args=(training,),
                  icon=":material/deselect:")  # fmt: skip
        st.button("Invert", on_click=invert, icon=":material/flip:",
                  help="Selects all others, and these no longer.")  # fmt: skip
        if may(Right.EDIT):
            st.button("Mark for removal", on_click=mark, icon=":material/bookmark:",
                      help="Marks are kept with the training set; nothing is deleted.")  # fmt: skip


def _opened(training: ImageSet) -> None:
    """Draw what opens and deletes selections that have a name, where there are any."""
    names = selections.saved_names(training)
    if not names:
        return

    def delete() -> None:
        with shell.telling():
            selections.delete_selection(training, st.session_state[state.SELECTION])
            st.session_state[state.SELECTION] = None

    asked = st.session_state.get(state.SELECTION) or st.query_params.get(state.SELECTION)
    if asked and asked not in names:
        st.session_state[state.SELECTION] = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        opened = st.selectbox(
            "Saved selections",
            names,
            index=None,
            placeholder="Open a saved one …",
            width=260,
            **state.in_url(state.SELECTION),
        )
        if opened and may(Right.EDIT):
            st.button("Delete", key="delete-selection", on_click=delete,
                      help="Deletes the saved selection, no image.")  # fmt: skip
    _open(training, opened)


def _save(training: ImageSet, rows: Int64) -> None:
    """Draw what saves the selection under a name."""
    if not may(Right.EDIT):
        return

    def save() -> None:
        name = (st.session_state.get("selection-name") or "").strip()
        with shell.telling():
            selections.save_selection(training, name, rows)
            st.session_state[state.SELECTION] = name
            st.session_state["selection-name"] = ""

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Save under a name", key="selection-name", placeholder="dark-ones", width=260)
        st.button("Save", key="save-selection", on_click=save, icon=":material/save:")


def _open(training: ImageSet, name: str | None) -> None:
    """Make a saved selection the one of this session, and draw the page again where it was not."""
    if name is None:
        return
    rows = selections.read_selection(training, name)
    if not np.array_equal(rows, selected.rows(training)):
        selected.put(training, rows)
        st.rerun()


def _files(training: ImageSet, result: Result | None, rows: Int64) -> None:
    def table() -> pd.DataFrame:
        return selection_table(training, rows, result)

    def zipped() -> bytes:
        file = io.BytesIO()
        # Who may not bring images into the workspace gets what the screens show.
        write_zip(training, rows, file, originals=may(Right.EDIT))
        return file.getvalue()

    name = f"{training.name}-selection"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Download the selection:")
        for kind, write in (("csv", as_csv), ("parquet", as_parquet)):
            st.download_button(
                "CSV" if kind == "csv" else "Parquet",
                lambda write=write: write(table()),
                file_name=f"{name}.{kind}",
                key=f"selection-{kind}",
                on_click="ignore",
                icon=":material/download:",
            )
        st.download_button(
            "Images (zip)",
            zipped,
            file_name=f"{name}.zip",
            mime="application/zip",
            key="selection-zip",
            on_click="ignore",
            icon=":material/folder_zip:",
            disabled=len(rows) > MOST_ZIPPED,
            help=f"Up to {MOST_ZIPPED:,} images, as they were brought where the source can still "
            "be read, else their previews, in the folder “previews”. More: "
            f"`gmv selections {training.name} --zip`.",
        )
