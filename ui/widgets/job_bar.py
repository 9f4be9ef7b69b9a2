"""The job bar: what is under way, how far it is, and its Cancel, Resume and Dismiss."""

from __future__ import annotations

import streamlit as st

from gmv_core.jobs import control
from gmv_core.jobs.job import INTERRUPTED, Job, list_jobs
from gmv_core.words import STAGES, counted, number
from ui.doors import engine
from ui.frame import shell
from ui.frame.markdown import plain, safe
from ui.widgets.writing import write_button

POLL_SECONDS = 1.0
_OVER = {
    "done": "Done.",
    "failed": "It did not succeed.",
    "cancelled": "Stopped; what was done is kept.",
    "interrupted": INTERRUPTED,
}


def job_bar(target: str | None = None) -> None:
    """Show the jobs that are not done, or those of one target; when one ends, rerun the page."""
    active = tuple(job.id for job in _shown(target) if job.active)
    st.fragment(_draw, run_every=POLL_SECONDS if active else None)(target, active)


def _shown(target: str | None) -> list[Job]:
    found = list_jobs(engine.workspace())
    return [j for j in found if j.state != "done" and target in (None, j.target)]


def _draw(target: str | None, active: tuple[str, ...]) -> None:
    shown = _shown(target)
    if tuple(job.id for job in shown if job.active) != active:
        st.rerun()
    with shell.telling():
        for job in shown:
            _bar(job)


def _bar(job: Job) -> None:
    with st.container(border=True, key=f"job-{job.id}"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(f"**{plain(job.title)}**  \n{standing_of(job)}", width="stretch")
            with st.container(horizontal=True, width="content", wrap=False):
                _buttons(job)
        if job.active and job.total:
            st.progress(min(1.0, job.done / job.total))
        if job.state == "failed":
            st.error(safe(shell.without_places(job.message)))


def _buttons(job: Job) -> None:
    workspace = engine.workspace()
    if job.active:
        if write_button(
            "Cancel", key=f"cancel-{job.id}", help="Stops at once; what is done is kept."
        ):
            control.cancel(workspace, job.id)
            st.rerun()
        return
    again = "Try again" if job.state == "failed" else "Resume"
    if write_button(
        again, key=f"resume-{job.id}", help="Goes on where it stopped.", type="primary"
    ):
        control.resume(workspace, job.id)
        st.rerun()
    loses = " Its uploaded files are removed." if job.uploads else ""
    if write_button("Dismiss", key=f"dismiss-{job.id}", help=f"Forgets this job.{loses}"):
        control.forget(workspace, job.id)
        st.rerun()


def standing_of(job: Job) -> str:
    """Return where a job stands, in words."""
    if job.state == "queued":
        others = [j for j in list_jobs(engine.workspace()) if j.active and j.id < job.id]
        return (
            f"Waits for: {plain(others[-1].title)}" if others else "Starting, or waiting its turn …"
        )
    if job.state != "running":
        return _OVER[job.state]
    told = [STAGES.get(job.stage, job.stage) or "Starting"]
    if job.total:
        told.append(f"{job.done:,} of {counted(job.total, 'image')}")
    elif job.done:
        told.append(counted(job.done, "image"))
    if job.rate:
        told.append(f"{number(job.rate)} a second")
    if job.seconds_left is not None:
        told.append(f"{duration(job.seconds_left)} left")
    return " · ".join(told)


def duration(seconds: float) -> str:
    """Return a time in words, no finer than a person needs."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
