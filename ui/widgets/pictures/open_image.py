"""A gallery that leads to Contributors: by a click, or by the list below it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.store.workspace import ImageSet
from ui.doors import engine
from ui.frame import state
from ui.widgets.pictures.gallery import Card, gallery


def opening_gallery(
    cards: Sequence[Card], *, key: str, kind: str, tiny: bool, label: str, side_px: int = 130
) -> None:
    """Show cards whose ids are names of images; choosing one opens it on Contributors.

    kind: state.IMAGE for generated images, state.TRAINING for training images.
    """

    def choose(name: str) -> None:
        st.session_state[state.OPENED] = (kind, name)

    def choose_listed() -> None:
        if st.session_state[f"{key}-open"]:
            choose(st.session_state[f"{key}-open"])

    _follow()
    gallery(cards, key=key, tiny=tiny, side_px=side_px, on_select=choose, label=label)
    st.selectbox(
        "Open one on Contributors",
        [card.id for card in cards],
        index=None,
        placeholder="Open one on Contributors …",
        key=f"{key}-open",
        on_change=choose_listed,
        label_visibility="collapsed",
    )


def training_cards(
    result: Result,
    rows: pd.DataFrame,
    lines: Sequence[str],
    *,
    places: Sequence[int] | None = None,
    marked: Collection[str] = (),
) -> list[Card]:
    """Return the cards of training images: label, a line each, and the owner.

    rows: with id, training, label and owner. places: numbers before the titles; without, none.
    """
    images = thumbnails(result.training, rows)
    numbers = [f"{place:,}. " for place in places] if places is not None else [""] * len(rows)
    return [
        Card(
            row.training,
            image,
            f"{place}{row.label or row.training}",
            tuple(
                filter(None, ("marked for removal" if row.training in marked else line, row.owner))
            ),
            f"Training image {row.training}",
            row.training in marked,
        )
        for row, image, place, line in zip(rows.itertuples(), images, numbers, lines, strict=True)
    ]


def thumbnails(images: ImageSet, rows: pd.DataFrame) -> list[bytes]:
    """Return small images of the rows of a table with the column id."""
    return engine.thumbnails(images, tuple(rows["id"].tolist()))


def _follow() -> None:
    """Go where the last click led. A callback cannot switch pages, so the rerun after it does."""
    chosen = st.session_state.pop(state.OPENED, None)
    if chosen:
        kind, name = chosen
        view = state.TRAINING_VIEW if kind == state.TRAINING else state.GENERATED_VIEW
        # The run and its reading go along by themselves, as widgets do that are in the address; to
        # name what a widget of this page is bound to would be an error.
        st.switch_page("pages/contributors.py", query_params={state.VIEW: view, kind: name})
