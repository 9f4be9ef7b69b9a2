"""One training image and the generated images that it helps or harms, as predicted."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gmv_core import Result
from gmv_core.words import hundredths
from ui.doors import engine, influence
from ui.frame import state
from ui.images.pair import GENERATED, TRAINING, pair, strip
from ui.images.regions import regions_of
from ui.widgets.browse import Row
from ui.widgets.compare import Picture, Told, choose_other
from ui.widgets.gallery import Card
from ui.widgets.influence import change


def one_training(
    result: Result, about: Row, most: int, beside: DeltaGenerator, *, tiny: bool
) -> None:
    """Draw a training image and a generated one as a pair, and those that it helps or harms most.

    about: its row of `engine.training_gallery`. most: of each kind. beside: where the generated
    image is chosen.
    """
    name = str(about["name"])
    found = influence.of_training(result, int(about["id"]))
    helped, harmed = found[found["influence"] > 0], found[found["influence"] < 0].iloc[::-1]
    helped, harmed = helped.head(most), harmed.head(most)
    with beside:
        names = [*helped["generated"], *harmed["generated"]]
        other = choose_other(state.IMAGE, names, "generated image")
    rows = found[found["generated"] == other]
    if len(rows):
        told = f"Predicted {change(rows['percent'].iloc[0])} there without this one"
        pair(
            Picture(engine.preview(result.training, int(about["id"])), TRAINING, name),
            Picture(
                engine.preview(result.generated, int(rows["id"].iloc[0])), GENERATED, str(other)
            ),
            Told(facts=(told, *filter(None, [about["owner"]]))),
            tiny=tiny,
            regions=lambda: regions_of(result, str(other), name, tiny=tiny),
        )
    st.markdown(
        f"Without it the generated images are predicted **{change(about['percent'])}**",
        help="In percent of the linear model's error, the mean over all generated images.",
    )
    _strip(result, "helps", "worse", helped, tiny=tiny)
    _strip(result, "harms", "better", harmed, tiny=tiny)


def _strip(result: Result, does: str, means: str, some: pd.DataFrame, *, tiny: bool) -> None:
    st.markdown(f"**The generated images that it {does} most**: predicted {means} without it")
    if some.empty:
        st.info(f"It is predicted that it {does} no generated image.", icon=":material/info:")
        return
    thumbs = engine.thumbnails(result.generated, tuple(some["id"].tolist()))
    largest = some["percent"].abs().max() or 1.0
    cards = [
        Card(
            row.generated,
            thumb,
            row.generated.rpartition("/")[2],
            (f"{hundredths(abs(row.percent))} %",),
            f"Generated image {row.generated}",
            bar=float(abs(row.percent) / largest),
        )
        for row, thumb in zip(some.itertuples(), thumbs, strict=True)
    ]
    strip(cards, key=does, chooses=state.IMAGE, tiny=tiny,
          label=f"Generated images that it {does} most")  # fmt: skip
