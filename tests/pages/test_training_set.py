"""The page Training set, through app.py: bring, build, look, add, delete; and every bad input."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest
from msgspec import to_builtins
from msgspec.structs import replace
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, build, labels_for, open_source, value
from gmv_core.jobs import control
from gmv_core.jobs.job import Job, end_job, list_jobs, requested
from gmv_core.store.files import write_json
from tests.fakes import change_json, draw, fake_embedder, png, write_images
from tests.pages.conftest import ID, PATIENCE_SECONDS, write_job

FILES = "training-images-0-files"


def open_page(app: AppTest) -> AppTest:
    app.run()
    app.switch_page("pages/training_set.py").run()
    assert not app.exception
    return app


def files(count: int, folder: str = "") -> list[tuple[str, bytes, str]]:
    return [(f"{folder}{i:02d}.png", png(draw(i)), "image/png") for i in range(count)]


def words(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


def wait(home: Workspace) -> Job:
    end = time.monotonic() + PATIENCE_SECONDS
    while (job := list_jobs(home)[0]).active:
        assert time.monotonic() < end, job
        time.sleep(0.1)
    return job


def write_set(home: Workspace, folder: Path, name: str = "cats") -> None:
    """A set of 60 images: one broken, two that repeat another, a table with one row too many."""
    write_images(folder, 60)
    (folder / "class0" / "0003.png").write_bytes(b"no picture")
    for copy in ("a.png", "b.png"):
        (folder / "class1" / copy).write_bytes((folder / "class0" / "0000.png").read_bytes())
    (folder / "notes.txt").write_text("x")
    source = open_source(folder)
    rows = [f"{image},Ada" for image in source.names or ()]
    (folder.parent / "t.csv").write_text("\n".join(["name,owner", *rows, "lost.png,Ben"]))
    labels = labels_for(source, folder.parent / "t.csv")
    build(home, source, name=name, labels=labels, embedder=fake_embedder())


def test_without_a_set_it_asks_for_images(app: AppTest) -> None:
    open_page(app)
    assert app.file_uploader[0].label.startswith("Drop training images here")
    assert not app.selectbox and not app.error
    assert "Build" not in [b.label for b in app.button], "nothing was given yet"


@pytest.mark.models
def test_files_become_a_set(app: AppTest, home: Workspace) -> None:
    open_page(app)
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
        open_page(app)
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
    open_page(app)
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
    open_page(app)
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
    open_page(app)
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
    open_page(app)
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
    open_page(app)
    assert "A path on the server" not in app.segmented_control(key="training-images-way").options
    monkeypatch.setenv("GMV_DATA_ROOTS", str(tmp_path / "data"))
    app.run()
    app.segmented_control(key="training-images-way").set_value("path").run()
    field = "training-images-0-path"
    app.text_input(key=field).set_value("cats").run()
    assert "**60 images" in words(app)
    app.text_input(key=field).set_value("/etc").run()
    assert "'/etc' is not below a folder that may be read here" in app.error[0].value


def test_a_finished_set_tells_everything(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_set(home, tmp_path / "cats")
    open_page(app)
    assert {m.label: m.value for m in app.metric} == {
        "Images": "61", "Labels": "3", "Owners": "1", "Exact duplicates": "2", "Rejected": "1",
    }  # fmt: skip
    told = words(app)
    assert "It misses none of the true nearest images: it compares with every one." in told
    assert "fake, own: It was given from Python." in told
    assert "Skipped files: not an image (1)." in told
    assert "1 of the label table's rows fits no image (such as lost.png)" in told
    assert [s.value for s in app.header] == [
        "Rejected images", "Exact duplicates", "Near copies",
    ]  # fmt: skip
    pictures = "".join(html.proto.body for html in app.get("html"))
    assert "class0/0003.png<span>not an image" in pictures
    assert "class1/b.png<span>same as class0/0000.png" in pictures


def test_many_rejected_images_are_paged(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_images(tmp_path / "cats", 30, labels=1)
    for i in range(14):
        (tmp_path / "cats" / "class0" / f"bad{i:02d}.png").write_bytes(b"no picture")
    build(home, open_source(tmp_path / "cats"), name="cats", embedder=fake_embedder())
    open_page(app)

    def pictures() -> str:
        return "".join(html.proto.body for html in app.get("html"))

    assert "bad00" in pictures() and "bad13" not in pictures()
    app.get("pagination")[0].set_value(2).run()
    assert not app.exception
    assert "bad13" in pictures() and "bad00" not in pictures()


def test_a_set_is_deleted_once_confirmed(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_set(home, tmp_path / "cats")
    open_page(app)
    app.button(key="delete-cats").click().run()
    assert not app.exception and not app.error
    assert home.sets() == []
    assert app.file_uploader, "it asks for images again"


def test_a_set_that_a_run_uses_is_kept(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    write_set(home, tmp_path / "cats")
    made = open_source(write_images(tmp_path / "made", 3, first_seed=100))
    value(home, made, against="cats", name="look", embedder=fake_embedder())
    open_page(app)
    assert app.selectbox(key="set").options == ["cats", "new set"], "not look-generated"
    app.button(key="delete-cats").click().run()
    assert not app.exception
    assert app.error[0].value == (
        "The set 'cats' is used by the run 'look'; delete that run first."
    )  # fmt: skip


def half_build(home: Workspace, tmp_path: Path) -> None:
    write_set(home, tmp_path / "cats")
    images = home.image_set("cats")
    change_json(images, state="building")


def test_a_half_built_set_is_unfinished_and_can_be_resumed(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    half_build(home, tmp_path)
    open_page(app)
    assert app.warning[0].value.startswith("This set is unfinished: 62 images are kept so far.")
    assert not app.metric, "nothing that looks finished"
    labels = ["Add a training set", "Resume", "Delete it for good"]
    assert [b.label for b in app.button] == labels
    with home.writing():  # so that its job waits
        app.button[1].click().run()
        assert not app.exception and not app.error
        (job,) = list_jobs(home)
        assert job.arguments[:2] == ("build", str(tmp_path / "cats"))
        assert "Building cats" in words(app) and not app.warning
        app.button(key=f"cancel-{job.id}").click().run()
    assert sorted(b.label for b in app.button) == sorted([*labels, "Dismiss"])
    assert "62 images are kept so far" in words(app)


def test_a_half_built_set_whose_images_are_gone_says_so(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    half_build(home, tmp_path)
    (tmp_path / "cats").rename(tmp_path / "elsewhere")
    open_page(app)
    app.button[1].click().run()
    assert "are gone" in app.error[0].value and "delete the set" in app.error[0].value
    app.button(key="delete-cats").click().run()
    assert not app.exception and home.sets() == []


def test_a_failed_build_that_kept_nothing_is_told(app: AppTest, home: Workspace) -> None:
    write_job(home, alive=False)
    folder = home.root / "jobs" / ID
    request = requested(folder)
    assert request is not None
    changed = replace(request, arguments=("build", "/gone", "--name", "x"))
    write_json(folder / "job.json", to_builtins(changed))
    end_job(folder, "failed", "There is nothing at /gone; check the path.")
    open_page(app)
    assert app.selectbox(key="set").value == "x"
    assert app.error[0].value == "There is nothing at /gone; check the path."
    assert "No image of this set was kept yet" in app.info[0].value
    app.button(key=f"dismiss-{ID}").click().run()
    assert not app.exception and not app.error and app.file_uploader


@pytest.mark.models
def test_a_failing_build_leaves_no_set(app: AppTest, home: Workspace) -> None:
    open_page(app)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.png", b"text")
    app.file_uploader(key=FILES).set_value([("a.zip", archive.getvalue(), "")]).run()
    assert "cannot be read" in app.warning[0].value
    app.text_input[0].set_value("bad")
    app.button[-1].click().run()
    wait(home)
    app.run()
    assert not app.exception
    assert any("No image of this set could be read" in w.value for w in app.warning)


@pytest.mark.models
def test_images_are_added_to_a_set(app: AppTest, home: Workspace, tmp_path: Path) -> None:
    source = open_source(write_images(tmp_path / "cats", 60))
    build(home, source, name="cats")
    open_page(app)
    app.file_uploader(key="add-cats-0-files").set_value(files(5, "more")).run()
    assert "**5 images" in words(app)
    next(b for b in app.button if b.label == "Add").click().run()
    assert not app.exception and not app.error
    assert wait(home).state == "done"
    app.run()
    assert app.metric[0].value == "65"
    assert not app.file_uploader(key="add-cats-1-files").value, "the widget is empty again"


def test_a_name_is_never_a_picture_or_a_formula(app: AppTest) -> None:
    open_page(app)
    name = "![x][y] $a$.png"
    app.file_uploader(key=FILES).set_value([(name, b"text", "image/png")]).run()
    assert not app.exception
    shown = app.warning[0].value
    assert "!\\[x\\]" in shown and "\\$a\\$" in shown


def test_the_first_set_that_is_built_is_shown_whatever_the_address_says(
    app: AppTest, home: Workspace, tmp_path: Path
) -> None:
    app.query_params["set"] = "new set"
    open_page(app)
    assert app.file_uploader and not app.selectbox
    write_set(home, tmp_path / "cats")
    app.session_state["next_set"] = "cats"
    app.run()
    assert not app.exception
    assert app.selectbox(key="set").value == "cats"
    assert app.metric[0].value == "61"


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
    open_page(app)
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
