"""Finding one image among many: search, order, pages of a gallery, previous and next."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gmv_core import Result
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.standing import STANDINGS
from ui.doors import engine
from ui.frame import shell, state
from ui.frame.markdown import plain
from ui.widgets.gallery import Card, gallery

PER_PAGE = 30
MOST_OPTIONS = 1000  # names that the list beside the gallery offers; any other can be typed
HEIGHT_PX = 640

Row = dict[Hashable, Any]


@dataclass(frozen=True)
class Shelf:
    """A kind of gallery: which images it shows, and under which keys it keeps its choices.

    kind: "generated" or "training". key: of the chosen image's name in the URL. other: of the
    image that it is compared with, forgotten when another one is chosen.
    orders: by its words, the column to sort by and whether it rises.
    lines: what a card says under the name, from a row and the words of the order.
    """

    kind: str
    key: str
    other: str
    orders: dict[str, tuple[str, bool]]
    lines: Callable[[Row, str], tuple[str, ...]]

    def state(self, key: str) -> str:
        return state.of(self.kind, key)


def browse(
    shelf: Shelf, table: pd.DataFrame, images: ImageSet, result: Result
) -> tuple[Row | None, DeltaGenerator]:
    """Draw a gallery and the choice of one image; return its row, and the place beside both.

    table: columns "name", "label", "id" and those of the orders, a row an image of `images`, the
    training or generated set of the result. The row is None, and a sentence says so, where the
    address names an image that the run lacks.
    """
    run = result.run.name
    seen = shelf.state(state.RUN)
    if st.session_state.get(seen, run) != run:
        # What was chosen in another run is forgotten here; what a link names is not.
        if st.session_state.get(shelf.key) not in set(table["name"]):
            st.session_state[shelf.key] = None
    st.session_state[seen] = run
    left, right = st.columns([1, 3], gap="medium")
    with left:
        rows = _rows_in_order(shelf, result, table)
    names = rows["name"].tolist()
    with right:
        name = _choose(shelf, names, _first(shelf, table))
    with left:
        _gallery(shelf, rows, images, selected=name)
    found = table[table["name"] == name]
    if len(found):
        return found.iloc[0].to_dict(), right
    if name:
        right.warning(
            f"The run {plain(run)} has no {shelf.kind} image “{plain(name)}” that can be shown; "
            "choose one in the gallery.",
            icon=":material/link_off:",
        )
    return None, right


def _rows_in_order(shelf: Shelf, result: Result, table: pd.DataFrame) -> pd.DataFrame:
    """Draw search, label and order, and return the rows of the table that they leave."""

    def first_page() -> None:
        st.session_state[shelf.state(state.PAGE)] = 1

    find = st.text_input(
        "Search by name",
        placeholder="Search by name",
        icon=":material/search:",
        label_visibility="collapsed",
        on_change=first_page,
        **state.in_url(shelf.state(state.FIND)),
    )
    order = st.selectbox(
        "Order",
        list(shelf.orders),
        label_visibility="collapsed",
        on_change=first_page,
        **state.in_url(shelf.state(state.ORDER)),
    )
    labels = sorted(set(table["label"].dropna().unique()) - {""})
    label = None
    if labels:
        label = st.selectbox(
            "Label",
            labels,
            index=None,
            placeholder="All labels",
            label_visibility="collapsed",
            on_change=first_page,
            **state.in_url(shelf.state(state.LABEL)),
        )
    standing = None
    if "standing" in table and table["standing"].any():
        standing = st.selectbox(
            "Standing",
            STANDINGS,
            index=None,
            placeholder="All standings",
            label_visibility="collapsed",
            on_change=first_page,
            **state.in_url(shelf.state(state.STANDING)),
        )
    return engine.ordered(result, shelf.kind, table, find, label, standing, *shelf.orders[order])


def _first(shelf: Shelf, table: pd.DataFrame) -> str | None:
    """Return the image that comes first where nothing was searched for or ordered anew."""
    if table.empty:
        return None
    column, rises = next(iter(shelf.orders.values()))
    best = table[column].min() if rises else table[column].max()
    return str(table.loc[table[column] == best, "name"].iloc[0])


def _choose(shelf: Shelf, names: list[str], first: str | None) -> str | None:
    """Draw previous, next and the list of names; return the name chosen.

    names: what the gallery shows, in order. first: chosen where nothing else is. The address leaves
    it out, so it must not depend on the search, which the address does not hold.
    """
    if st.session_state.get(shelf.key, "") is None and names:
        st.session_state[shelf.key] = names[0]  # it was cleared where it was the other image
    options = state.with_chosen(shelf.key, names[:MOST_OPTIONS])
    if first is not None and first not in options:
        options.append(first)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        back = st.container(width="content")
        name = st.selectbox(
            f"{shelf.kind.capitalize()} image",
            options,
            index=options.index(first) if first in options else 0,
            label_visibility="collapsed",
            accept_new_options=True,
            placeholder="No image",
            on_change=_forget_other,
            args=(shelf,),
            width="stretch",
            **state.in_url(shelf.key),
        )
        at = names.index(name) if name in names else -1
        back.button(
            "Previous",
            icon=":material/chevron_left:",
            shortcut="Left",
            key=shelf.state("previous"),
            disabled=at <= 0,
            on_click=_go,
            args=(shelf, names, at - 1),
        )
        st.button(
            "Next",
            icon=":material/chevron_right:",
            shortcut="Right",
            key=shelf.state("next"),
            disabled=at + 1 >= len(names),
            on_click=_go,
            args=(shelf, names, at + 1),
        )
    return name


def _go(shelf: Shelf, names: list[str], place: int) -> None:
    st.session_state[shelf.key] = names[place]
    _forget_other(shelf)


def _forget_other(shelf: Shelf) -> None:
    st.session_state[shelf.other] = None


def _gallery(shelf: Shelf, rows: pd.DataFrame, images: ImageSet, *, selected: str | None) -> None:
    """Draw the page of the gallery that the reader turned to, or that shows the image selected."""

    def pick(name: str) -> None:
        st.session_state[shelf.key] = name
        _forget_other(shelf)

    if rows.empty:
        st.info("No image has such a name, label and standing.", icon=":material/search_off:")
        return
    place = st.container()
    names = rows["name"].tolist()
    page = turn_pages(shelf.state(state.PAGE), names, selected)
    shown = rows.iloc[(page - 1) * PER_PAGE : page * PER_PAGE].to_dict("records")
    thumbs = engine.thumbnails(images, tuple(int(row["id"]) for row in shown))
    order = st.session_state[shelf.state(state.ORDER)]
    with place, st.container(height=HEIGHT_PX, border=False):
        gallery(
            [
                Card(row["name"], thumb, row["name"], shelf.lines(row, order), row["name"])
                for row, thumb in zip(shown, thumbs, strict=True)
            ],
            key=f"{shelf.kind}-gallery",
            selected=selected,
            tiny=shell.tiny(images),
            side_px=104,
            on_select=pick,
            label=f"{shelf.kind.capitalize()} images",
            follow=True,
        )


def turn_pages(key: str, names: list[str], selected: str | None) -> int:
    """Draw the page numbers of a gallery of `names`, if there are several; return the page.

    Whenever another image is selected, it is the page that shows it. The page is kept under `key`,
    beside the widget, so that other widgets can turn it too.
    """
    pages = -(-len(names) // PER_PAGE)
    shown = f"{key}-of"
    if selected in names and st.session_state.get(shown) != selected:
        st.session_state[key] = names.index(selected) // PER_PAGE + 1
    st.session_state[shown] = selected
    page = int(min(st.session_state.get(key, 1), pages))
    if pages > 1:

        def turn() -> None:
            st.session_state[key] = st.session_state[f"{key}-{page}"]

        st.pagination(pages, default=page, max_visible_pages=3, key=f"{key}-{page}", on_change=turn)
    return page
