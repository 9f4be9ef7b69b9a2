"""One owner's answer: what it gets, how sure that is, its pictures, and what would change it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.audit.statement.write import file_name
from gmv_core.plots.look import ACCENT, owner_colours
from gmv_core.plots.values import share_dots
from gmv_core.results.owners.answer import (
    OwnerAnswer,
    answer_sentence,
    known_sentence,
    unattributed_sentence,
)
from gmv_core.results.owners.grouped import OWNER
from gmv_core.words import counted, hundredths, number, percent
from ui.doors import engine, owners
from ui.frame import shell, state
from ui.frame.markdown import cells, plain, safe
from ui.widgets import influence
from ui.widgets.figures import chart, metric_row
from ui.widgets.pictures.gallery import Card
from ui.widgets.pictures.open_image import opening_gallery, training_cards

BEST, CLOSEST = 12, 12


def headline(result: Result, answer: OwnerAnswer) -> None:
    """Draw the answer: figures, one sentence, and whether it is settled; and the statement."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(answer.name), anchor=False, width="stretch")
        take_home(result, answer)
    facts = [
        ("Share of the value", percent(answer.share), "Of the value of all training images."),
        ("Value", hundredths(answer.value), "The sum of what its images get from all generated "
         "images."),
        ("Images", f"{answer.images:,}", "In the training set, without those rejected."),
        ("Earned nothing", f"{answer.never:,}", "Images that are a contributor of no generated "
         "image."),
    ]  # fmt: skip
    metric_row(facts)
    said = (answer_sentence(answer), known_sentence(answer), unattributed_sentence(answer))
    st.markdown(safe(" ".join(filter(None, said))))
    if not answer.generated or answer.images == answer.of_images:
        return
    colours = owner_colours(engine.owners(result.training)) if answer.by == OWNER else {}
    figure = share_dots(
        [answer.name],
        np.array([answer.share]),
        (np.array([answer.low]), np.array([answer.high])),
        np.array([answer.share_of_images]),
        [colours.get(answer.name, ACCENT)],
    )
    chart(
        figure.update_yaxes(showticklabels=False).update_layout(margin_l=28),  # its name is above
        f"The share of the value with its interval, beside the share of the images: "
        f"{answer_sentence(answer)}",
    )


def take_home(result: Result, answer: OwnerAnswer) -> None:
    """Offer the statement."""
    st.download_button(
        "Statement to take home",
        lambda: owners.page(result, answer.name, answer.by),
        file_name=f"statement-{file_name(answer.name)}",
        mime="text/html",
        icon=":material/description:",
        on_click="ignore",
        help="One page with this answer, its pictures, what it does not say, and how to check it. "
        "It opens without a network; printing it makes a PDF.",
    )


def pictures(result: Result, answer: OwnerAnswer) -> None:
    """Draw the most valuable images, and the generated images that give most credit."""
    tiny = shell.tiny(result.training)
    best = owners.best(result, answer.name, answer.by).head(BEST)
    if best.empty:
        st.info("None of these images is a contributor of any generated image.")
        return
    st.header("Its most valuable images")
    lines = [f"value {hundredths(value)}" for value in best["value"]]
    if answer.by == OWNER:
        best = best.assign(owner="")  # it stands above
    opening_gallery(
        training_cards(result, best, lines, places=range(1, len(best) + 1)),
        key="owner-best", kind=state.TRAINING, tiny=tiny, label="Its most valuable images",
    )  # fmt: skip
    st.header("Generated images that are closest to them")
    closest = owners.closest(result, answer.name, answer.by).head(CLOSEST)
    images = engine.thumbnails(result.generated, tuple(closest["id"].tolist()))
    cards = [
        Card(
            row.generated, image, row.generated,
            tuple(filter(None, (f"{percent(row.share)} of its credit", row.standing))),
            f"Generated image {row.generated}, closest to {row.training}", bar=row.share,
        )
        for row, image in zip(closest.itertuples(), images, strict=True)
    ]  # fmt: skip
    opening_gallery(cards, key="owner-closest", kind=state.IMAGE, tiny=tiny,
                    label="Generated images that are closest to them")  # fmt: skip


def copies(result: Result, answer: OwnerAnswer) -> None:
    """Draw its images that another has, too, or say that none is known."""
    if not answer.copied:
        st.caption(
            "Near copies have not been looked for in this set, so whether another has one of these "
            "images, too, is not known. Training set looks for them."
            if answer.copied is None
            else "No near copy of these images is among those of another."
        )
        return
    st.header("Near copies among the images of others")
    st.markdown(f"{counted(answer.copied, 'image')} of these with a near copy elsewhere; each "
                "earns for itself, unless near copies earn as one.")  # fmt: skip
    rows = owners.copies(result, answer.name, answer.by).head(BEST)
    images = engine.thumbnails(result.training, tuple(rows["other_id"].tolist()))
    cards = [
        Card(
            row.other, image, row.other, (row.other_group, f"copy of {row.training}"),
            f"Training image {row.other}, a near copy of {row.training}",
        )
        for row, image in zip(rows.itertuples(), images, strict=True)
    ]  # fmt: skip
    opening_gallery(
        cards, key="owner-copies", kind=state.TRAINING, tiny=shell.tiny(result.training),
        label="Near copies among the images of others",
    )  # fmt: skip


def what_if(result: Result, answer: OwnerAnswer) -> None:
    """Say what the others get without it, and what it gets where copies count as one."""
    st.header("What would change it")
    if answer.as_one is not None:
        st.markdown(
            f"Were near copies counted as one image: {percent(answer.as_one)} of the value."
        )
    if st.toggle("Without these images", **state.in_url(state.WITHOUT_OWNER)):
        table, short = owners.without(result, answer.name, answer.by)
        if table.empty:
            st.caption(f"Every image of the set has this {plain(answer.by)}.")
            return
        st.markdown("What each other gets of what is left, counted again from the same lists, "
                    "without a model.")  # fmt: skip
        st.table(cells(_others(answer.by, table.head(BEST))), border="horizontal", hide_index=True)
        if short:
            st.caption(short)


def _others(by: str, table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            by.capitalize(): [name or f"(no {by})" for name in table[by]],
            "With them": table["before"].map(percent),
            "Without them": table["share_of_value"].map(percent),
            "95 % interval": [
                f"{percent(low)} to {percent(high)}"
                for low, high in zip(table["low"], table["high"], strict=True)
            ],
        }
    )


def predicted(result: Result, answer: OwnerAnswer) -> None:
    """Say what the linear model predicts without these images."""
    influence.explained("at the generated images")
    if not influence.needed(result):
        return
    st.header(plain(answer.name), anchor=False)
    if answer.images == answer.of_images:
        st.info(f"Every image of the set has this {plain(answer.by)}: nothing would be left.")
        return
    change = owners.predicted(result, answer.name, answer.by)
    st.markdown(
        f"**Without its {counted(change.images, 'image')} the generated images get "
        f"{influence.change(change.percent)}** (95 % interval {number(change.low)} % to "
        f"{number(change.high)} %, over the generated images), as the linear model refitted "
        "without them predicts."
    )
