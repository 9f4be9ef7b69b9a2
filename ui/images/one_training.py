"""One training image and the generated images it contributed to: one_generated.py the other way."""

from __future__ import annotations

import streamlit as st

from gmv_core import Contributor, Result
from gmv_core.words import counted, number, percent
from ui.doors import engine
from ui.frame import state
from ui.frame.markdown import plain
from ui.images.intervals import interval
from ui.images.one_generated import ordinal, seek, show_view
from ui.widgets.browse import PER_PAGE, Row, turn_pages
from ui.widgets.compare import Picture, choose_other, compare
from ui.widgets.gallery import Card, gallery


def one_training(result: Result, about: Row, found: list[Contributor], *, tiny: bool) -> None:
    """Draw a training image beside the generated images that it contributed to.

    about: its row of `engine.training_gallery`. found: by `engine.generated_of`.
    """
    name, k = about["name"], result.settings.k
    count = counted(len(found), "generated image")
    left, right = st.columns([1, 2.2], gap="medium")
    with left:
        lines = tuple(filter(None, [about["label"], about["owner"]]))
        gallery(
            [Card(name, _preview(result, about), name, lines, f"Training image {name}")],
            key="large",
            tiny=tiny,
            side_px=150,
            label="The training image",
            seek=seek("large"),
        )
        st.markdown(
            f"Value **{number(about['value'])}**{interval(result, about)}  \n"
            f"Contributor of **{count}**",
            help="Its value φ is the sum of what it earns from each of these generated images. "
            "The 95 % interval: where it would lie had the model made other images of this kind.",
        )
    with right:
        if found:
            these = "this generated image" if len(found) == 1 else "these generated images"
            st.markdown(f"**It is among the {k} closest to {these}**")
            _generated(result, found, tiny=tiny)
        else:
            st.info(
                f"It is among the {k} closest of no generated image, so its value is 0. "
                "A larger k may reach it.",
                icon=":material/info:",
            )


def comparison(result: Result, about: Row, found: list[Contributor], *, tiny: bool) -> None:
    """Draw the choice of a generated image to compare the training image with, and the two."""
    names = [one.generated for one in found]
    if not names:
        return
    other = choose_other(state.IMAGE, names, "generated image")
    if other is None:
        return
    if other not in names:
        k = result.settings.k
        name = plain(str(about["name"]))
        st.info(f"{name} is not among the {k} contributors of {plain(other)}.")
        return
    images = result.generated
    row = found[names.index(other)].generated_row
    compare(
        Picture(
            engine.preview(images, row),
            f"generated: {other}",
            f"Generated image {other}",
        ),
        Picture(
            _preview(result, about), f"training: {about['name']}", f"Training image {about['name']}"
        ),
        key="compare",
        tiny=tiny,
        seek=seek("compare"),
    )
    st.button(
        "All contributors of this generated image",
        icon=":material/swap_horiz:",
        on_click=show_view,
        args=(state.GENERATED_VIEW,),
    )


def _preview(result: Result, about: Row) -> bytes:
    return engine.preview(result.training, int(about["id"]))


def _generated(result: Result, found: list[Contributor], *, tiny: bool) -> None:
    def pick(name: str) -> None:
        st.session_state[state.SEEK] = "compare"
        st.session_state[state.IMAGE] = name

    place = st.container()
    selected = st.session_state.get(state.IMAGE)
    page = turn_pages(state.of("parts", state.PAGE), [one.generated for one in found], selected)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    thumbs = engine.thumbnails(
        result.generated,
        tuple(one.generated_row for one in shown),
    )
    with place:
        gallery(
            [
                Card(
                    one.generated,
                    thumb,
                    one.generated.rpartition("/")[2],
                    (
                        f"{ordinal(one.rank)} closest",
                        f"{'' if one.exact else '≈ '}{number(one.distance)} away",
                        f"weight {percent(one.weight)}",
                        f"value {number(one.value)}",
                    ),
                    f"Generated image {one.generated}",
                )
                for one, thumb in zip(shown, thumbs, strict=True)
            ],
            key="parts",
            selected=selected,
            tiny=tiny,
            side_px=100,
            on_select=pick,
            label="Generated images that it contributed to",
        )
