"""The map of a training set: its chart with lasso, the image that was clicked, and its job."""

from __future__ import annotations

import numpy as np
import streamlit as st

from gmv_core import Result
from gmv_core.images.thumbnails import data_address, thumbnail
from gmv_core.jobs import requests
from gmv_core.jobs.job import list_jobs
from gmv_core.method.layout import inside
from gmv_core.plots.map import GENERATED, MOST_DRAWN, TRAINING, map_figure
from gmv_core.store.access import Right, may
from gmv_core.store.selections import NEW, WAYS
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float64
from gmv_core.words import number
from ui.doors import engine
from ui.doors import map as door
from ui.frame import links, selected, shell, state
from ui.frame.markdown import plain
from ui.widgets.job_bar import job_bar
from ui.widgets.map_events import Point, map_events, text_of
from ui.widgets.on_map import OnMap, shown_on_map, take_off_map
from ui.widgets.pictures.thumbs import Thumb, thumbs

CHART = "map-chart"
ONE_COLOUR = ""
NAMES = {
    ONE_COLOUR: "One colour", "label": "Label", "owner": "Owner", "value": "Value",
    "standing": "Standing", "influence": "Predicted influence",
}  # fmt: skip
WAY_NAMES = {"new": "New", "add": "Add", "intersect": "Keep", "remove": "Remove"}


def needs_map(training: ImageSet) -> bool:
    """Return whether a set still needs its map; then offer to make it."""
    working = any(
        job.target == training.name and job.active for job in list_jobs(engine.workspace())
    )
    there = door.layout(training) is not None
    if not there and not working:
        st.info(
            "There is no map of this training set yet, or the set has changed since. It needs no "
            "network: seconds for a thousand images, about a minute for fifty thousand.",
            icon=":material/info:",
        )
        if may(Right.EDIT) and st.button(
            "Make the map", type="primary", icon=":material/scatter_plot:"
        ):
            with shell.telling():
                requests.make_map(engine.workspace(), training.name)
                st.rerun()
    job_bar(training.name)
    return not there


def map_chart(training: ImageSet, result: Result | None) -> None:
    """Draw the map with what chooses its colours, and the image that was clicked beside it."""
    column, over = _choices(training, result)
    made = result.generated if result is not None and over else None
    points, ids, kept = door.points(training, result)
    dropped = shown_on_map(training)
    left, right = st.columns([3.4, 1], gap="medium")
    with left:
        figure = map_figure(
            points,
            ids,
            door.colour(training, result, column),
            generated=door.generated(result) if result and made else None,
            generated_ids=np.arange(len(made.images)) if made else None,
            selected=_are_selected(training)[ids],
            generated_selected=_are_selected(made) if made else None,
            kept=kept,
            dropped=dropped.points if dropped else None,
            dropped_names=dropped.names if dropped else (),
            revision=str(st.session_state.get(state.LASSO, 0)),
        )
        st.plotly_chart(
            figure,
            key=CHART,
            theme="streamlit",
            config={
                "displaylogo": False,
                "displayModeBar": True,
                "modeBarButtons": [["lasso2d", "select2d", "pan2d", "zoom2d"],
                                   ["zoomIn2d", "zoomOut2d", "resetScale2d"]],
            },
            alt="Map: training images as points, near each other where they look alike",
        )  # fmt: skip
        drawn = f"{len(kept):,} of {len(ids):,}" if len(ids) > MOST_DRAWN else f"all {len(ids):,}"
        st.caption(
            f"Drawn: {drawn} training images. Draw around points to select them: what is selected "
            "is decided for all images, drawn or not. Neither axis has a unit."
        )
        _events(training, result)
    with right:
        if dropped is not None:
            _dropped(dropped, tiny=shell.tiny(training))
        _point(training, result)


def _dropped(dropped: OnMap, *, tiny: bool) -> None:
    """Show the dropped images that stand on the map as stars."""
    shown = [Thumb(thumbnail(preview), name, alt=f"Dropped image {name}")
             for preview, name in zip(dropped.previews, dropped.names, strict=True)]  # fmt: skip
    st.markdown("**Dropped images**, as stars")
    thumbs(shown, side_px=96, tiny=tiny)
    st.button("Take them off the map", on_click=take_off_map, width="stretch")


def _choices(training: ImageSet, result: Result | None) -> tuple[str, bool]:
    table = door.table(training, result)
    columns = [ONE_COLOUR, *(c for c in NAMES if c in table)]
    columns += [c for c in table if c.startswith("attribute ")]
    first = next((c for c in ("label", "owner", "value") if c in table), ONE_COLOUR)
    if st.session_state.get(state.COLOUR) not in columns:  # another result has other ones
        st.session_state[state.COLOUR] = first
    with st.container(horizontal=True, vertical_alignment="bottom"):
        column = st.selectbox(
            "Colour by",
            columns,
            format_func=lambda c: NAMES.get(c, c.removeprefix("attribute ")),
            width=220,
            **state.in_url(state.COLOUR),
        )
        st.segmented_control(
            "Lasso or box",
            WAYS,
            default=NEW,
            format_func=WAY_NAMES.__getitem__,
            required=True,
            key=state.WAY,
            persist_state="session",
            help="New: becomes the selection. Add: joins it. Keep: only what is in both stays. "
            "Remove: is taken from it.",
        )
        over = result is not None and st.toggle(
            "Generated images", True, **state.in_url(state.OVER)
        )
        if over:
            st.segmented_control(
                "Selects",
                [TRAINING, GENERATED],
                default=TRAINING,
                format_func={TRAINING: "Training images", GENERATED: "Generated images"}.get,
                required=True,
                key=state.SELECTION_OF,
                persist_state="session",
            )
    return column, over


def _are_selected(images: ImageSet) -> np.ndarray:
    chosen = np.zeros(len(images.images), bool)
    chosen[selected.rows(images)] = True
    return chosen


@st.fragment
def _events(training: ImageSet, result: Result | None) -> None:
    """Hear what the mouse does; only a click and an outline draw the page anew."""

    def hover(point: Point) -> None:
        st.session_state[state.HOVERED] = point

    def click(point: Point) -> None:
        st.session_state[state.POINT] = point
        st.session_state[state.MOVED] = True

    def outline(corners: Float64) -> None:
        way = st.session_state.get(state.WAY) or NEW
        if result is not None and st.session_state.get(state.SELECTION_OF) == GENERATED:
            rows = np.flatnonzero(inside(door.generated(result), corners))
            selected.choose(result.generated, rows, way, state.GENERATED_SELECTION)
        else:
            points, ids, _ = door.points(training, result)
            selected.choose(training, ids[inside(points, corners)], way)
        st.session_state[state.LASSO] = st.session_state.get(state.LASSO, 0) + 1
        st.session_state[state.MOVED] = True

    point = st.session_state.get(state.HOVERED)
    map_events(
        key="map-events",
        chart=CHART,
        tip=_tip(training, result, point) if point else None,
        on_hover=hover,
        on_click=click,
        on_outline=outline,
    )
    if st.session_state.pop(state.MOVED, False):
        st.rerun()


def _of(training: ImageSet, result: Result | None, point: Point) -> ImageSet | None:
    """Return the set that a point is of, None where it has no such row: it was another set's."""
    images = training if point[0] == TRAINING else result.generated if result else None
    return images if images is not None and point[1] < len(images.images) else None


def _tip(training: ImageSet, result: Result | None, point: Point) -> dict[str, object] | None:
    images = _of(training, result, point)
    if images is None:
        return None
    told = door.about(images, point[1])
    (thumbnail,) = engine.thumbnails(images, (point[1],))
    kind = "generated" if point[0] == GENERATED else ""
    lines = [line for line in (told["label"], told["owner"], kind) if line]
    return {"id": text_of(point), "src": data_address(thumbnail), "title": told["name"],
            "lines": lines, "tiny": shell.tiny(images)}  # fmt: skip


def _point(training: ImageSet, result: Result | None) -> None:
    """Show the image that was clicked, with what leads on."""
    point = st.session_state.get(state.POINT)
    images = _of(training, result, point) if point else None
    if images is None:
        st.caption("Hover over a point to see its image, click it to keep the image here.")
        return
    kind, row = point
    told = door.about(images, row)
    st.image(engine.preview(images, row), width="stretch")
    said = [f"**{plain(told['name'])}**",
            "Generated image" if kind == GENERATED else "Training image"]  # fmt: skip
    said += [f"{key.capitalize()}: {plain(told[key])}" for key in ("label", "owner") if told[key]]
    if kind == TRAINING and result is not None:
        table = door.table(training, result)
        said += [f"Value: {number(value)}" for value in table.loc[table["id"] == row, "value"]]
    st.markdown("  \n".join(said))
    if result is not None:
        links.image(told["name"], "Open on Contributors", training=kind == TRAINING)
    if kind == TRAINING:
        inside_now = row in selected.rows(training)
        st.button(
            "Take out of the selection" if inside_now else "Add to the selection",
            on_click=selected.choose,
            args=(training, np.array([row]), "remove" if inside_now else "add"),
            width="stretch",
        )
