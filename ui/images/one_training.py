"""One training image and the generated images it contributed to: one_generated.py the other way."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from gmv_core import Contributor, Result
from gmv_core.words import counted, hundredths, number, share_text
from ui.doors import engine, readings
from ui.frame import state
from ui.frame.markdown import plain
from ui.images.one_generated import ordinal
from ui.images.pair import GENERATED, TRAINING, choose_pair, pair, show_view, strip
from ui.images.regions import regions_of
from ui.widgets.pictures.browse import PER_PAGE, Row, turn_pages
from ui.widgets.pictures.compare import Picture, Places, Told
from ui.widgets.pictures.gallery import Card


def one_training(
    result: Result, about: Row, found: list[Contributor], places: Places, *, tiny: bool
) -> None:
    """Draw a training image and a generated one as a pair, and a strip of those closest to it.

    about: its row of `engine.training_gallery`. found: by `engine.generated_of`. places: of the
    pair and its choices.
    """
    name, k = str(about["name"]), result.settings.k
    names = [one.generated for one in found]
    other, look = choose_pair(places, state.IMAGE, names, "generated image", regions=True)
    with places.pair:
        if other:
            _pair(result, about, found, other, look, tiny=tiny)
        else:
            st.image(engine.preview(result.training, int(about["id"])), width=320, alt=name)
    st.markdown(
        f"Value **{hundredths(about['value'])}**{interval(result, about)} · contributor of "
        f"**{counted(len(found), 'generated image')}**",
        help="Its value is the sum of its credit from all generated images. "
        "The 95 % interval: where it would lie had the model made other images of this kind.",
    )
    if not found:
        st.info(
            f"It is among the {k} closest of no generated image, so its value is 0. "
            "A larger k may reach it.",
            icon=":material/info:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        these = "this generated image" if len(found) == 1 else "these generated images"
        st.markdown(f"**It is among the {k} closest to {these}**", width="stretch")
        st.button(
            "All contributors of this generated image",
            icon=":material/swap_horiz:",
            type="tertiary",
            on_click=show_view,
            args=(state.GENERATED_VIEW,),
        )
    _strip(result, found, tiny=tiny)
    with st.expander("Details: distances and ranks"):
        _details(found)


def _pair(
    result: Result, about: Row, found: list[Contributor], other: str, look: str, *, tiny: bool
) -> None:
    row = engine.row_named(result.generated, other)
    if row is None:
        st.info(f"The result has no generated image {plain(other)}.", icon=":material/info:")
        return
    name = str(about["name"])
    pair(
        Picture(engine.preview(result.training, int(about["id"])), TRAINING, name),
        Picture(engine.preview(result.generated, row), GENERATED, other),
        Told(facts=(*_facts(result, name, found, other), *filter(None, [about["owner"]]))),
        look,
        tiny=tiny,
        regions=lambda: regions_of(result, other, name, tiny=tiny),
    )


def _facts(
    result: Result, name: str, found: list[Contributor], other: str
) -> tuple[str, ...]:  # fmt: skip
    one = next((one for one in found if one.generated == other), None)
    if one is not None:
        return (
            f"Contributor {one.rank} of {result.settings.k} of this generated image",
            f"{share_text(one.weight)} of its credit: {hundredths(one.value)}",
        )
    away = engine.distance(result, other, name)
    told = f"Not among its {result.settings.k} contributors, so without credit from it"
    if away is None:
        return told, "Their distance is not stored"
    return told, f"{number(away.distance)} away" + ("" if away.exact else " (estimate)")


def _strip(result: Result, found: list[Contributor], *, tiny: bool) -> None:
    place = st.container()
    selected = st.session_state.get(state.IMAGE)
    page = turn_pages(state.of("parts", state.PAGE), [one.generated for one in found], selected)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    thumbs = engine.thumbnails(
        result.generated, tuple(int(one.generated_row or 0) for one in shown)
    )
    most = max(one.value for one in found) or 1.0
    cards = [
        Card(
            one.generated,
            thumb,
            one.generated.rpartition("/")[2],
            (f"credit {hundredths(one.value)}", f"{ordinal(one.rank)} closest"),
            f"Generated image {one.generated}",
            hover=f"{share_text(one.weight)} of its credit · {number(one.distance)} away",
            bar=max(0.0, one.value / most),
        )
        for one, thumb in zip(shown, thumbs, strict=True)
    ]
    with place:
        strip(cards, key="parts", chooses=state.IMAGE, tiny=tiny,
              label="Generated images that it contributed to")  # fmt: skip


def _details(found: list[Contributor]) -> None:
    columns = {
        "Generated image": [one.generated for one in found],
        "Credit to this training image": [one.value for one in found],
        "Share, %": [100 * one.weight for one in found],
        "Place among the closest": [one.rank for one in found],
        "Distance": [f"{'' if one.exact else '≈ '}{number(one.distance)}" for one in found],
    }
    st.dataframe(pd.DataFrame(columns), width="stretch", hide_index=True)


def interval(result: Result, about: Row) -> str:
    """Return the interval of an image's value and, among the first hundred, of its rank."""
    if not about["value"] > 0:
        return ""
    table, ranks = readings.with_intervals(result), readings.top_ranks(result)
    row = table[table["id"] == about["id"]].iloc[0]
    told = f" ({hundredths(row['value_low'])} to {hundredths(row['value_high'])})"
    if about["id"] in ranks.index:
        rank = ranks.loc[about["id"]]
        told += f", rank {rank['rank']:,} ({rank['rank_low']:,} to {rank['rank_high']:,})"
    return told
