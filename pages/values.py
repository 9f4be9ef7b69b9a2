"""Values: how credit is spread over the training set, and over its owners."""

from __future__ import annotations

import pandas as pd
import plotly.express as px
import streamlit as st

from ui import engine, shell


def values() -> None:
    st.title("Values")
    result = shell.need_run()
    table = engine.values_table(engine.key(result), result)
    columns = st.columns(3)
    columns[0].metric("Training images", f"{len(table):,}")
    columns[1].metric("Ever a contributor", f"{(table['times_contributor'] > 0).sum():,}")
    columns[2].metric("Value handed out", f"{table['value'].sum():.3g}")
    owners(table)


def owners(values: pd.DataFrame) -> None:
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


shell.show(values)
