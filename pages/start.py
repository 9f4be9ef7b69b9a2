"""Start: what this answers, and the result of a run at a glance."""

from __future__ import annotations

import plotly.express as px
import streamlit as st

from gmv_core.errors import GMVError
from ui import engine
from ui.cards import image_row


def start() -> None:
    st.title("Where do generated images come from?")
    st.markdown(
        "Give a training set and images that a model generated. See which **training images are "
        "closest** to each of them, how **credit by similarity** is spread over the training set, "
        "and who owns it. It needs neither the model nor any training. "
        "It speaks of closeness, never of cause."
    )
    runs = engine.finished_runs()
    if not runs:
        no_run()
        return
    name = st.selectbox("Run", runs, key="run") if len(runs) > 1 else runs[0]
    result = engine.open_result(name)
    key = engine.digest(result)
    generated, values = engine.tables(result, key)
    totals = result.manifest["totals"]
    columns = st.columns(4)
    columns[0].metric("Generated images", f"{len(generated):,}")
    columns[1].metric("Training images", f"{len(values):,}")
    columns[2].metric("Ever a contributor", f"{totals['contributors']:,}")
    columns[3].metric("Value handed out", f"{totals['value']:.3g}")
    for sentence in result.manifest["shifts"]:
        st.warning(sentence)
    one_image(result, key, generated)
    owners(values)


def no_run() -> None:
    st.info("Nothing has been valued in this workspace yet.")
    if st.button("Make the demo", type="primary"):
        with st.spinner("Drawing 1,200 portraits, embedding them, valuing generated ones …"):
            error = engine.make_demo()
        if error:
            st.error(error)
        else:
            st.rerun()


def one_image(result: engine.Result, key: str, generated: engine.pd.DataFrame) -> None:
    st.subheader("One generated image and its closest training images")
    names = generated["generated"].tolist()
    image = st.selectbox("Generated image", names, key="image")
    row = names.index(image)
    facts = generated.iloc[row]
    found = engine.contributors(result, key, image)
    side = result.training.manifest()["typical"]["side_px"][1]
    left, right = st.columns([1, 3])
    with left:
        image_row(
            engine.previews(result, key, "generated", (row,)),
            [(image, f"quality {facts['quality']:.3g}")],
            side_px=200,
            tiny=side <= 64,
        )
        st.caption(
            f"Its quality is shared among {facts['effective_contributors']:.3g} effective "
            f"contributors of {result.settings.k}.",
            help="The number of equally weighted contributors that would share it as evenly.",
        )
    with right:
        image_row(
            engine.previews(result, key, "training", tuple(c.row for c in found)),
            [
                (f"{c.rank}. {c.label or c.training}", f"{c.distance:.3g} away · {c.weight:.0%}"
                 + (f" · {c.owner}" if c.owner else ""))
                for c in found
            ],
            side_px=140,
            tiny=side <= 64,
        )  # fmt: skip


def owners(values: engine.pd.DataFrame) -> None:
    if not values["owner"].any():
        return
    st.subheader("Share of value beside share of images, by owner")
    shares = values.groupby("owner").agg(value=("value", "sum"), images=("value", "size"))
    shares = 100 * shares / shares.sum()
    figure = px.bar(
        shares.sort_values("images", ascending=False)
        .rename(columns={"value": "of the value", "images": "of the images"})
        .reset_index()
        .melt("owner", var_name="share", value_name="percent"),
        x="owner",
        y="percent",
        color="share",
        barmode="group",
        color_discrete_sequence=["#0f766e", "#b8c4c0"],
        labels={"percent": "percent", "owner": "", "share": ""},
    )
    figure.update_layout(height=320, margin={"l": 0, "r": 0, "t": 10, "b": 0})
    st.plotly_chart(figure)


try:
    start()
except GMVError as problem:
    st.error(str(problem))
