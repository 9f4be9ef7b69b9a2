"""Models: what is ready, what the others cost to get, and which ones are in use and why."""

from __future__ import annotations

import streamlit as st

from gmv_core.jobs import control
from gmv_core.jobs.job import list_jobs
from gmv_core.models.catalogue import ModelRow, list_models
from gmv_core.store.manifests import RunManifest
from gmv_core.words import number
from ui.doors import engine
from ui.frame import shell
from ui.frame.markdown import plain, safe
from ui.widgets.job_bar import job_bar
from ui.widgets.writing import write_button

STEPS = {
    "embed": ("Embedding", "Turns every image into a vector; near vectors are the candidates."),
    "distance": ("Distance", "Orders the candidates; the nearest are the contributors."),
    "quality": (
        "Quality",
        "Judges each generated image, from 0 to 1: the sum of the credit it gives.",
    ),
}


def models() -> None:
    st.title("Models")
    st.markdown(
        "Each of the three steps uses one model. What is ready works offline, and nothing is "
        "downloaded before you request it."
    )
    rows = list_models()
    under_way = {job.target for job in list_jobs(engine.workspace()) if job.state != "done"}
    newest = next(iter(engine.finished_runs().values()), None)
    for step, (title, purpose) in STEPS.items():
        st.header(title, help=purpose)
        used = chosen(newest, step) if newest else None
        if newest and used:
            say_which(newest.name, *used, rows)
        for row in rows:
            if row.step == step:
                in_use = used is not None and row.key == used[0]
                model(row, in_use=in_use, busy=target(row) in under_way)


def chosen(run: RunManifest, step: str) -> tuple[str, str]:
    """Return the key of the model that a run used for a step, and the reason."""
    name, key = {
        "embed": ("embedder", run.matching.embedder),
        "distance": ("distance", run.matching.distance),
        "quality": ("quality", run.judging.quality),
    }[step]
    return key, run.reasons[name]


def say_which(run: str, key: str, reason: str, rows: list[ModelRow]) -> None:
    title = next((row.title for row in rows if row.key == key), key)
    st.markdown(f"The newest result, **{plain(run)}**, uses **{plain(title)}**. {safe(reason)}")


def model(row: ModelRow, *, in_use: bool, busy: bool) -> None:
    """Draw one model: what it is, under which licences, and how to get it.

    busy: a download of it is under way, or has failed and waits for an answer.
    """
    with st.container(border=True, key=f"model-{row.step}-{row.key}"):
        what, licences, state = st.columns([4, 4, 3], vertical_alignment="center")
        with what:
            note = "" if row.fetchable else row.note
            st.markdown(
                f"**{row.title[0].upper()}{row.title[1:]}**  \n`{row.key}`"
                + (f"  \n:small[:gray[{note[0].upper()}{note[1:]}.]]" if note else "")
            )
        with licences:
            st.caption(f"Code: {row.code_licence}  \nWeights: {row.weights_licence}")
        with state, st.container(horizontal=True, horizontal_alignment="right"):
            if row.non_commercial:
                st.badge("Non-commercial use only", color="orange")
            if in_use:
                st.badge("In use", color="primary")
            if row.ready:
                st.badge(f"Ready{size(row)}", color="green", help=safe(row.where))
            elif not row.fetchable:
                st.badge(f"Not installed{size(row)}", color="gray")
            elif not busy:
                offer_download(row)
        if busy:
            job_bar(target(row))


def offer_download(row: ModelRow) -> None:
    told = f"Fetched from a hub on the internet; the same as to {row.note}."
    if write_button(f"Download{size(row)}", key=f"download-{row.key}", help=told):
        control.start(
            engine.workspace(),
            ("models", "download", row.key),
            title=f"Download of {row.title}",
            target=target(row),
        )
        st.rerun()


def target(row: ModelRow) -> str:
    # No set or run can be called so.
    return f"model {row.key}"


def size(row: ModelRow) -> str:
    return "" if row.size_bytes is None else f" · {number(row.size_bytes / 1e6)} MB"


shell.show(models)
