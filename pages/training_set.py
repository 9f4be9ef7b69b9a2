"""Training set: upload images, watch them being built, see what became of them."""

from __future__ import annotations

import streamlit as st

from gmv_core.jobs import requests
from gmv_core.jobs.job import list_jobs
from gmv_core.jobs.overview import training_sets
from gmv_core.store.access import Right, may
from gmv_core.store.manifests import EMPTY, READY
from gmv_core.store.workspace import ImageSet
from gmv_core.words import counted
from ui.doors import engine
from ui.frame import shell, state
from ui.sets.bring import bring, taken
from ui.sets.build_form import build_form
from ui.sets.report import report
from ui.widgets.deleting import delete
from ui.widgets.job_bar import job_bar
from ui.widgets.writing import why_not, write_button

BRINGING = "training-images"


def training_set() -> None:
    st.title("Training set")
    names = known_sets()
    if not names:
        new_set()
        return
    options = [*names, state.NEW_SET]
    wanted = st.session_state.pop(state.NEXT_SET, None)
    asked = wanted or st.session_state.get(state.SET)
    st.session_state[state.SET] = asked if asked in options else names[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Set", options, **state.in_url(state.SET))
        if chosen != state.NEW_SET and st.button("Add a training set", icon=":material/add:"):
            st.session_state[state.NEXT_SET] = state.NEW_SET
            st.rerun()
    if chosen == state.NEW_SET:
        new_set()
    else:
        known_set(chosen)


def known_sets() -> list[str]:
    """Return the training sets, those first that a job is about to make, then the newest."""
    workspace = engine.workspace()
    making = [
        job.target
        for job in list_jobs(workspace)
        if job.arguments[0] in ("build", "add") and job.state != "done"
    ]
    return list(dict.fromkeys([*making, *(made.name for made in training_sets(workspace))]))


def new_set() -> None:
    if not may(Right.EDIT):
        st.info(why_not(), icon=":material/lock:")
        return
    st.markdown(
        "Upload the images that the model was trained on. Nothing starts before you press Build."
    )
    source = bring("training images", BRINGING, table=True)
    if source is None:
        return
    with shell.telling():
        job = build_form(source)
        if job is not None:
            taken(BRINGING)
            st.session_state[state.NEXT_SET] = job.target
            st.rerun()


def known_set(name: str) -> None:
    job_bar(name)
    images = engine.workspace().image_set(name)
    working = any(job.target == name and job.active for job in list_jobs(engine.workspace()))
    if not images.exists():
        if not working:
            st.info("No image of this set was kept yet. Resume it above, or dismiss it.")
        return
    manifest = images.manifest()
    if manifest.state not in (READY, EMPTY):
        if not working:
            unfinished(images)
        return
    report(images, manifest)
    if not working:
        more(name)


def unfinished(images: ImageSet) -> None:
    """A half-built set: go on with it, where the job bar does not offer that, or delete it."""
    n = len(images.images)
    kept = f"{counted(n, 'image')} {'is' if n == 1 else 'are'} kept so far."
    mine = [job for job in list_jobs(engine.workspace()) if job.target == images.name]
    if any(job.state != "done" for job in mine):
        st.caption(f"{kept} The set can be used when it is finished.")
    else:
        st.warning(f"This set is unfinished: {kept} It can be used when it is finished.")
        if write_button("Resume", type="primary"):
            with shell.telling():
                requests.finish_set(engine.workspace(), images.name)
                st.rerun()
    delete_set(images.name)


def more(name: str) -> None:
    """What can be done with a finished set."""
    if not may(Right.EDIT):
        return
    with st.expander("Add more images"):
        source = bring("more images", f"add-{name}", table=True)
        if source is not None and st.button("Add", type="primary"):
            with shell.telling():
                requests.add_to_set(engine.workspace(), source, name=name)
                taken(f"add-{name}")
                st.rerun()
    delete_set(name)


def delete_set(name: str) -> None:
    delete("set", name, f"{name} and everything computed from it is removed from this workspace.")


shell.show(training_set)
