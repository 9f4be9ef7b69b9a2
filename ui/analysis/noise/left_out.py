"""What changes when training images are left out: owners' shares, and who moves most."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from gmv_core import Result
from gmv_core.plots.values import share_bars
from gmv_core.words import counted, number
from ui.analysis.noise.marking import leaves_out
from ui.doors import readings
from ui.frame import shell, state
from ui.widgets.figures import chart
from ui.widgets.pictures.open_image import opening_gallery, training_cards

MOVED = 12
MOST_BARS = 12


def left_out_section(result: Result, marked: frozenset[str]) -> None:
    """Offer the values without the marked images, and show what changed."""
    st.header(
        "Values without the marked images",
        help="Computed from the stored candidate lists, without a model: the next closest move "
        "up. The qualities stay as they were judged.",
    )
    if not leaves_out(marked, "see here what the values would be without them"):
        return
    without(result, marked, "marked")


def without(result: Result, names: Collection[str], which: str) -> None:
    """Show what changes without some images. which: "marked" or "selected"."""
    part = result.leaving_out(names)
    told = readings.moves(result, part)
    if not told.others:
        st.info(f"All training images are {which}; none is left to earn value.")
        return
    _lists(part, which)
    st.markdown(
        f"The {which} images held a value of {number(told.held)}; together the others now hold "
        f"{number(told.after)}, before {number(told.before)}."
    )
    if told.moved.empty:
        st.info(f"No other image's value changes: the {which} images were no contributors.")
        return
    _owners(result, part, which)
    n = len(told.moved)
    st.markdown(
        f"**{counted(n, 'other image')} {'changes' if n == 1 else 'change'} in value; these most**"
    )
    rows = told.moved.head(MOVED)
    lines = [
        f"value {number(row.value_before)} → {number(row.value_after)}" for row in rows.itertuples()
    ]
    opening_gallery(
        training_cards(result, rows, lines), key=f"moved-{which}", kind=state.TRAINING,
        tiny=shell.tiny(result.training), label="The images whose value changes most",
    )  # fmt: skip


def _lists(part: Result, which: str) -> None:
    told = readings.short_lists(part)
    if told.short:
        st.warning(
            f"{counted(told.short, 'generated image')} {'keeps' if told.short == 1 else 'keep'} "
            f"fewer than {part.settings.k} candidates, so the quality is shared among fewer; "
            f"value the images again without the {which} ones for the full list."
            + (f" {told.empty:,} of them: none, and they give no credit." if told.empty else ""),
            icon=":material/warning:",
        )
    if told.estimated:
        st.caption(
            f"In {counted(told.estimated, 'list')} an image moved up whose distance is an "
            "estimate; the order there may differ a little from a new valuation."
        )
    if told.stand_ins:
        st.caption(
            f"In {counted(told.stand_ins, 'list')} a near copy stands in for an image left out, at "
            "that image's distance; its own may differ a little."
        )


def _owners(result: Result, part: Result, which: str) -> None:
    counts = result.training.manifest().counts
    if counts is None or not counts.owners:
        return
    before = readings.shares(result, "owner").head(MOST_BARS)
    after = readings.shares(part, "owner").set_index("owner")["share_of_value"]
    st.markdown("**Share of the value by owner**")
    chart(
        share_bars(
            [name or "(no owner)" for name in before["owner"]],
            {
                f"without the {which}": after.reindex(before["owner"], fill_value=0).to_numpy(),
                "with all": before["share_of_value"].to_numpy(),
            },
        ),
        f"Bars: each owner's share of the value with and without the {which} images",
    )
