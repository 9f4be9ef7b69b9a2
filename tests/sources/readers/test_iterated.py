"""Images that a program hands over: Pillow images and arrays, in their order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from gmv_core import SourceError, Workspace, build, open_images
from gmv_core.images.decode import decode
from gmv_core.settings import IngestSettings
from gmv_core.sources.readers.iterated import Pair
from gmv_core.types import SourceImage, UInt8
from tests.fakes import draw, fake_embedder, rows_of


def pixels(image: SourceImage) -> UInt8:
    found = decode(image.data, IngestSettings()).pixels
    assert found is not None
    return found


def made() -> Iterator[Pair]:
    for seed in range(6):
        yield f"step/{seed}.png", draw(seed) if seed % 2 else Image.fromarray(draw(seed))


def test_arrays_and_pillow_images_come_as_they_are() -> None:
    images = list(open_images(made(), name="step").read())
    assert [image.name for image in images] == [f"step/{i}.png" for i in range(6)]
    for seed, image in enumerate(images):
        assert np.array_equal(pixels(image), draw(seed))


def test_grey_alpha_and_palette() -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    half = np.dstack([np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 51, np.uint8)])
    pairs = [("a", grey), ("b", grey[..., None]), ("c", Image.fromarray(grey)), ("d", half),
             ("e", Image.fromarray(half)), ("f", Image.fromarray(draw(1)).quantize(8))]  # fmt: skip
    a, b, c, d, e, f = map(pixels, open_images(pairs, name="x").read())
    assert np.array_equal(a, np.dstack([grey] * 3))
    assert np.array_equal(a, b) and np.array_equal(a, c)
    assert (d == 204).all() and np.array_equal(d, e)
    assert np.array_equal(f, np.asarray(Image.fromarray(draw(1)).quantize(8).convert("RGB")))


def test_names_are_safe_and_unique() -> None:
    pairs = [("../x.png", draw(1)), ("x.png", draw(2)), ("/x.png", draw(3))]
    assert [i.name for i in open_images(pairs, name="x").read()] == [
        "x.png", "x (2).png", "x (3).png",
    ]  # fmt: skip


@pytest.mark.parametrize("given", [list(made()), made])
def test_interrupted_it_begins_where_it_stopped(given: list[Pair], workspace: Workspace) -> None:
    source = open_images(given, name="step")
    assert list(source.read(4)) == list(source.read())[4:]
    build(workspace, source, name="made", embedder=fake_embedder())
    assert len(rows_of(workspace.image_set("made").images)) == 6


def test_an_iterator_is_read_once() -> None:
    source = open_images(made(), name="step")
    assert len(list(source.read())) == 6
    with pytest.raises(SourceError, match="can be read once only; give a list, or a function"):
        list(source.read())


@pytest.mark.parametrize(
    ("pair", "told"),
    [("x.png", "give pairs"), ((1, draw(1)), "give pairs"),
     (("x", draw(1).astype(float)), "an array of float64; give uint8"),
     (("x", np.zeros((4, 4, 5), np.uint8)), "the shape"), (("x", np.zeros(4, np.uint8)), "shape"),
     (("x", np.zeros((0, 4, 3), np.uint8)), "the shape"), (("x", "x.png"), "an array of")],
)  # fmt: skip
def test_what_is_no_image_is_a_sentence(pair: Pair, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        list(open_images([pair], name="x").read())
