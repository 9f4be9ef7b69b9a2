"""A run's images valued once more, with what needs models: distance, quality metric, candidates."""

from __future__ import annotations

import streamlit as st

from gmv_core import MatchSettings, Result
from gmv_core.jobs import requests
from gmv_core.models.catalogue import ModelRow, list_models
from ui.doors import engine
from ui.frame import shell, state
from ui.frame.markdown import plain, safe
from ui.widgets.held_out import held_out
from ui.widgets.influence import too
from ui.widgets.started_run import started_run
from ui.widgets.writing import write_button


def revalue(result: Result) -> None:
    """Draw the button to value again, and the job that it started."""
    matching, judging = result.manifest.matching, result.manifest.judging
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"Distance: {plain(matching.distance)} · quality: {plain(judging.quality)} "
            f"· {matching.candidates} candidates",
            width="stretch",
            help=safe(" ".join(result.manifest.reasons[step] for step in ("distance", "quality"))),
        )
        st.button("Value again with another distance", icon=":material/tune:", on_click=_open)
    if st.session_state.get(state.ASKING):
        _ask(result)
    started_run()


def _open() -> None:
    st.session_state[state.ASKING] = True
    st.session_state.pop(state.STARTED, None)


def _close() -> None:
    st.session_state[state.ASKING] = False


@st.dialog("Value again with another distance", on_dismiss=_close)
def _ask(result: Result) -> None:
    with shell.telling():
        matching, judging = result.manifest.matching, result.manifest.judging
        has_features = result.training.manifest().embedder.has_features is not False
        rows = [m for m in list_models() if m.ready and (m.key != "features" or has_features)]
        distance = _pick("Distance", rows, "distance", matching.distance)
        quality = _pick("Quality metric", rows, "quality", judging.quality)
        candidates = st.number_input(
            "Candidates before re-ranking",
            1,
            1000,
            matching.candidates,
            help="So many nearest embeddings are looked at by the distance.",
        )
        taken = engine.finished_runs()
        name = st.text_input(
            "Name of the new result",
            f"{result.run.name}-{distance}"[:64],
            key=f"again-{distance}",
            help="The result that you look at is kept.",
        )
        null = result.manifest.null
        unseen = held_out(result.training, null.source if null else "", key="unseen-again")
        influence = too()
        st.caption(
            "It runs in the background. Some distances need a network to see every image: minutes."
        )
        if name in taken:
            st.warning(f"There is a result “{plain(name)}” already; give another name.")
        if write_button("Start", type="primary", disabled=name in taken):
            seed = judging.seed
            match = MatchSettings(int(candidates), distance, quality, seed)
            job = requests.value_anew(
                engine.workspace(), result, name=name, match=match, influence=influence,
                held_out=unseen,
            )  # fmt: skip
            st.session_state[state.STARTED] = job.target
            _close()
            st.rerun()


def _pick(label: str, rows: list[ModelRow], step: str, own: str) -> str:
    titles = {row.key: f"{row.key}: {row.title}" for row in rows if row.step == step}
    if step == "quality":
        titles["none"] = "none: every quality is 1"
    keys = list(titles)
    return str(
        st.selectbox(
            label, keys, index=keys.index(own) if own in keys else 0, format_func=titles.__getitem__
        )
    )
