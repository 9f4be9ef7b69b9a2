"""A paged gallery in which a click marks a training image for removal, or takes the mark away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.results.export import values_of
from gmv_core.results.selection import as_csv
from gmv_core.store import marks
from ui.frame import shell, state
from ui.widgets.pictures.gallery import gallery
from ui.widgets.pictures.open_image import training_cards
from ui.widgets.selecting import picks, select_buttons
from ui.widgets.writing import write_button

PAGE_IMAGES = 24


def marked_metric(marked: Collection[str]) -> tuple[str, str, str]:
    """Return the figure of how many images are marked, for a row of figures."""
    meaning = "Marks are kept with the training set. Nothing is deleted."
    return "Marked for removal", f"{len(marked):,}", meaning


def marking_gallery(
    result: Result,
    shown: pd.DataFrame,
    marked: frozenset[str],
    *,
    part: str,
    whole: bool,
    lines: Callable[[pd.DataFrame], Sequence[str]],
) -> None:
    """Show a part of a ranking, page by page, with the buttons that mark it.

    whole: offer to mark all of it at once. lines: what the cards of some rows say, one each.
    """
    if shown.empty:
        st.info(
            "Nothing is marked. Click an image to mark it." if part.endswith("marked")
            else "No training image stands here.",
            icon=":material/info:",
        )  # fmt: skip
        return
    pages = -(-len(shown) // PAGE_IMAGES)
    page = 1
    if pages > 1:
        page = st.pagination(pages, key=f"images {part}", persist_state="page")
    first = (page - 1) * PAGE_IMAGES
    rows = shown.iloc[first : first + PAGE_IMAGES]
    names = rows["training"].tolist()
    _buttons(result, names, shown["training"] if whole else None, marked)
    with st.container(horizontal=True, vertical_alignment="center"):
        picked = shown if whole or part.endswith("marked") else rows
        select_buttons(result.training, picked["id"], key=part)
        row_of = dict(zip(names, rows["id"].tolist(), strict=True))
        picking = picks(result.training, row_of, key="noisy")

    def toggle(name: str) -> None:
        _write(marks.unmark if name in marked else marks.mark, result, [name])

    cards = training_cards(
        result, rows, lines(rows), places=range(first + 1, first + 1 + len(rows)), marked=marked
    )
    gallery(
        cards, key="noisy", tiny=shell.tiny(result.training), side_px=130, on_select=toggle,
        label="Training images from the bottom of the ranking; choosing one marks it",
        **picking,
    )  # fmt: skip
    _picker(names, marked, toggle)


def _buttons(
    result: Result, names: list[str], whole: pd.Series | None, marked: frozenset[str]
) -> None:
    with st.container(horizontal=True):
        write_button(
            f"Mark all {len(names)} shown",
            on_click=_write,
            args=(marks.mark, result, names),
            disabled=marked.issuperset(names),
            icon=":material/select_all:",
        )
        if whole is not None and len(whole) > len(names):
            write_button(
                f"Mark all {len(whole):,} of this kind",
                on_click=_write,
                args=(marks.mark, result, whole),
                disabled=marked.issuperset(whole),
            )
        write_button(
            "Clear all marks",
            on_click=_write,
            args=(marks.unmark, result),
            disabled=not marked,
            icon=":material/deselect:",
        )
        st.download_button(
            "Download the marked as CSV",
            lambda: as_csv(_list(result, marked)),
            file_name=f"{result.training.name}-marked.csv",
            mime="text/csv",
            on_click="ignore",
            disabled=not marked,
            icon=":material/download:",
        )


def _write(change: Callable[..., None], result: Result, *names: Collection[str]) -> None:
    """Change the marks; what goes wrong in a callback is a sentence too."""
    with shell.telling():
        change(result.training, *names)


def _list(result: Result, marked: frozenset[str]) -> pd.DataFrame:
    """Return the marked images as they are exported, from the bottom of the ranking."""
    table = values_of(result)
    return table[table["training"].isin(marked)].sort_values("rank", ascending=False)


def _picker(names: list[str], marked: frozenset[str], toggle: Callable[[str], None]) -> None:
    """The same as a click, for those who do not click."""
    key = f"mark {names[0]}"

    def choose() -> None:
        if st.session_state[key]:
            toggle(st.session_state[key])
        st.session_state[key] = None

    st.selectbox(
        "Mark one, or take its mark away",
        names,
        index=None,
        format_func=lambda name: f"{name} (marked)" if name in marked else name,
        placeholder="Mark one, or take its mark away …",
        key=key,
        on_change=choose,
        label_visibility="collapsed",
    )


def leaves_out(marked: frozenset[str], then: str) -> bool:
    """Offer to leave the marked images out and return whether that is wanted.

    then: what can be seen once there are marks, as the end of a sentence.
    """
    if not marked:
        st.info(f"Mark images first; then {then}.", icon=":material/info:")
        return False
    return st.toggle(
        f"Leave the {len(marked):,} marked out" if len(marked) > 1 else "Leave the marked one out",
        **state.in_url(state.LEAVE_OUT),
    )
