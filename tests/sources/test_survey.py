"""A survey: what is found before anything is built."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from gmv_core import open_source
from gmv_core.sources.survey import SAMPLE_EACH, SAMPLE_PLACES, survey
from gmv_core.sources.tables.label_table import read_labels
from tests.fakes import draw, png, write_images


def test_counts_labels_and_a_sample_from_all_over(tmp_path: Path) -> None:
    write_images(tmp_path, 60, labels=3)
    (tmp_path / "class0" / "more.png").write_bytes(png(draw(99)))
    (tmp_path / "notes.txt").write_text("x")
    found = survey(open_source(tmp_path))
    assert found.total == 61 and found.labelled == 61
    assert found.labels == {"class0": 21, "class1": 20, "class2": 20}
    assert next(iter(found.labels)) == "class0", "the most frequent first"
    assert found.skipped == {"not an image": 1}
    assert found.fit is None and found.warnings() == []
    assert len(found.sample) == SAMPLE_PLACES * SAMPLE_EACH
    assert len({image.name for image in found.sample}) == len(found.sample)
    assert {image.label for image in found.sample} == {"class0", "class1", "class2"}
    first = found.sample[0]
    assert (first.kind, first.width, first.height) == ("PNG", 24, 24)
    assert first.preview == (tmp_path / first.name).read_bytes()


def test_a_table_is_held_against_the_images(tmp_path: Path) -> None:
    write_images(tmp_path, 60, labels=2)
    rows = [f"class0/{i:04d}.png,bear,Ada,yes" for i in range(0, 60, 2)]
    table = read_labels("\n".join(["name,label,owner,hat", *rows, "lost.png,cat,Ben,no"]))
    found = survey(open_source(tmp_path), table)
    assert found.labels == {"bear": 30, "class1": 30}
    assert (found.owners, found.attributes) == (1, ("hat",)), "Ben has no image"
    assert found.fit is not None
    assert (found.fit.images_without_row, found.fit.rows_without_image) == (30, 1)
    assert {image.label for image in found.sample} == {"bear", "class1"}
    assert found.warnings() == [
        "1 row of the label table fits no image (such as lost.png).",
        "30 images have no row in the label table.",
    ]


def test_file_names_shared_between_folders_are_told_where_a_table_relies_on_them(
    tmp_path: Path,
) -> None:
    for folder in ("a", "b"):
        write_images(tmp_path / folder, 30, labels=1)
    assert survey(open_source(tmp_path)).shared_names == 60
    assert survey(open_source(tmp_path)).warnings() == []
    table = read_labels("name,label\n" + "\n".join(f"{i:04d}.png,x" for i in range(30)))
    (warning,) = survey(open_source(tmp_path), table).warnings()
    assert warning.startswith("60 images share their file name")


def test_a_table_that_gives_the_folders_tells_shared_file_names_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_images(tmp_path / folder, 30, labels=1)
    source = open_source(tmp_path)
    lines = [f"{name},{name[0]}" for name in source.names or ()]
    found = survey(source, read_labels("\n".join(["name,owner", *lines, "lost.png,c"])))
    assert found.warnings() == ["1 row of the label table fits no image (such as lost.png)."]
    assert found.owners == 2, "not the owner of the row that fits none"


def test_images_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    write_images(tmp_path, 60, labels=1)
    (tmp_path / "class0" / "0000.png").write_text("no picture")
    (warning,) = survey(open_source(tmp_path)).warnings()
    assert warning == (
        "1 of 12 images tried cannot be read and will be rejected "
        "(class0/0000.png: not an image)."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "sentences"),
    [
        (b"text", ["The only image cannot be read (one.jpg: not an image); check the files."]),
        (png(np.zeros((1, 1, 3), np.uint8)), ["one.jpg has 1 × 1 pixels, too few"]),
        (png(draw(0)), []),
    ],
)
def test_a_source_of_one_image(tmp_path: Path, content: bytes, sentences: list[str]) -> None:
    (tmp_path / "one.jpg").write_bytes(content)
    said = survey(open_source(tmp_path)).warnings()
    assert len(said) == len(sentences) + 1
    for sentence, start in zip(said, sentences, strict=False):
        assert sentence.startswith(start)
    assert said[-1].startswith("1 image is very few")


def test_a_tar_says_what_it_can_without_being_read_to_its_end(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for i in range(20):
            data = png(draw(i))
            member = tarfile.TarInfo(f"{'cat' if i < 15 else 'dog'}/{i}.png")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    found = survey(open_source(tmp_path / "x.tar"))
    assert (found.total, found.labelled) == (None, 20)
    assert found.labels == {"cat": 15, "dog": 5}
    assert len(found.sample) == 12 and found.warnings() == []


def test_arrays_tell_their_labels_when_read(tmp_path: Path) -> None:
    images = np.stack([draw(i) for i in range(60)])
    np.savez(tmp_path / "x.npz", images=images, labels=np.arange(60) % 2)
    found = survey(open_source(tmp_path / "x.npz"))
    assert found.total == 60
    assert sorted(found.labels.values()) == [30, 30]
