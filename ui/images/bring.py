"""Images brought for a moment: dropped, pasted or taken from the demo; few stay in memory.

Labels can come with them: from a table, or typed for one image.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from gmv_core import open_uploads
from gmv_core.jobs import control, uploads
from gmv_core.matching.dropped import MOST
from gmv_core.sources.source import Source
from ui.doors import demo, engine
from ui.frame import state
from ui.widgets.pictures.gallery import Card, gallery
from ui.widgets.pictures.paste import paste

TABLES = ["csv", "tsv", "txt", "json", "jsonl"]


class Pasted(io.BytesIO):
    """An image that was pasted, or a table that was typed, named as an uploaded file is."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name
        self.file_id = sha256(content).hexdigest()


File = UploadedFile | Pasted


@dataclass(frozen=True)
class Brought:
    """What was brought. table: of labels, None where none was given."""

    files: Sequence[File]
    table: File | None = None

    def source(self) -> Source | None:
        """Return it as a source: in memory where it is a few images, else spooled."""
        if not self.files:
            return None
        if len(self.files) > MOST or any(uploads.is_packed(file.name) for file in self.files):
            return uploads.open_spooled(self.spooled())
        source = open_uploads([(file.name, file.getvalue()) for file in self.files])
        if self.table is None:
            return source
        return replace(source, labels_file=self.table.getvalue(), table_given=True)

    def spooled(self, typed: Mapping[str, str] | None = None) -> Path:
        """Return the folder that holds it, written once; the one before is removed.

        typed: labels by name, which make the table where none was given.
        """
        table = self.table or (_table_of(typed) if typed else None)
        given = tuple(file.file_id for file in [*self.files, *([table] if table else [])])
        workspace = engine.workspace()
        mark, folder = st.session_state.get(state.SPOOLED, ((), None))
        if mark != given or not folder.exists():
            if folder is not None:
                control.drop_uploads(workspace, folder)
            folder = uploads.spool(workspace, self.files, table=table)
            st.session_state[state.SPOOLED] = (given, folder)
        return folder


def bring(options: DeltaGenerator) -> Brought:
    """Draw the ways to bring images, and return what was brought. options: where choices go."""

    def take(image: bytes) -> None:
        st.session_state[state.PASTED] = [*st.session_state.get(state.PASTED, []), image][-MOST:]

    with options:
        folder = st.toggle("A whole folder", help="Or drop single files, or one zip.")
        with st.popover("Labels from a table", icon=":material/label:"):
            st.caption(
                "A CSV with one row an image: `name`, and any of `label`, `owner` and others."
            )
            table = st.file_uploader("Table (CSV)", type=TABLES, key="drop-table")
    files = st.file_uploader(
        "Images, or one archive of images",
        accept_multiple_files="directory" if folder else True,
        label_visibility="collapsed",
        key=f"drop-{folder}",
    )
    paste(key="paste", on_image=take)
    pasted: list[bytes] = st.session_state.get(state.PASTED, [])
    if pasted and options.button(
        f"Forget what was pasted ({len(pasted)})", icon=":material/close:"
    ):
        del st.session_state[state.PASTED]
        st.rerun()
    brought = [*files, *(Pasted(image, f"pasted-{i + 1}") for i, image in enumerate(pasted))]
    return Brought(brought, table)


def examples() -> None:
    """Draw some of the demo's generated images; a click on one brings it, as if it were pasted."""
    shown = demo.examples()

    def take(kind: str) -> None:
        st.session_state[state.PASTED] = [shown[kind]]

    st.markdown("**Or try one of these**, made by the demo's generator")
    gallery(
        [Card(kind, image, kind, (), f"Example: {kind}") for kind, image in shown.items()],
        key="examples",
        side_px=88,
        strip=True,
        on_select=take,
        label="Examples",
    )


def _table_of(typed: Mapping[str, str]) -> Pasted:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("name", "label"), *typed.items()])
    return Pasted(text.getvalue().encode(), "labels.csv")
