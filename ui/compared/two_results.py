"""Two results beside each other: what differs, shares, the largest movers, quality, standings."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from gmv_core.plots.compared import share_dumbbells
from gmv_core.plots.look import ACCENT, QUIET, owner_colours
from gmv_core.results.compared.inputs import Difference
from gmv_core.results.compared.pair import Pair
from gmv_core.results.compared.report import (
    columns_beside,
    correlation_sentence,
    movers_sentence,
    quality_sentence,
    shares_sentence,
)
from gmv_core.words import counted, hundredths, percent, points, points_interval, untorn
from ui.doors import compared, engine
from ui.frame import shell, state
from ui.frame.markdown import cells, safe
from ui.widgets.figures import chart, download_csv, grouped_by
from ui.widgets.pictures.open_image import opening_gallery, training_cards

MOST_SHOWN = 12
MOVED = 12

Names = tuple[str, str]  # of the first and the second result, as headings say them


def what_differs(found: list[Difference], names: Names) -> None:
    """Draw what the two were made with, where it differs."""
    with st.expander(f"What differs: {counted(len(found), 'input')}"):
        table = pd.DataFrame(
            [(one.what, one.first, one.second) for one in found], columns=["", *_headed(names)]
        )
        st.table(cells(table), border="horizontal", hide_index=True)


def _headed(names: Names) -> Names:
    """Return headings that no other column can have, whatever a result is called."""
    return f"First: {names[0]}", f"Second: {names[1]}"


def shares_section(pair: Pair, names: Names) -> None:
    """Draw the shares of owners and labels in both."""
    known = columns_beside(pair)
    if not known:
        return
    st.header("Who earns how much")
    _shares(pair, grouped_by(known), names)
    st.caption(
        "A ring is the first result, a dot the second. Pale: the 95 % interval of the difference "
        "holds 0, so there may be none. "
        + (
            "The generated images are the same, so they are drawn together: what an image has of "
            "its own cancels out."
            if pair.generated.all
            else "Intervals come from drawing the generated images anew; those in both are drawn "
            "together."
        )
    )


def _shares(pair: Pair, by: str, names: Names) -> None:
    shares = compared.shares_beside(pair.first, pair.second, by)
    shown = shares.head(MOST_SHOWN)
    own = owner_colours(engine.owners(pair.first.training)) if by == "owner" else {}
    chart(
        share_dumbbells(
            [name or f"(no {by})" for name in shown[by]],
            (shown["first"].to_numpy(), shown["second"].to_numpy()),
            (shown["low"].to_numpy(), shown["high"].to_numpy()),
            [own.get(name, QUIET if by == "owner" else ACCENT) for name in shown[by]],
            names,
        ),
        f"Each {by}'s share of the value in both results, as a ring and a dot",
    )
    st.markdown(safe(shares_sentence(shares, by)))
    with st.expander(f"Shares of each {by} in numbers"):
        st.table(cells(_numbers(by, shown, names)), border="horizontal", hide_index=True)
        if len(shares) > MOST_SHOWN:
            st.caption(f"The first {MOST_SHOWN} of {len(shares):,}.")
        download_csv(
            f"Download all {len(shares):,} as CSV",
            f"shares-by-{by}-compared",
            shares,
            f"compared-{by}",
        )


def _numbers(by: str, shares: pd.DataFrame, names: Names) -> pd.DataFrame:
    first, second = _headed(names)
    return pd.DataFrame(
        {
            by.capitalize(): [name or f"(no {by})" for name in shares[by]],
            first: shares["first"].map(percent),
            second: shares["second"].map(percent),
            "Difference in points": shares["difference"].map(points),
            "95 % interval": list(map(points_interval, shares["low"], shares["high"])),
        }
    )


def movers_section(pair: Pair) -> None:
    """Draw how alike the order of the training images is, and which move most."""
    if not len(pair.training):
        return
    st.header("Which training images move")
    found = compared.movers(pair.first, pair.second)
    st.markdown(safe(correlation_sentence(compared.correlation(pair.first, pair.second))))
    st.markdown(movers_sentence(found))
    if found.empty:
        return
    rows = found.head(MOVED)
    told = rows.to_dict("records")
    cards = training_cards(pair.first, rows, [_moved(row) for row in told])
    opening_gallery(
        [replace(card, lines=(card.lines[0], _interval(row), *card.lines[1:]))
         for card, row in zip(cards, told, strict=True)],
        key="movers", kind=state.TRAINING, tiny=shell.tiny(pair.first.training),
        label="The training images that move most",
    )  # fmt: skip
    st.caption(
        "Under each share the 95 % interval of the difference, in percentage points. The largest "
        "differences seen are in part the largest by chance, so their intervals hold less often."
    )


def _interval(row: dict[str, float]) -> str:
    return " to ".join(f"{100 * row[end]:+.2f}".replace("-", "−") for end in ("low", "high"))


def _moved(row: dict[str, float]) -> str:
    sides = [
        untorn(f"{hundredths(100 * row[which])} %") if row[which] > 0 else "nothing"
        for which in ("first", "second")
    ]
    return f"{sides[0]} → {sides[1]}"


def quality_section(pair: Pair, names: Names) -> None:
    """Draw the mean qualities and the standings of both."""
    st.header("The generated images")
    st.markdown(safe(quality_sentence(compared.quality(pair.first, pair.second))))
    table = compared.standings(pair.first, pair.second)
    if table.empty:
        st.caption(
            "Standings can be compared where both results were compared with unseen real images."
        )
        return
    sums = [max(int(table[which].sum()), 1) for which in ("first", "second")]
    shown = {"Standing": [name.capitalize() for name in table["standing"]]}
    for name, which, of in zip(_headed(names), ("first", "second"), sums, strict=True):
        shown[name] = [f"{n:,} ({percent(n / of)})" for n in table[which]]
    st.table(cells(pd.DataFrame(shown)), border="horizontal", hide_index=True)
