"""The settings of a build: its name, the embedder, the index."""

from __future__ import annotations

import streamlit as st

from gmv_core.jobs import requests
from gmv_core.jobs.job import Job
from gmv_core.models.catalogue import MODELS, list_models
from gmv_core.sources.source import Source
from ui.doors import engine

AUTO = "auto"
INDEXES = {
    AUTO: "by the size of the set",
    "exact": "exact search",
    "sq8": "one byte for each number",
    "pq": "the paper's product quantization",
    "disk": "product quantization, kept on the disk",
}


def build_form(source: Source) -> Job | None:
    """Ask for a name and the choices that have defaults; return the job once it was started."""
    with st.form("build", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("Name of the set", placeholder="portraits", width=360)
            pressed = st.form_submit_button("Build", type="primary")
        with st.expander("Embedder and index (optional)"):
            embedder, index = _choices()
    if not pressed:
        return None
    return requests.build_set(engine.workspace(), source, name=name, embedder=embedder, index=index)


def _choices() -> tuple[str, str]:
    ready = [row.key for row in list_models() if row.step == "embed" and row.ready]
    left, right = st.columns(2)
    embedder = left.selectbox(
        "Embedder",
        [AUTO, *ready],
        format_func=_embedder_title,
        accept_new_options=True,
        help="The network that makes a vector of each image. Type timm:NAME or "
        "open_clip:MODEL:TAG for another whose weights are on this disk; the page Models fetches "
        "what is missing.",
    )
    index = right.selectbox(
        "Index",
        list(INDEXES),
        format_func=lambda kind: f"{kind}: {INDEXES[kind]}",
        help="Quantized indexes take less memory; what they miss is measured and shown.",
    )
    return embedder or AUTO, index


def _embedder_title(key: str) -> str:
    if key == AUTO:
        return "auto: the best that is ready"
    return f"{key}: {MODELS[key].title}" if key in MODELS else key
