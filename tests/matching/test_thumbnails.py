"""The nearest images in pixels: by brute force, in grey and colour, alone and among others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, build, open_source
from gmv_core.matching import closest
from gmv_core.matching import thumbnails as module
from gmv_core.matching.closest import CLOSEST, SmallPixels, nearest_in_pixels
from gmv_core.matching.thumbnails import STORED_PX, Thumbnails, load_thumbnails
from gmv_core.sets.pixels import ensure_pixels, pixel_form
from gmv_core.sets.removal import remove
from gmv_core.store.workspace import ImageSet
from gmv_core.types import UInt8
from tests.fakes import count_opened, fake_embedder

RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (50, 16, 16, 3), np.uint8)
GREY = np.repeat(COLOUR[..., :1], 3, axis=3)


def kept(tmp_path: Path, pixels: UInt8) -> tuple[ImageSet, Thumbnails]:
    np.savez(tmp_path / "train.npz", images=pixels)
    workspace = Workspace(tmp_path / "home")
    build(workspace, open_source(tmp_path / "train.npz"), name="train", embedder=fake_embedder())
    images = workspace.image_set("train")
    assert load_thumbnails(images) is None
    ensure_pixels(images, pixel_form(images, STORED_PX))
    loaded = load_thumbnails(images)
    assert loaded is not None and len(loaded) == len(pixels)
    return images, loaded


def small(pixels: UInt8) -> np.ndarray:
    return np.floor(pixels.reshape(-1, 8, 2, 8, 2, 3).mean(axis=(2, 4)) + 0.5).reshape(-1, 192)


@pytest.mark.parametrize(("pixels", "size"), [(COLOUR, 192), (GREY, 64)])
def test_the_nearest_are_those_of_brute_force(
    tmp_path: Path, pixels: UInt8, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    thumbnails = kept(tmp_path, pixels)[1]
    assert thumbnails.pixels.shape == (50, size)
    made = np.clip(pixels[::7] + RNG.normal(0, 25, (8, 16, 16, 1)), 0, 255).astype(np.uint8)
    apart = ((small(made)[:, None] - small(pixels)) ** 2).sum(axis=2)
    expected = np.argsort(apart, axis=1, kind="stable")[:, :CLOSEST]
    found = thumbnails.nearest(list(made))
    assert np.array_equal(found, expected)
    assert found[:, 0].tolist() == list(range(0, 50, 7)), "the source is the first"
    monkeypatch.setattr(module, "BLOCK", 21)
    assert np.array_equal(thumbnails.nearest(list(made)), found)
    assert np.array_equal(np.concatenate([thumbnails.nearest([one]) for one in made]), found)


def test_a_colour_image_is_looked_for_among_grey_ones_without_its_colour(tmp_path: Path) -> None:
    thumbnails = kept(tmp_path, GREY)[1]
    tinted = GREY[3].astype(int) + np.array([20, -20, 0])
    assert thumbnails.nearest([np.clip(tinted, 0, 255).astype(np.uint8)])[0, 0] == 3


def test_a_cluster_is_found_once_as_its_first_image(tmp_path: Path) -> None:
    again = np.clip(COLOUR[:2].astype(int) + 3, 0, 255).astype(np.uint8)
    thumbnails = kept(tmp_path, np.concatenate([COLOUR, again]))[1]
    clusters = np.array([*range(50), 0, 1])
    found = thumbnails.nearest(list(again), clusters)
    assert found[:, 0].tolist() == [0, 1]
    assert found.shape == (2, CLOSEST) and found.max() < 50
    assert all(len(set(row)) == CLOSEST for row in found.tolist())


def test_fewer_images_than_are_looked_for_leave_gaps(tmp_path: Path) -> None:
    found = kept(tmp_path, COLOUR[:5])[1].nearest([COLOUR[4]])
    assert found[0, 0] == 4 and (found[0, 5:] == -1).all()
    assert sorted(found[0, :5].tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("pixels", [COLOUR, GREY])
def test_stored_pixels_give_the_distances_of_decoded_ones(
    tmp_path: Path, pixels: UInt8, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, thumbnails = kept(tmp_path, pixels)
    rows = thumbnails.nearest(list(COLOUR[:9]))
    stored = nearest_in_pixels(list(COLOUR[:9]), rows, SmallPixels(images, thumbnails.form))
    decoded = nearest_in_pixels(list(COLOUR[:9]), rows, SmallPixels(images))
    assert all(np.array_equal(a, b) for a, b in zip(stored, decoded, strict=True))
    monkeypatch.setattr(closest, "TOGETHER", 9)
    opened = count_opened(monkeypatch)
    nearest_in_pixels(list(COLOUR[:9]), rows, SmallPixels(images, thumbnails.form))
    assert opened.total() == 1  # on an object store, each is two requests
    assert (np.diff(stored[1], axis=1) >= 0).all()


def test_near_copies_are_told_apart_from_the_nearest_on(tmp_path: Path) -> None:
    again = np.clip(COLOUR[:1] + RNG.integers(-3, 4, (4, 16, 16, 3)), 0, 255).astype(np.uint8)
    images, thumbnails = kept(tmp_path, np.concatenate([COLOUR, again]))
    rows, apart = nearest_in_pixels(
        [again[2]], thumbnails.nearest([again[2]]), SmallPixels(images, thumbnails.form)
    )
    assert rows[0, 0] == 52 and apart[0, 0] == 0
    assert sorted(rows[0, 1:5].tolist()) == [0, 50, 51, 53]
    assert np.isnan(apart[0, 1:5]).all() and np.isfinite(apart[0, 5:]).all()


def test_removed_images_are_not_found(tmp_path: Path) -> None:
    images, thumbnails = kept(tmp_path, COLOUR)
    name = images.images.take(np.array([7]), ["name"])["name"][0].as_py()
    remove(Workspace(tmp_path / "home"), "train", [name])
    left = load_thumbnails(images)
    assert left is not None and len(left) == 49 and 7 not in left.rows
    assert thumbnails.nearest([COLOUR[7]])[0, 0] == 7
    assert 7 not in left.nearest([COLOUR[7]])
    assert np.array_equal(left.of_rows(np.array([8, 49])), thumbnails.of_rows(np.array([8, 49])))
