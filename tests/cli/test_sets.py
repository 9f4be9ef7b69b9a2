"""The commands build, add and label: what they print, and one JSON document."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from gmv_core.store.workspace import Workspace
from tests.built import write_csv, write_run
from tests.cli.conftest import Command
from tests.fakes import draw, write_images

pytestmark = pytest.mark.usefixtures("small_commits")


def test_build_and_build_again(command: Command, sources: Path) -> None:
    first = command("build", sources / "train", "--name", "train", "--json")
    assert first.status == 0
    assert first.json["counts"]["ok"] == 20
    assert first.json["counts"]["owners"] == 1
    assert first.json["reused"] is False
    assert command("build", sources / "train", "--name", "train", "--json").json["reused"] is True
    told = command("build", sources / "train", "--name", "train")
    assert told.out.startswith("train is already built: 20 images.")
    assert "It is a test [bold]." in told.out  # words from outside are no markup
    assert "finds all nearest neighbours" in told.out


def test_build_tells_of_rejected_and_duplicate_images(command: Command, sources: Path) -> None:
    images = sources / "made" / "class0"
    (images / "copy.png").write_bytes((images / "0000.png").read_bytes())
    told = command("build", sources / "made", "--name", "made").out
    assert "made is ready: 10 images." in told
    assert "Rejected: 1 image." in told
    assert "Exact duplicates of others: 1 image." in told


def test_rejected_images_are_named(command: Command, sources: Path) -> None:
    images = sources / "made" / "class0"
    for i in range(7):
        (images / f"x{i}.png").write_bytes(b"no picture" * i)
    told = command("build", sources / "made", "--name", "made").out
    assert "class0/x0.png (0 bytes), class0/x1.png (not an image)" in " ".join(told.split())
    assert "and 3 more: gmv show made --rejected" in " ".join(told.split())
    every = command("show", "made", "--rejected", "--json").json["rejected"]
    assert len(every) == 8 and {row["reason"] for row in every} >= {"0 bytes", "not an image"}
    assert "class0/x6.png" in command("show", "made", "--rejected").out


def test_a_set_of_nothing_but_rejected_images_is_not_ready(command: Command, sources: Path) -> None:
    broken = sources / "broken"
    broken.mkdir()
    for i in range(7):
        (broken / f"{i}.jpg").write_bytes(b"\xff\xd8\xff")
    for _ in range(2):
        told = command("build", broken, "--name", "broken")
        assert told.status == 1 and "ready" not in told.out
        assert "No image of 'broken' could be read: 0.jpg (cut off after 3 bytes)" in told.err
    assert len(command("show", "broken", "--rejected", "--json").json["rejected"]) == 7
    command("build", sources / "made", "--name", "made")
    told = command("value", "made", "--against", "broken", "--name", "run")
    assert told.status == 1 and "No image of 'broken' could be read; give a training" in told.err


def test_where_labels_came_from_is_said(command: Command, sources: Path) -> None:
    told = command("build", sources / "made", "--name", "made").out
    assert "Labels come from the names of the folders: 10 of 10 images got one." in told
    (sources / "t.csv").write_text("name,label\nclass0/0000.png,cat\nnowhere.png,dog\n")
    found = command("build", sources / "made", "--name", "few", "--labels", sources / "t.csv")
    assert "Labels come from t.csv and the names of the folders: 10 of 10" in found.out
    assert "Only 1 of 10 images have a row in the label table" in found.err


def test_splits_and_readings_are_said_and_chosen(command: Command, sources: Path) -> None:
    for split, count in (("train", 6), ("test", 2)):
        write_images(sources / "parts" / split, count)
    told = command("build", sources / "parts", "--name", "parts")
    assert "parts is ready: 6 images." in told.out
    assert "Only the split train is read; set aside: test (2 images)." in told.err
    assert "Passed over: 2 files, image of another split." in told.out
    every = command("build", sources / "parts", "--name", "every", "--split", "all", "--json")
    assert every.json["counts"]["ok"] == 8 and every.json["sources"][0]["split"] == "all"
    assert command("build", sources / "parts", "--name", "x", "--as", "tar").status == 1


def test_add(command: Command, sources: Path) -> None:
    command("build", sources / "train", "--name", "train")
    added = command("add", "train", sources / "more", "--json")
    assert (added.status, added.json["counts"]["images"]) == (0, 26)
    assert "train is already built: 26 images" in command("add", "train", sources / "more").out


def test_labels_can_be_given_later(
    command: Command, workspace: Workspace, tmp_path: Path, copied: Callable[..., None]
) -> None:
    copied(write_run, "run", 5)
    (name, *_) = workspace.image_set("run-generated").images.read(["name"])["name"].to_pylist()
    write_csv(tmp_path / "later.csv", [["name", "label"], [name, "bear"]])
    told = command("label", "run", tmp_path / "later.csv")
    assert told.status == 0 and "Only 1 of 5 images have a row in the label table" in told.out
    assert command("label", "run", tmp_path / "later.csv", "--json").json["images"] == 5


def test_odd_metadata_of_an_image_are_no_warning_of_a_library(
    command: Command, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    file = io.BytesIO()
    broken = b"Exif\0\0MM\0*\0\0\0\x08\0\xff" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
    Image.fromarray(draw(1)).save(file, "JPEG", exif=broken)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.jpg").write_bytes(file.getvalue())
    assert command("build", tmp_path / "x", "--name", "x").status == 0
    assert not [one for one in recwarn if "EXIF" in str(one.message)]
