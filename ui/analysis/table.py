"""The table of training images: searched, sorted and cut into pages on the server."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.images.thumbnails import data_address
from gmv_core.plots.look import STANDING, STANDING_WORDS
from gmv_core.results.export import matches_of, values_of
from gmv_core.types import Int64
from gmv_core.words import counted, number
from ui.doors import readings
from ui.frame import address, shell, state
from ui.widgets.figures import downloads
from ui.widgets.pictures.open_image import thumbnails
from ui.widgets.selecting import select_buttons

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
    with shell.telling():
        _table(result, ranking)
    address.write()  # a fragment runs without its page


def _table(result: Result, ranking: pd.DataFrame) -> None:
    st.header("All training images")
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
        list(STANDING),
        selection_mode="multi",
        format_func=STANDING_WORDS.__getitem__,
        help="Never near: a candidate of no generated image. Candidate only: a candidate, but "
        "never among the closest. Contributor: has value.",
        **state.in_url(state.STANDING),
    )
    found = readings.found(result, search, tuple(standing), column, not rising)
    if not len(found):
        st.info("No training image is found; search for less, or choose another standing.")
        return
    pages = -(-len(found) // PAGE_ROWS)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=f"rows {search} {column} {rising} {standing}")
    with st.container(key="value-table"):
        # The table's own search and download know this page only; ours know all rows.
        st.html("<style>.st-key-value-table [data-testid=stElementToolbar]{display:none}</style>")
        shown = ranking.iloc[found[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]]
        picked = _rows(result, shown, f"table {column} {rising} {page}")
    with st.container(horizontal=True, vertical_alignment="center"):
        rows = picked["id"] if len(picked) else ranking["id"].to_numpy()[found]
        select_buttons(result.training, rows, key="table")
    _downloads(result, ranking, found)


def _rows(result: Result, rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Draw rows of the table; return those that are ticked."""
    images = thumbnails(result.training, rows)
    shown = rows[list(COLUMNS)].assign(
        image=[data_address(image) for image in images],
        interval=[
            f"{number(low)} – {number(high)}" if high else "–"
            for low, high in zip(rows["value_low"], rows["value_high"], strict=True)
        ],
        standing=rows["standing"].map(STANDING_WORDS),
        **{c: rows[c].map(number) for c in ("value", "nearest_distance")},
    )
    told = st.dataframe(
        shown,
        hide_index=True,
        column_order=["image", "training", "value", "interval", *list(COLUMNS)[2:]],
        column_config={
            "image": st.column_config.ImageColumn("Image", width="small"),
            "interval": st.column_config.TextColumn(
                "95 % interval",
                help="Of the value: where it would lie had the model made other images of the "
                "same kind.",
            ),
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
        selection_mode=["multi-row", "single-column"],
        key=table,
        alt="Training images with their values",
    )
    return rows.iloc[told.selection.rows]


def _sort_by(columns: list[str]) -> None:
    """Sort by the column whose heading was clicked; a second click turns the order round."""
    for column in set(columns) & set(COLUMNS):
        same = st.session_state[state.SORT] == column
        st.session_state[state.RISING] = same and not st.session_state[state.RISING]
        st.session_state[state.SORT] = column


def _downloads(result: Result, ranking: pd.DataFrame, found: Int64) -> None:
    what = (
        f"all {counted(len(ranking), 'image')}"
        if len(found) == len(ranking)
        else f"the {counted(len(found), 'image')} found"
    )

    def table() -> pd.DataFrame:
        """The rows found, as the command line exports them."""
        ranks = pd.Series(range(len(found)), index=ranking["training"].iloc[found])
        known = values_of(result)
        known = known[known["training"].isin(ranks.index)]
        return known.sort_values("training", key=ranks.get, ignore_index=True)

    def pairs() -> pd.DataFrame:
        return matches_of(result)

    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Download {what}:")
        downloads(f"{result.run.name}-values", "values", table)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            "Download all pairs of a generated image and a contributor:",
            help="With distance, weight, credit and both ranks of each pair.",
        )
        downloads(f"{result.run.name}-matches", "matches", pairs)
