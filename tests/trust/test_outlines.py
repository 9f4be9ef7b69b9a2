"""Outlines pass over no pair that the pixels confirm, and over nearly all others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, build, open_source
from gmv_core.sets.pixels import PixelForm, ensure_pixels, pixel_form, pixels_of_rows
from gmv_core.trust.near_copies import SIDE_PX, decorrelation
from gmv_core.trust.outlines import Outlines, outline, outlines
from gmv_core.types import Float32
from tests.fakes import draw, fake_embedder, png, write_images

COLOUR, GREY = PixelForm(SIDE_PX, grey=False), PixelForm(SIDE_PX, grey=True)


def outlines_of(pixels: Float32, form: PixelForm) -> Outlines:
    return Outlines(outline(pixels, form).astype(np.float16))


@pytest.mark.parametrize("form", [COLOUR, GREY])
@pytest.mark.parametrize("noise", [0.0, 1e-3, 0.03, 0.3, 1.0])
def test_no_pair_within_a_limit_is_passed_over(form: PixelForm, noise: float) -> None:
    rng = np.random.default_rng(3)
    x = rng.random((200, form.size), np.float32) * rng.random((200, 1), np.float32)
    y = x * rng.uniform(0.3, 1, (200, 1)) + noise * rng.random((200, form.size))
    pixels = np.concatenate([x, y]).astype(np.float32)
    pixels[[0, 200, 1]] = 0.25  # of one colour: a pair of them, and one beside another image
    a, b = np.arange(200), np.arange(200, 400)
    held, apart = outlines_of(pixels, form), decorrelation(pixels[a], pixels[b])
    for row in range(200):
        one, other = a[row : row + 1], b[row : row + 1]
        assert held.may_be_alike(one, other, float(apart[row]) + 1e-6).all(), row
    assert apart[0] == 0 and apart[1] == 1


def test_strangers_are_passed_over() -> None:
    drawn = np.stack([draw(seed)[4:20, 4:20].reshape(-1) for seed in range(200)]) / 255
    held = outlines_of(drawn.astype(np.float32), COLOUR)
    a, b = np.triu_indices(200, 1)
    alike = held.may_be_alike(a, b, 0.04)
    true = decorrelation(drawn[a].astype(np.float32), drawn[b].astype(np.float32)) <= 0.04
    assert not (true & ~alike).any()
    assert alike.mean() < 0.01


def test_those_of_a_set_are_of_its_stored_pixels(workspace: Workspace, tmp_path: Path) -> None:
    folder = write_images(tmp_path / "train", 12)
    (folder / "class1" / "0004.png").write_bytes(png(draw(4))[:70])
    build(workspace, open_source(folder), name="train", embedder=fake_embedder())
    images = workspace.image_set("train")
    form = pixel_form(images, SIDE_PX)
    ensure_pixels(images, form)
    rows = np.arange(12)
    broken = images.images.read(["status"])["status"].to_numpy() != "ok"
    expected = outline(pixels_of_rows(images, form, rows), form)
    expected[broken] = 0
    np.testing.assert_allclose(outlines(images, form).of, expected, atol=1e-3)
    assert broken.sum() == 1 and outlines(images, form).of.shape == (12, 48)
