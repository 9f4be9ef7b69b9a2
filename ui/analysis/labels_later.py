"""Labels for the generated images of a result that has none: an uploader on Criteria."""

from __future__ import annotations

import streamlit as st

from gmv_core import Result
from gmv_core.runs.labelling import label_generated
from gmv_core.store.access import Right, may
from ui.doors import engine
from ui.frame import shell

TABLES = ["csv", "tsv", "txt", "json", "jsonl"]


def labels_later(result: Result, part: str) -> None:
    """Offer to give them; where that was done, the page is drawn anew. part: whose form it is."""
    if result.generated.name == result.training.name or not may(Right.EDIT):
        return
    with st.expander("Give the generated images labels", icon=":material/sell:"):
        st.caption(
            "A table with a row for each generated image: its name, and any of label and further "
            "columns, such as hat. Nothing is matched again."
        )
        table = st.file_uploader("Labels (CSV)", type=TABLES, key=f"labels-later-{part}")
        if st.button("Give these labels", disabled=table is None, key=f"give-{part}"):
            with shell.telling(), st.spinner("Writing the labels …"):
                assert table is not None  # noqa: S101  (else the button is disabled)
                label_generated(engine.workspace(), result.run.name, table.getvalue())
                st.rerun()
