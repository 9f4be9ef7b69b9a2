"""Predicted influence over the whole set: the images that help and harm most, and the owners."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.plots.influence import change_dots
from gmv_core.plots.look import ACCENT, BETWEEN, owner_colours
from gmv_core.plots.values import parts_bar
from gmv_core.results.influence.evidence import OWNERS, OWNERS_TRUST, SUMMED, SUMMED_TRUST
from gmv_core.results.influence.what_if import PredictedChange, largest_owners
from gmv_core.words import counted, number
from ui.doors import engine, influence
from ui.frame import shell, state
from ui.frame.markdown import cells
from ui.widgets.figures import chart, count, downloads
from ui.widgets.influence import change
from ui.widgets.pictures.open_image import opening_gallery, training_cards

TOP = 12


def influence_values(result: Result) -> None:
    """Draw what the page on values has of predicted influence."""
    table = influence.totals(result)
    _owners(result)
    st.warning(SUMMED_TRUST, icon=":material/warning:")
    for kind, rows in (("helpful", table.tail(TOP).iloc[::-1]), ("harmful", table.head(TOP))):
        st.header(f"The most {kind} training images", help=SUMMED)
        st.caption("Without one of them the generated images are predicted to be, on average:")
        lines = [change(percent) for percent in rows["percent"]]
        opening_gallery(
            training_cards(result, rows, lines, places=range(1, len(rows) + 1)), key=kind,
            kind=state.TRAINING, tiny=shell.tiny(result.training),
            label=f"The most {kind} training images",
        )  # fmt: skip
    _counts(table)
    _downloads(result, table)


def change_words(told: PredictedChange) -> str:
    """Say what is predicted without several images: "2.1 % worse, 1.6 to 2.7"."""
    if told.low < 0 < told.high:
        return f"{change(told.percent)}, {change(told.low)} to {change(told.high)}"
    low, high = sorted((abs(told.low), abs(told.high)))
    return f"{change(told.percent)}, {number(low)} to {number(high)}"


def _counts(table: pd.DataFrame) -> None:
    st.header(
        "How many training images help",
        help="Helpful: the generated images are predicted to be worse without it, on average. "
        "Harmful: better. Harmful is below the average training image, not damaging.",
    )
    helpful = int((table["influence"] > 0).sum())
    parts = {"helpful": helpful, "harmful": len(table) - helpful}
    told = ", ".join(f"{name}: {count(some, len(table))}" for name, some in parts.items())
    chart(parts_bar(parts, (ACCENT, BETWEEN)), told)


def _downloads(result: Result, table: pd.DataFrame) -> None:
    shown = table.drop(columns=["id"])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Download all {counted(len(table), 'image')}:")
        downloads(f"{result.run.name}-influence", "influence", lambda: shown)


def _owners(result: Result) -> None:
    st.header(
        "Without an owner",
        help="The linear model fitted again without all images of an owner, exactly. Above 0: the "
        "generated images are predicted to be worse without them.",
    )
    names = largest_owners(result)
    if not names:
        st.info(
            "This needs several owners: build the training set with a CSV of the columns name and "
            "owner.",
            icon=":material/info:",
        )
        return
    changes = _changes(result, names)
    colours = owner_colours(engine.owners(result.training))
    percent, low, high = (
        pd.Series([getattr(one, what) for one in changes.values()]).to_numpy()
        for what in ("percent", "low", "high")
    )
    chart(
        change_dots(names, percent, (low, high), [colours[name] for name in names]),
        "Points with intervals: the predicted change of the error without each owner",
    )
    rows = {
        "Owner": names,
        "Images": [one.images for one in changes.values()],
        "Predicted without them": [change_words(one) for one in changes.values()],
    }
    with st.expander("Without each owner, in numbers"):
        st.table(cells(pd.DataFrame(rows)), border="horizontal", hide_index=True)
    st.caption(
        "The owners of the most images. 95 % intervals over the generated images; they do not "
        f"cover how far the linear model is from the generator. {OWNERS_TRUST}",
        help=OWNERS,
    )


def _changes(result: Result, names: list[str]) -> dict[str, PredictedChange]:
    """Return what is predicted without each owner; the bar is for those not known yet."""
    place, changes = st.empty(), {}
    for done, name in enumerate(names):
        place.progress(done / len(names), f"Fitting the linear model without {done + 1} …")
        changes[name] = influence.without_owner(result, name)
    place.empty()
    return changes
