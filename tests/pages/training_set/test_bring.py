"""Training set: images brought as files, a folder or a path, and what is said of them before."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace
from gmv_core.jobs import control
from gmv_core.jobs.job import list_jobs
from tests.fakes import draw, png, write_images
from tests.pages.conftest import open_page
from tests.pages.training_set.conftest import FILES, files, wait, words, write_set


def test_without_a_set_it_asks_for_images(app: AppTest) -> None:
    open_page(app, "training_set")
    assert app.file_uploader[0].label.startswith("Drop training images here")
    assert not app.selectbox and not app.error
    assert "Build" not in [b.label for b in app.button], "nothing was given yet"


@pytest.mark.models
def test_files_become_a_set(app: AppTest, home: Workspace) -> None:
    open_page(app, "training_set")
    app.file_uploader(key=FILES).set_value(files(60)).run()
    assert not app.exception and not app.error
    assert "**60 images · PNG · 24 × 24 px**" in words(app)
    app.button[-1].click().run()
    assert app.error[0].value.startswith("'' cannot be a name"), "it has no name yet"
    spooled = list((home.root / "uploads").iterdir())
    assert len(spooled) == 1 and list_jobs(home) == []
    app.text_input[0].set_value("cats")
    app.button[-1].click().run()
    assert not app.exception and not app.error
    assert app.selectbox(key="set").value == "cats"
    job = wait(home)
    assert (job.state, job.message, job.title) == ("done", "", "Building cats")
    for _ in range(100):  # they go right after the job has said that it is done
        if not spooled[0].exists():
            break
        time.sleep(0.1)
    assert not spooled[0].exists(), "uploads go with the job"
    app.run()
    assert not app.exception
    assert app.metric[0].value == "60"
    assert "misses none" in words(app)


def test_embedder_and_index_can_be_chosen(app: AppTest, home: Workspace) -> None:
    with home.writing():  # so that the job waits
        open_page(app, "training_set")
        app.file_uploader(key=FILES).set_value(files(2)).run()
        embedder, index = app.selectbox
        assert (embedder.value, index.value) == ("auto", "auto")
        embedder.set_value("efficientnet-lite0")
        index.set_value("pq")
        app.text_input[0].set_value("cats")
        app.button[-1].click().run()
        assert not app.exception and not app.error
        (job,) = list_jobs(home)
        control.cancel(home, job.id)
    assert job.arguments[2:6] == (
        "--name", "cats", "--embedder=efficientnet-lite0", "--index=pq",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([("a.txt", b"text", "")], "a.txt is text"),
        ([("a.txt", b"text", ""), ("b.md", b"x", "")], "No images in what was uploaded (2 not an"),
        ([("a.zip", b"PK\x05\x06" + bytes(18), "")], "No images in a.zip"),
        ([("a.zip", b"PK\x03\x04 broken", "")], "a.zip"),
        ([*files(2), ("a.zip", b"PK\x03\x04", "")], "An archive (a.zip) was given together"),
    ],
)
def test_what_holds_no_images_is_one_sentence(
    app: AppTest, given: list[tuple[str, bytes, str]], sentence: str
) -> None:
    open_page(app, "training_set")
    app.file_uploader(key=FILES).set_value(given).run()
    assert not app.exception
    assert len(app.error) == 1 and sentence in app.error[0].value
    assert "Build" not in [b.label for b in app.button]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"I am a text.", "The only image cannot be read (one.jpg: not an image)"),
        (png(draw(0)[:1, :1]), "one.jpg has 1 × 1 pixels, too few"),
        (png(draw(0)), "1 image is very few"),
    ],
)
def test_what_will_disappoint_is_said_before(app: AppTest, content: bytes, sentence: str) -> None:
    open_page(app, "training_set")
    app.file_uploader(key=FILES).set_value([("one.jpg", content, "image/jpeg")]).run()
    assert not app.exception and not app.error
    assert any(sentence in warning.value for warning in app.warning)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("a/b", "'a/b' cannot be a name"), ("cats", "The name 'cats' is taken")],
)
def test_a_name_that_will_not_do_is_said_at_once(
    app: AppTest, home: Workspace, tmp_path: Path, name: str, sentence: str
) -> None:
    write_set(home, tmp_path / "cats")
    open_page(app, "training_set")
    next(b for b in app.button if b.label == "Add a training set").click().run()
    assert app.selectbox(key="set").value == "new set"
    app.file_uploader(key=FILES).set_value(files(60)).run()
    app.text_input[0].set_value(name)
    app.button[-1].click().run()
    assert not app.exception
    assert sentence in app.error[0].value
    assert list_jobs(home) == []
    assert len(list((home.root / "uploads").iterdir())) == 1, "the images need not be given again"


def test_a_folder_and_a_table(app: AppTest, home: Workspace) -> None:
    open_page(app, "training_set")
    app.segmented_control(key="training-images-way").set_value("folder").run()
    app.file_uploader(key="training-images-0-folder").set_value(
        [*files(30, "photos/bear/"), *files(30, "photos/cat/")]
    ).run()
    assert "**60 images · PNG · 24 × 24 px · 2 labels**" in words(app)
    assert "Labels: bear (30), cat (30)" in words(app)
    table = b"name,label,owner,hat\n00.png,wolf,Ada,yes\nlost.png,cat,Ben,no\n"
    app.file_uploader(key="training-images-0-table").set_value(("t.csv", table, "text/csv")).run()
    assert not app.exception and not app.error
    assert "3 labels · 1 owner · with hat" in words(app)
    said = [warning.value for warning in app.warning]
    assert "1 row of the label table fits no image (such as lost.png)." in said
    assert "58 images have no row in the label table." in said
    assert any(sentence.startswith("2 images share their file name") for sentence in said)
    assert len(list((home.root / "uploads").iterdir())) == 1, "the first spool is gone"
    app.file_uploader(key="training-images-0-table").set_value(("t.csv", b"a\n1\n", "")).run()
    assert "has no column of image names" in app.error[0].value
    app.segmented_control(key="training-images-way").set_value("files").run()
    assert not app.exception


def test_a_path_is_offered_where_roots_allow_it(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_images(tmp_path / "data" / "cats", 60)
    open_page(app, "training_set")
    assert "A path on the server" not in app.segmented_control(key="training-images-way").options
    monkeypatch.setenv("GMV_DATA_ROOTS", str(tmp_path / "data"))
    app.run()
    app.segmented_control(key="training-images-way").set_value("path").run()
    field = "training-images-0-path"
    app.text_input(key=field).set_value("cats").run()
    assert "**60 images" in words(app)
    app.text_input(key=field).set_value("/etc").run()
    assert "'/etc' is not below a folder that may be read here" in app.error[0].value


def test_a_name_is_never_a_picture_or_a_formula(app: AppTest) -> None:
    open_page(app, "training_set")
    name = "![x][y] $a$.png"
    app.file_uploader(key=FILES).set_value([(name, b"text", "image/png")]).run()
    assert not app.exception
    shown = app.warning[0].value
    assert "!\\[x\\]" in shown and "\\$a\\$" in shown


def test_how_it_is_read_can_be_chosen(
    app: AppTest, home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data"
    for split, count in (("train", 50), ("val", 20)):
        write_images(root / "parts" / split, count, labels=2)
    (root / "repo").mkdir()
    (root / "repo" / "cover.png").write_bytes(png(draw(0)))
    with zipfile.ZipFile(root / "repo" / "images.zip", "w") as archive:
        for name, data, _ in files(60):
            archive.writestr(name, data)
    monkeypatch.setenv("GMV_DATA_ROOTS", str(root))
    open_page(app, "training_set")
    app.segmented_control(key="training-images-way").set_value("path").run()
    field = "training-images-0-path"
    app.text_input(key=field).set_value("parts").run()
    told = "Only the split train is read; set aside: val (20 images)."
    assert told in [info.value for info in app.info]
    assert "Labels come from the names of the folders: 50 of 50 images got one." in words(app)
    splits = next(pills for pills in app.pills if pills.label == "Splits that are read")
    splits.set_value(["train", "val"]).run()
    assert "**70 images" in words(app) and not app.info and not app.exception
    app.text_input(key=field).set_value("repo").run()
    assert "**60 images" in words(app)
    assert app.info[0].value.startswith(
        "This folder can be read in 2 ways: as images in a zip (60)"
    )
    reading = next(c for c in app.segmented_control if c.label == "Read it as")
    reading.set_value("folder").run()
    assert "**1 image " in words(app) and not app.exception


def test_an_uploaded_table_that_is_not_read_is_named(app: AppTest) -> None:
    """Its name comes from the upload, so it is shown as text and becomes no link."""
    open_page(app, "training_set")
    table = ("train [x](http:nowhere).csv", b"id,breed\n00,pug\n", "text/csv")
    app.file_uploader(key=FILES).set_value([*files(3), table]).run()
    assert not app.exception and not app.error
    said = [info.value for info in app.info if "looks like a table of labels" in info.value]
    assert len(said) == 1 and "no table is read" in said[0] and "[x](" not in said[0]
