"""Small pixels of a set: grey or colour, what a rejected image has, and what is appended later."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gmv_core import Workspace, add, build, open_source
from gmv_core.sets.pixels import (
    PixelForm,
    ensure_pixels,
    pixel_blocks,
    pixel_form,
    pixel_table,
    pixels_of_rows,
    small_pixels,
)
from gmv_core.types import Embedder
from tests.fakes import draw, png


def test_grey_is_the_mean_of_colours_and_of_equal_channels_any_of_them() -> None:
    grey = PixelForm(6, True)
    image = draw(0)
    blocks = image.reshape(6, 4, 6, 4, 3).mean((1, 3, 4))
    np.testing.assert_allclose(small_pixels(image, grey), blocks.reshape(-1), atol=0.51)
    same = np.repeat(image[..., :1], 3, axis=2)
    own = image[..., 0].reshape(6, 4, 6, 4).mean((1, 3))
    np.testing.assert_allclose(small_pixels(same, grey), own.reshape(-1), atol=0.51)
    assert small_pixels(same, PixelForm(6, False)).shape == (108,)


def test_one_image_in_colour_makes_a_set_colour_and_a_rejected_one_is_left_out(
    workspace: Workspace, embedder: Embedder, tmp_path: Path
) -> None:
    for folder in ("grey", "more"):
        (tmp_path / folder).mkdir()
    for seed in range(3):
        same = np.repeat(draw(seed)[..., :1], 3, axis=2)
        (tmp_path / "grey" / f"{seed}.png").write_bytes(png(same))
    (tmp_path / "grey" / "1.png").write_bytes(b"no image")
    (tmp_path / "more" / "3.png").write_bytes(png(draw(3)))
    build(workspace, open_source(tmp_path / "grey"), name="set", embedder=embedder)
    images = workspace.image_set("set")
    form = pixel_form(images, 6)
    assert form == PixelForm(6, True)
    ensure_pixels(images, form)
    assert [ids.tolist() for ids, _ in pixel_blocks(images, form)] == [[0, 2]]
    add(workspace, "set", open_source(tmp_path / "more"), embedder=embedder)
    assert pixel_form(images, 6) == PixelForm(6, False)
    ensure_pixels(images, form)
    assert len(pixel_table(images, form)) == 4
    expected = small_pixels(draw(3), form) / 255
    np.testing.assert_allclose(pixels_of_rows(images, form, np.array([3]))[0], expected, atol=1e-6)
