"""The job bar, through app.py: how each state looks, and what its buttons do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from gmv_core.jobs import control
from gmv_core.jobs.job import INTERRUPTED, end_job, find_job, list_jobs
from tests.pages.conftest import ID, PATIENCE_SECONDS, write_job
from ui.widgets.job_bar import duration


def words(app: AppTest) -> str:
    return "\n".join(m.value for m in app.markdown)


def test_a_running_job_tells_stage_count_rate_and_time_left(app: AppTest, home: Workspace) -> None:
    write_job(home, alive=True, state="running", stage="embed", done=1536, total=50_000, rate=310.4)
    app.run()
    assert not app.exception
    told = words(app)
    assert "Reading and embedding · 1,536 of 50,000 images · 310 a second · 3 min left" in told
    assert {"Cancel"} <= {button.label for button in app.button}


def test_a_queued_job_says_what_it_waits_for(app: AppTest, home: Workspace) -> None:
    write_job(home, alive=True, state="running", stage="index")
    write_job(home, alive=True, id="20200101-000000-000001-abcd", state="queued", stage="")
    app.run()
    assert "Waits for: Building x" in words(app)
    assert "Building x**  \nIndexing" in words(app)


def test_a_failed_job_shows_its_sentence_and_can_be_tried_again(
    app: AppTest, home: Workspace
) -> None:
    write_job(home, alive=False)
    end_job(home.root / "jobs" / ID, "failed", "The source is empty; give another.")
    app.run()
    assert app.error[0].value == "The source is empty; give another."
    app.button(key=f"resume-{ID}").click().run()
    assert not app.exception
    end = time.monotonic() + PATIENCE_SECONDS
    while find_job(home, ID).active:
        assert time.monotonic() < end
        time.sleep(0.05)
    app.run()
    assert app.error[0].value.startswith("There is no set or run named 'x'"), "it ran again"


def test_an_interrupted_job_can_be_dismissed(app: AppTest, home: Workspace) -> None:
    write_job(home, alive=False)
    app.run()
    assert INTERRUPTED in words(app) and not app.error
    app.button(key=f"dismiss-{ID}").click().run()
    assert not app.exception and INTERRUPTED not in words(app)
    assert list_jobs(home) == []


def test_cancel_stops_a_job(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    with home.writing():
        job = control.start(home, ["delete", "x"], title="Deleting x", target="x")
        app.run()
        app.button(key=f"cancel-{job.id}").click().run()
        assert not app.exception
        assert find_job(home, job.id).state == "cancelled"
    assert "Stopped; what was done is kept." in words(app)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (59, "59 s"), (60, "1 min"), (3540, "59 min"), (3700, "1 h 2 min")],
)
def test_durations_are_told_in_words(seconds: float, told: str) -> None:
    assert duration(seconds) == told
