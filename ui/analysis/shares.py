"""Shares of value by owner and by label: dots with intervals, what stands out, the whole table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.measures.bootstrap import RESAMPLES
from gmv_core.plots.look import ACCENT, QUIET, owner_colours
from gmv_core.plots.values import share_dots
from gmv_core.words import counted, percent
from ui.doors import engine, readings
from ui.frame.markdown import cells, plain
from ui.widgets.figures import chart, download_csv, grouped_by

MOST_SHOWN = 12
NAMED = 3


def group_section(result: Result) -> None:
    """Draw who earns how much, by owner and by label, as far as the set knows them."""
    counts = result.training.manifest().counts
    known = [by for by in ("owner", "label") if counts and getattr(counts, f"{by}s")]
    st.header("Who earns how much" if "owner" in known else "Which label earns how much")
    if not known:
        st.info(
            "This training set names no owners and no labels. Build it with a CSV of the columns "
            "name, label and owner to see who earns what.",
            icon=":material/info:",
        )
        return
    by = grouped_by(known)
    _group(result, by, readings.shares(result, by))
    if "owner" not in known:
        st.caption("No owners are known; a CSV with the column owner adds them.")


def _group(result: Result, by: str, shares: pd.DataFrame) -> None:
    shown = shares.head(MOST_SHOWN)
    names = [name or f"(no {by})" for name in shown[by]]
    own = owner_colours(engine.owners(result.training)) if by == "owner" else {}
    chart(
        share_dots(
            names,
            shown["share_of_value"].to_numpy(),
            (shown["low"].to_numpy(), shown["high"].to_numpy()),
            shown["share_of_images"].to_numpy(),
            [own.get(name, QUIET if by == "owner" else ACCENT) for name in shown[by]],
        ),
        f"Each {by}'s share of the value with its interval, beside its share of the images",
    )
    standing_out = {
        "more than": shares[shares["low"] > shares["share_of_images"]],
        "less than": shares[shares["high"] < shares["share_of_images"]],
    }
    for words, some in standing_out.items():
        if len(some):
            st.markdown(_sentence(by, words, some))
    open_ones = shares[(shares["low"] <= shares["share_of_images"])
                       & (shares["share_of_images"] <= shares["high"])]  # fmt: skip
    if len(open_ones):
        which = (
            f"No {by}'s share of the value can be told from its share of the images."
            if len(open_ones) == len(shares)
            else f"Of {counted(len(open_ones), f'other {by}')} the share of the value cannot be "
            "told from the share of the images."
        )
        st.markdown(
            f"{which} About {counted(int(open_ones['images_needed'].max()), 'generated image')} of "
            "this kind would settle each to ± 5 points."
        )
    with st.expander(f"Shares of each {by} in numbers"):
        st.table(cells(_numbers(by, shown)), border="horizontal", hide_index=True)
        if len(shares) > MOST_SHOWN:
            st.caption(f"The first {MOST_SHOWN} of {len(shares):,}.")
        download_csv(
            f"Download all {len(shares):,} as CSV", f"shares-by-{by}", shares, f"shares-{by}"
        )
    st.caption(
        f"The line through each dot is the 95 % interval over {RESAMPLES} resamples of the "
        "generated images: where the share would be, had the model made other images of the same "
        "kind."
    )


def _numbers(by: str, shares: pd.DataFrame) -> pd.DataFrame:
    """Return the shares as they are read: the bars say which is longer, this says how long."""
    return pd.DataFrame(
        {
            by.capitalize(): [name or f"(no {by})" for name in shares[by]],
            "Share of value": shares["share_of_value"].map(percent),
            "95 % interval": [
                f"{percent(low)} to {percent(high)}"
                for low, high in zip(shares["low"], shares["high"], strict=True)
            ],
            "Share of images": shares["share_of_images"].map(percent),
            "Generated images for ± 5 points": [f"{n:,}" for n in shares["images_needed"]],
            "Images": shares["images"],
        }
    )


def _sentence(by: str, words: str, some: pd.DataFrame) -> str:
    """Say which groups earn clearly more or less than their share of the images."""
    named = [
        f"{plain(getattr(row, by)) or f'(no {by})'} ({percent(row.share_of_value)} of the "
        f"value, {percent(row.share_of_images)} of the images)"
        for row in some.head(NAMED).itertuples()
    ]
    more = f" and {len(some) - NAMED:,} more" if len(some) > NAMED else ""
    return f"Clearly {words} their share of the images: {', '.join(named)}{more}."
