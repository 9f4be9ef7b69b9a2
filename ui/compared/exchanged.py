"""A generated image of both results, and the contributors that it gained and lost."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import streamlit as st

from gmv_core import Contributor
from gmv_core.results.compared.pair import Pair
from gmv_core.results.compared.report import exchanged_sentence
from gmv_core.store.workspace import ImageSet
from gmv_core.words import counted, percent
from ui.doors import compared, engine
from ui.frame import shell, state
from ui.frame.markdown import plain, safe
from ui.widgets.pictures.gallery import Card, gallery
from ui.widgets.pictures.open_image import thumbnails
from ui.widgets.pictures.thumbs import GAINED, LOST, Thumb, thumbs

MOST_SHOWN = 24
MOST_OPTIONS = 1000
HEIGHT_PX = 560


def exchange_section(pair: Pair, names: tuple[str, str]) -> None:
    """Draw the generated images of both, and the contributors of the chosen one in either."""
    found = compared.exchanged(pair.first, pair.second) if len(pair.training) else None
    if found is None:
        return
    st.header("Contributors gained and lost")
    st.markdown(safe(exchanged_sentence(found)))
    if found.alike:
        return
    table = compared.exchanges(pair.first, pair.second)
    known = set(table["generated"])
    asked = st.session_state.get(state.IMAGE)
    st.session_state[state.IMAGE] = asked if asked in known else table["generated"].iloc[0]
    left, right = st.columns([1, 4.4], gap="medium")
    with left:
        rows = table.head(MOST_SHOWN)
        cards = [
            Card(row.generated, image, row.generated.rpartition("/")[2],
                 (f"{percent(row.moved)} moved",), f"Generated image {row.generated}")
            for row, image in zip(
                rows.itertuples(), thumbnails(pair.first.generated, rows), strict=True
            )
        ]  # fmt: skip
        with st.container(height=HEIGHT_PX, border=False):
            gallery(
                cards, key="exchanged", selected=st.session_state[state.IMAGE], side_px=110,
                tiny=shell.tiny(pair.first.generated), on_select=_choose,
                label="Generated images of both, the one that changed most first",
            )  # fmt: skip
    with right:
        options = state.with_chosen(state.IMAGE, table["generated"].head(MOST_OPTIONS).tolist())
        name = st.selectbox("Generated image", options, **state.in_url(state.IMAGE))
        moved = dict(zip(table["generated"], table["moved"], strict=True))
        _one(pair, name, names, moved[name])


def _choose(name: str) -> None:
    st.session_state[state.IMAGE] = name


def _one(pair: Pair, name: str, names: tuple[str, str], moved: float) -> None:
    found = compared.exchange(pair.first, pair.second, name)
    before = sorted([*found.kept, *found.lost], key=lambda one: one.rank)
    after = engine.contributors(pair.second, found.generated_second)
    lost, gained = {one.row for one in found.lost}, {one.row for one in found.gained}
    image, words = st.columns([1, 4], vertical_alignment="center")
    with image:
        shown = Thumb(engine.preview(pair.first.generated, pair.first.row_of(name)), alt=name)
        thumbs([shown], side_px=110, tiny=shell.tiny(pair.first.generated))
    words.markdown(
        f"Keeps {counted(len(found.kept), 'contributor')}, loses {len(found.lost):,}, gains "
        f"{len(found.gained):,}; {percent(moved)} of the credit moves."
        if lost or gained
        else f"The same contributors in both; {percent(moved)} of the credit moves among them."
    )
    strips = (
        (names[0], before, pair.first.training, lost, LOST),
        (names[1], after, pair.second.training, gained, GAINED),
    )
    for title, contributors, training, changed, kind in strips:
        st.markdown(f"**{plain(title)}**")
        _strip(contributors, training, changed, kind)


def _strip(
    contributors: Sequence[Contributor], training: ImageSet, changed: Collection[int], kind: str
) -> None:
    rows = tuple(one.row for one in contributors)
    cards = [
        Thumb(
            image,
            f"{one.rank}. {percent(one.weight)}",
            kind if one.row in changed else one.owner or one.label,
            f"{one.training}{', ' + kind if one.row in changed else ''}",
            kind if one.row in changed else "",
        )
        for one, image in zip(contributors, engine.thumbnails(training, rows), strict=True)
    ]
    thumbs(cards, side_px=66, tiny=shell.tiny(training))
