"""The page Models: what is ready, what the rest takes, what is in use and why."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from gmv_core.jobs.job import find_job, list_jobs
from gmv_core.models.catalogue import list_models
from tests.pages.conftest import PATIENCE_SECONDS, WriteRun, new_session, open_page

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def app(home: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """The app on an empty workspace, on a machine where nothing was ever downloaded."""
    import huggingface_hub.constants as hub

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return new_session()


def texts(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def test_every_model_is_listed_with_its_size_and_licences(app: AppTest) -> None:
    shown = texts(open_page(app, "models"))
    assert [heading.value for heading in app.header] == ["Embedding", "Distance", "Quality"]
    for row in list_models():
        assert f"`{row.key}`" in shown
        assert f"Code: {row.code_licence}  \nWeights: {row.weights_licence}" in shown
    assert app.button(key="download-clip").label == "Download · 605 MB"
    assert "Run `pip install dreamsim`, then `python -m gmv_core models download dreamsim`" in shown
    assert "Ready · 18.8 MB" in shown


def test_what_may_not_be_used_commercially_says_so_in_words(app: AppTest) -> None:
    shown = texts(open_page(app, "models"))
    limited = [row.key for row in list_models() if row.non_commercial]
    assert limited == ["stlpips", "piqe", "maniqa"]
    assert shown.count("Non-commercial use only") == len(limited)


def test_without_a_run_nothing_is_in_use(app: AppTest) -> None:
    assert "In use" not in texts(open_page(app, "models"))


def test_the_newest_run_says_what_it_uses_and_why(app: AppTest, write_run: WriteRun) -> None:
    write_run("first", generated=4)
    shown = texts(open_page(app, "models"))
    # The run's embedder came from Python and is in no table; its other models are.
    assert "The newest result, **first**, uses **fake**. It was given from Python." in shown
    assert "The embedder gives perceptual vectors in the same pass." in shown
    assert "MANIQA needs images of 224 px; these have 24." in shown
    assert shown.count("In use") == 2


def test_a_download_is_a_job_and_a_failed_one_says_what_to_do(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, NOWHERE)
    open_page(app, "models")
    assert sorted(b.key for b in app.button) == [
        "download-clip", "download-lpips", "download-lpips-vgg", "download-maniqa",
    ]  # fmt: skip
    app.button(key="download-lpips").click().run()
    workspace = Workspace(tmp_path / "home")
    (job,) = list_jobs(workspace)
    assert job.arguments == ("models", "download", "lpips")
    assert "download-lpips" not in [b.key for b in app.button]
    until = time.monotonic() + PATIENCE_SECONDS
    while find_job(workspace, job.id).active and time.monotonic() < until:
        time.sleep(0.1)
    app.run()
    assert "lpips could not be downloaded: " in app.error[0].value
    assert "Check the connection" in app.error[0].value
    app.button(key=f"dismiss-{job.id}").click().run()
    assert not app.exception and not app.error
    assert app.button(key="download-lpips")
