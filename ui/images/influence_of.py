"""One training image and the generated images that it helps or harms, as predicted."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Result
from gmv_core.words import percent
from ui.doors import engine, influence
from ui.frame import state
from ui.images.influence_on import COLUMNS
from ui.images.one_generated import seek
from ui.widgets.browse import Row
from ui.widgets.compare import Picture, choose_other, compare
from ui.widgets.gallery import Card, gallery
from ui.widgets.influence import change


def one_training(result: Result, about: Row, most: int, *, tiny: bool) -> None:
    """Draw a training image beside the generated images that it helps or harms most.

    about: its row of `engine.training_gallery`. most: of each kind.
    """
    name = about["name"]
    found = influence.of_training(result, int(about["id"]))
    left, right = st.columns(COLUMNS)
    with left:
        lines = tuple(filter(None, [about["label"], about["owner"]]))
        image = engine.preview(result.training, int(about["id"]))
        gallery(
            [Card(name, image, name, lines, f"Training image {name}")],
            key="large", tiny=tiny, side_px=150, label="The training image", seek=seek("large"),
        )  # fmt: skip
        st.markdown(
            f"Without it the generated images are predicted **{change(about['percent'])}**",
            help="In percent of the linear model's error, the mean over all generated images.",
        )
    with right:
        helped, harmed = found[found["influence"] > 0], found[found["influence"] < 0].iloc[::-1]
        _strip(result, "helps", "worse", helped.head(most), tiny=tiny)
        _strip(result, "harms", "better", harmed.head(most), tiny=tiny)


def _strip(result: Result, does: str, means: str, some: pd.DataFrame, *, tiny: bool) -> None:
    st.markdown(f"**The generated images that it {does} most**: predicted {means} without it")
    if some.empty:
        st.info(f"It is predicted that it {does} no generated image.", icon=":material/info:")
        return

    def pick(name: str) -> None:
        st.session_state[state.SEEK] = "compare"
        st.session_state[state.IMAGE] = name

    thumbs = engine.thumbnails(result.generated, tuple(some["id"].tolist()))
    gallery(
        [
            Card(
                row.generated,
                thumb,
                row.generated.rpartition("/")[2],
                (percent(abs(row.percent) / 100),),
                f"Generated image {row.generated}",
            )
            for row, thumb in zip(some.itertuples(), thumbs, strict=True)
        ],
        key=does,
        selected=st.session_state.get(state.IMAGE),
        tiny=tiny,
        side_px=96,
        on_select=pick,
        label=f"Generated images that it {does} most",
    )


def comparison(result: Result, about: Row, *, tiny: bool) -> None:
    """Draw the choice of a generated image to compare the training image with, and the two."""
    found = influence.of_training(result, int(about["id"]))
    other = choose_other(state.IMAGE, found["generated"].tolist(), "generated image")
    rows = found[found["generated"] == other]
    if rows.empty:
        return
    compare(
        Picture(
            engine.preview(result.generated, int(rows["id"].iloc[0])),
            f"generated: {other}",
            f"Generated image {other}",
        ),
        Picture(
            engine.preview(result.training, int(about["id"])),
            f"training: {about['name']}",
            f"Training image {about['name']}",
        ),
        key="compare",
        tiny=tiny,
        seek=seek("compare"),
    )
