"""Finding one image among many: filters, a strip of them with its pages, previous and next."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gmv_core import Result
from gmv_core.store.workspace import ImageSet
from ui.doors import engine
from ui.doors.filters import ordered
from ui.frame import shell, state
from ui.frame.markdown import plain
from ui.widgets.filters import filter_row
from ui.widgets.pictures.compare import Places, opened
from ui.widgets.pictures.gallery import Card, gallery
from ui.widgets.selecting import picks

PER_PAGE = 30
MOST_OPTIONS = 1000  # names that the list beside the gallery offers; any other can be typed
STRIP_PX = 88
CHOOSER_PX = 420
PAGES_PX = 220  # in less, Streamlit shows the first of two pages alone

Row = dict[Hashable, Any]


@dataclass(frozen=True)
class Shelf:
    """A kind of gallery: which images it shows, and under which keys it keeps its choices.

    kind: "generated" or "training". key: of the chosen image's name in the URL. other: of the
    image that it is compared with, forgotten when another one is chosen.
    orders: by its words, the column to sort by and whether it rises.
    card: of an image, from its row, thumbnail and the words of the order.
    """

    kind: str
    key: str
    other: str
    orders: dict[str, tuple[str, bool]]
    card: Callable[[Row, bytes, str], Card]

    def state(self, key: str) -> str:
        return state.of(self.kind, key)

    @property
    def saved(self) -> str:
        """Return the key of the saved selection of its images."""
        return state.SELECTION if self.kind == "training" else state.GENERATED_SELECTION


def browse(
    shelf: Shelf, table: pd.DataFrame, images: ImageSet, result: Result, bar: DeltaGenerator
) -> tuple[Row | None, Places]:
    """Draw filters, a gallery and the choice of one image; return its row, and places for a pair.

    bar: a row in which the gallery is turned and folded away.

    table: columns "name", "label", "id" and those of the orders, a row an image of `images`, the
    training or generated set of the result. The row is None, and a sentence says so, where the
    address names an image that the run lacks, and where the filters leave none.
    """
    run = result.run.name
    seen = shelf.state(state.RUN)
    if st.session_state.get(seen, run) != run:
        # What was chosen in another run is forgotten here; what a link names is not.
        if st.session_state.get(shelf.key) not in set(table["name"]):
            st.session_state[shelf.key] = None
    st.session_state[seen] = run
    filters, order = filter_row(shelf.kind, list(shelf.orders), result, table, images)
    rows = ordered(result, shelf.kind, table, filters, *shelf.orders[order])
    names = rows["name"].tolist()
    _open_first(shelf, table, names)
    strip = st.container()
    place, places = opened(CHOOSER_PX)
    with place:
        name = _choose(shelf, names)
    if rows.empty:
        st.info(f"No {shelf.kind} image passes these filters.", icon=":material/filter_alt_off:")
        return None, places
    with bar:
        page = turn_pages(shelf.state(state.PAGE), names, name)
        shown = st.toggle("Gallery", True, **state.in_url(shelf.state(state.OPEN)))
        some = rows.iloc[(page - 1) * PER_PAGE : page * PER_PAGE]
        row_of = dict(zip(some["name"], some["id"].tolist(), strict=True))
        picking = picks(images, row_of, key=shelf.kind, saved=shelf.saved) if shown else {}
    if shown:
        with strip:
            _gallery(shelf, some, images, order, picking, selected=name)
    found = table[table["name"] == name]
    if len(found):
        return found.iloc[0].to_dict(), places
    st.warning(
        f"The result {plain(run)} has no {shelf.kind} image “{plain(str(name))}” that can be "
        "shown; choose one in the gallery.",
        icon=":material/link_off:",
    )
    return None, places


def _open_first(shelf: Shelf, table: pd.DataFrame, names: list[str]) -> None:
    """Open the first image that is left where none is open, or the one that is was filtered out.

    It is no default of the widget: Streamlit leaves those out of the address, and the first of
    another order is another one.
    """
    name = st.session_state.get(shelf.key)
    filtered_out = name not in names and bool((table["name"] == name).any())
    if names and (name is None or filtered_out):
        st.session_state[shelf.key] = names[0]
        if name is not None:
            _forget_other(shelf)


def _choose(shelf: Shelf, names: list[str]) -> str | None:
    """Draw previous, next and the list of names; return the name chosen.

    names: what the gallery shows, in order.
    """
    back = st.container(width="content")
    name = st.selectbox(
        f"{shelf.kind.capitalize()} image",
        state.with_chosen(shelf.key, names[:MOST_OPTIONS]),
        index=None,
        label_visibility="collapsed",
        accept_new_options=True,
        required=True,
        placeholder="No image",
        on_change=_forget_other,
        args=(shelf,),
        width="stretch",
        **state.in_url(shelf.key),
    )
    at = names.index(name) if name in names else -1
    back.button(
        "Previous",
        shortcut="Left",
        key=shelf.state("previous"),
        disabled=at <= 0,
        on_click=_go,
        args=(shelf, names, at - 1),
    )
    st.button(
        "Next",
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


def _gallery(
    shelf: Shelf,
    some: pd.DataFrame,
    images: ImageSet,
    order: str,
    picking: dict[str, Any],
    *,
    selected: str | None,
) -> None:
    """Draw a page of the gallery as a strip. picking: of `picks`."""

    def pick(name: str) -> None:
        st.session_state[shelf.key] = name
        _forget_other(shelf)

    shown = some.to_dict("records")
    thumbs = engine.thumbnails(images, tuple(int(row["id"]) for row in shown))
    gallery(
        [shelf.card(row, thumb, order) for row, thumb in zip(shown, thumbs, strict=True)],
        key=f"{shelf.kind}-gallery",
        selected=selected,
        tiny=shell.tiny(images),
        side_px=STRIP_PX,
        strip=True,
        on_select=pick,
        label=f"{shelf.kind.capitalize()} images",
        **picking,
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

        st.pagination(
            pages,
            default=page,
            max_visible_pages=5,
            width=PAGES_PX,
            key=f"{key}-{page}",
            on_change=turn,
        )
    return page
