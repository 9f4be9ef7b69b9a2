"""Finding a picture in a training set: its file, its pixels, a near copy, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmv_core import SourceError, Workspace, build, open_source
from gmv_core.trust.finding import Finder, find_picture, open_finder
from tests.fakes import draw, fake_embedder, lighter, lossless, png


@pytest.fixture
def finder(workspace: Workspace, tmp_path: Path) -> Finder:
    folder = tmp_path / "train"
    folder.mkdir()
    for i in range(30):
        (folder / f"{i:02d}.png").write_bytes(png(draw(i)))
    (folder / "again.png").write_bytes(png(draw(4)))
    (folder / "broken.png").write_bytes(b"no image")
    build(workspace, open_source(folder), name="train", embedder=fake_embedder())
    return open_finder(workspace.image_set("train"), fake_embedder())


def told(finder: Finder, content: bytes) -> list[tuple[str, str]]:
    return [(one.training, one.how) for one in find_picture(finder, content).found]


def test_the_same_file_is_found(finder: Finder) -> None:
    assert told(finder, png(draw(7))) == [("07.png", "bytes")]
    sought = find_picture(finder, png(draw(7)))
    assert sought.sentence == "It is in the training set: 07.png is the same file."
    assert sought.nearest.training == "07.png" and sought.preview


def test_every_copy_of_a_file_is_found(finder: Finder) -> None:
    assert told(finder, png(draw(4))) == [("04.png", "bytes"), ("again.png", "bytes")]
    assert "and 1 more copy." in find_picture(finder, png(draw(4))).sentence


def test_the_same_pixels_in_another_file_are_found(finder: Finder) -> None:
    assert told(finder, lossless(draw(7))) == [("07.png", "pixels")]


def test_a_near_copy_is_found(finder: Finder) -> None:
    assert told(finder, png(lighter(draw(7)))) == [("07.png", "near")]
    assert "07.png is a near copy" in find_picture(finder, png(lighter(draw(7)))).sentence


@pytest.mark.parametrize("seed", [500, 501, 502])
def test_a_stranger_is_not_found_and_the_nearest_is_named(finder: Finder, seed: int) -> None:
    sought = find_picture(finder, png(draw(seed)))
    assert sought.found == () and sought.nearest.how == "" and sought.nearest.distance > 0
    assert f"the nearest image there is {sought.nearest.training}." in sought.sentence


def test_what_cannot_be_read_is_one_sentence(finder: Finder) -> None:
    with pytest.raises(SourceError, match="The picture cannot be read: not an image"):
        find_picture(finder, b"no image")
