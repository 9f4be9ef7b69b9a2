"""What surrounds every page: the menu, the choice of a result, and how its values are read."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from gmv_core import GMVError, Result, ValueSettings
from gmv_core.place import app_folder
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.words import PRODUCT
from ui import serve
from ui.doors import engine
from ui.frame import address, login, selected, state
from ui.frame.earning import earning
from ui.frame.markdown import plain, safe

LOG = logging.getLogger("gmv")
TINY_PX = 64
TEMPERATURES = {"paper": "As the paper", "spread": "By spread"}


def pages() -> dict[str, list[Any]]:
    """Return the pages under the headings of the menu, in its order; one line a page."""
    return {
        "": [
            _page("start", "Start", "home", default=True),
            _page("training_set", "Training set", "photo_library"),
        ],
        "Explore": [
            _page("contributors", "Contributors", "link"),
            _page("map", "Map", "scatter_plot"),
            _page("values", "Values", "leaderboard"),
            _page("owners", "Owners", "group"),
            _page("quality", "Quality", "star_half"),
            _page("noisy", "Noisy data", "filter_alt"),
        ],
        "Check": [
            _page("review", "Review", "rate_review"),
            _page("compare", "Compare", "compare"),
            _page("criteria", "Criteria", "fact_check"),
            _page("models", "Models", "deployed_code"),
        ],
    }


def _page(file: str, title: str, icon: str, *, default: bool = False) -> Any:  # noqa: ANN401
    return st.Page(f"pages/{file}.py", title=title, icon=f":material/{icon}:", default=default)


def frame() -> None:
    """Run the page that the address names, with the menu beside it."""
    serve.ask_nobody()  # where Streamlit was started by hand
    # Without an icon of our own, the browser would fetch the page's from a server of Google.
    assets = app_folder() / "assets"
    st.set_page_config(page_title=PRODUCT, page_icon=str(assets / "icon.png"), layout="wide")
    ground = "dark" if st.context.theme.type == "dark" else "light"
    st.logo(
        str(assets / f"wordmark-{ground}.svg"), size="large", icon_image=str(assets / "icon.png")
    )
    st.html(Path(__file__).with_name("look.css"))
    admitted = False
    with telling():
        admitted = login.admitted()
        if not admitted:
            login.door()
    # Without a call, Streamlit lists the folder `pages` by itself.
    page = st.navigation(pages(), position="sidebar" if admitted else "hidden")
    if not admitted:
        return
    with telling():
        login.standing()
    address.arrive(page.url_path)
    st.session_state[state.FRAMED] = True
    page.run()


def show(draw: Callable[[], None]) -> None:
    """Draw a page."""
    if not st.session_state.pop(state.FRAMED, False):
        # The first visitor of a new server who asks for a page by its address gets the bare script,
        # because of the folder's name `pages`, and so does AppTest every time.
        frame()
        return
    try:
        with telling():
            draw()
    except StopException:
        address.write()  # where a page stops early, too; not where another run takes its place
        raise
    address.write()


@contextmanager
def telling() -> Iterator[None]:
    """Show an error as a sentence, here: around a page, a fragment, or what was just given.

    A GMVError is its own sentence. Anything else is an error of the program: the server's log has
    it under an id, and the sentence names that.
    """
    try:
        yield
    except GMVError as problem:
        st.error(safe(without_places(str(problem))), icon=":material/error:")
    except Exception as problem:
        id = secrets.token_hex(4)
        LOG.exception("error %s", id)
        st.error(
            f"This is an error of the program ({type(problem).__name__}); its details are in the "
            f"server's log under {id}. Nothing was lost; try again.",
            icon=":material/error:",
        )


def without_places(sentence: str) -> str:
    """Return a sentence in which the workspace is named so, and not by where the server has it."""
    root = str(engine.workspace().root.absolute())
    return sentence.replace(f"{root}/", "").replace(root, "of this app")


def need_run() -> Result:
    """Let the reader choose a run and how it is read, and return it.

    Without a finished run, say what to do and stop the page.
    """
    runs = engine.finished_runs()
    if not runs:
        st.info("Nothing has been valued in this workspace yet.", icon=":material/info:")
        st.page_link("pages/start.py", label="Start with the demo or with your own images")
        st.stop()
    newest = next(iter(runs))
    asked = st.session_state.get(state.RUN) or newest
    if asked not in runs:
        st.warning(
            f"This workspace has no result “{plain(str(asked))}”; you see {plain(newest)}.",
            icon=":material/link_off:",
        )
    st.session_state[state.RUN] = asked if asked in runs else newest
    with st.sidebar:
        above = st.container()
        name = st.selectbox(
            "Result",
            list(runs),
            help="A set of generated images, valued against a training set.",
            **state.in_url(state.RUN),
        )
    for sentence in runs[name].warnings:
        st.warning(safe(sentence), icon=":material/warning:")
    own = runs[name].value
    most = min(runs[name].matching.candidates, runs[name].training.images)
    result = engine.open_result(name, reading(own, most, runs[name]))
    selected.follow(result.training)
    selected.follow(result.generated, state.GENERATED_SELECTION)
    with above:
        selected.line(result.training)
    return result


def reading(own: ValueSettings, most: int, run: RunManifest | None = None) -> ValueSettings:
    """Offer in the sidebar what can be changed without a model: k, temperature, who earns.

    own: what is chosen at first. most: the candidates that there are of each image. run: what is
    read, None where nothing is valued yet.
    """
    with st.sidebar:
        chosen = _reading(own, most)
        training = engine.workspace().image_set(run.training.name) if run else None
        credit, duplicates = earning(own, run, training)
    return replace(chosen, credit=credit, duplicates=duplicates)


def _reading(own: ValueSettings, most: int) -> ValueSettings:
    asked = st.session_state.get(state.K, own.k)
    if asked != max(1, min(asked, most)):
        st.session_state[state.K] = max(1, min(asked, most))
    if asked > most:
        st.caption(f"k = {asked:,} is beyond the {most:,} candidates of each image: k is {most:,}.")
    k = st.number_input(
        "Contributors of each image (k)",
        1,
        most,
        min(own.k, most),
        help=f"The k nearest of its {most} candidates share an image's quality.",
        **state.in_url(state.K),
    )
    # A run made with a number of its own keeps it as a third choice.
    choices = dict(TEMPERATURES)
    if own.temperature not in (1.0, "auto"):
        choices = {"run": f"τ = {own.temperature:g}", **choices}
    temperature = st.segmented_control(
        "Weight of the nearest (temperature)",
        list(choices),
        default="run" if "run" in choices else "spread" if own.temperature == "auto" else "paper",
        format_func=choices.__getitem__,
        required=True,
        help="How steeply weight falls with distance. As in the paper (τ = 1), near contributors "
        "weigh almost alike; by the spread of each image's distances, the nearest weighs most.",
        **state.in_url(state.TEMPERATURE),
    )
    weighting = st.toggle(
        "Weight by quality",
        own.quality_weighting,
        help="On: the credit that a generated image gives sums to its quality, 0 to 1. Off: to 1.",
        **state.in_url(state.WEIGHTING),
    )
    taus: dict[str | None, float | str] = {"paper": 1.0, "spread": "auto", "run": own.temperature}
    return ValueSettings(int(k), taus[temperature], weighting)


def tiny(images: ImageSet) -> bool:
    """Return whether a set's images are so small that their pixels are to be kept crisp."""
    typical = images.manifest().typical
    return typical is not None and typical.side_px[1] <= TINY_PX
