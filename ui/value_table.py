"""The table of training images: searched, sorted and cut into pages on the server."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result, plots
from gmv_core.selection import as_csv, as_parquet, select
from ui import state
from ui.figures import number
from ui.gallery import data_address
from ui.open_image import thumbnails

PAGE_ROWS = 50
COLUMNS = {
    "training": "Training image",
    "value": "Value",
    "standing": "Standing",
    "times_contributor": "Times contributor",
    "times_candidate": "Times candidate",
    "nearest_distance": "Nearest distance",
    "label": "Label",
    "owner": "Owner",
}


@st.fragment
def value_table(result: Result, ranking: pd.DataFrame) -> None:
    """Draw the table with its search, order and downloads."""
    st.subheader("All training images")
    find, sort, order = st.columns([4, 3, 2.4], vertical_alignment="bottom")
    search = find.text_input(
        "Search",
        placeholder="part of a name, label or owner",
        icon=":material/search:",
        **state.in_url(state.SEARCH),
    )
    column = sort.selectbox(
        "Sort by", list(COLUMNS), 1, COLUMNS.__getitem__, **state.in_url(state.SORT)
    )
    rising = order.toggle("Smallest first", **state.in_url(state.RISING))
    standing = st.pills(
        "Standing",
        list(plots.STANDING),
        selection_mode="multi",
        help="Never a candidate: not recalled for any generated image. Never a contributor: "
        "recalled, but never among the closest. Contributor: has value.",
        **state.in_url(state.STANDING),
    )
    found = select(ranking, search=search, standing=standing, sort=column, descending=not rising)
    if found.empty:
        st.info("No training image is found; search for less, or choose another standing.")
        return
    pages = -(-len(found) // PAGE_ROWS)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=f"rows {search} {column} {rising} {standing}")
    shown = found.iloc[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    _rows(result, shown, f"table {column} {rising}")
    _downloads(result, found, len(ranking))


def _rows(result: Result, rows: pd.DataFrame, table: str) -> None:
    images = thumbnails(result.training, rows)
    shown = rows[list(COLUMNS)].assign(
        image=[data_address(image) for image in images],
        **{c: rows[c].map(number) for c in ("value", "nearest_distance")},
    )
    st.dataframe(
        shown,
        hide_index=True,
        column_order=["image", *COLUMNS],
        column_config={
            "image": st.column_config.ImageColumn("Image", width="small"),
            **{
                name: st.column_config.TextColumn(title, alignment="right")
                if name in ("value", "nearest_distance")
                else st.column_config.Column(title)
                for name, title in COLUMNS.items()
            },
        },
        row_height=56,
        height=560,
        # A heading that can be chosen sorts on the server, all pages; else it sorts this page only.
        on_select=lambda: _sort_by(st.session_state[table]["selection"]["columns"]),
        selection_mode="single-column",
        key=table,
        alt="Training images with their values",
    )


def _sort_by(columns: list[str]) -> None:
    """Sort by the column whose heading was clicked; a second click turns the order round."""
    for column in set(columns) & set(COLUMNS):
        same = st.session_state[state.SORT] == column
        st.session_state[state.RISING] = same and not st.session_state[state.RISING]
        st.session_state[state.SORT] = column


def _downloads(result: Result, found: pd.DataFrame, n: int) -> None:
    what = f"all {n:,} images" if len(found) == n else f"the {len(found):,} images found"
    table = found.drop(columns=["id"])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Download {what}:")
        for kind, write in (("csv", as_csv), ("parquet", as_parquet)):
            st.download_button(
                kind.upper() if kind == "csv" else "Parquet",
                lambda write=write: write(table),
                file_name=f"{result.run.name}-values.{kind}",
                key=f"values-{kind}",
                on_click="ignore",
                icon=":material/download:",
            )
