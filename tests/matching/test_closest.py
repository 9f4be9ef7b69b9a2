"""Distances in plain pixels by hand, and what a copy of a repeated image looks like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, build, open_source
from gmv_core.matching.closest import CLOSEST, SmallPixels, pixel_distances
from gmv_core.store.columns import previews_of
from gmv_core.types import UInt8
from tests.fakes import fake_embedder

RNG = np.random.default_rng(0)
STRANGERS = RNG.integers(0, 256, (30, 16, 16, 3), np.uint8)


def small(tmp_path: Path, pixels: UInt8) -> SmallPixels:
    np.savez(tmp_path / "train.npz", images=pixels)
    workspace = Workspace(tmp_path / "home")
    build(workspace, open_source(tmp_path / "train.npz"), name="train", embedder=fake_embedder())
    return SmallPixels(workspace.image_set("train"))


def test_distances_are_those_of_the_definition(tmp_path: Path) -> None:
    training = small(tmp_path, STRANGERS)
    candidates = np.array([[3, 1, 4, -1], [-1, -1, -1, -1]])
    found = pixel_distances([STRANGERS[7], STRANGERS[8]], candidates, training)
    apart = (STRANGERS[7] / 255.0 - STRANGERS[[3, 1, 4]] / 255.0).reshape(3, -1)
    assert found[0, :3] == pytest.approx(np.sqrt((apart**2).mean(axis=1)), abs=1e-5)
    assert np.isinf(found[0, 3]) and np.isinf(found[1]).all()


def test_only_the_first_candidates_are_looked_at(tmp_path: Path) -> None:
    training = small(tmp_path, STRANGERS)
    found = pixel_distances([STRANGERS[0]], np.arange(30)[None], training)
    assert found.shape == (1, CLOSEST)
    assert found[0, 0] == 0


@pytest.mark.parametrize("copies", [1, 5, 17])
def test_candidates_that_repeat_one_before_them_are_told_apart(tmp_path: Path, copies: int) -> None:
    noise = RNG.integers(-3, 4, (copies, 16, 16, 3))
    again = np.clip(STRANGERS[0].astype(int) + noise, 0, 255).astype(np.uint8)
    training = small(tmp_path, np.concatenate([STRANGERS, again]))
    candidates = np.array([0, *range(30, 30 + copies), *range(1, 20 - copies)])[None]
    found = pixel_distances([again[0]], candidates, training)
    assert np.isnan(found[0]).tolist() == [False, *[True] * copies, *[False] * (19 - copies)]


def test_plain_colours_are_as_far_as_they_differ(tmp_path: Path) -> None:
    plain = np.full((4, 16, 16, 3), 0, np.uint8) + np.array([0, 51, 102, 255])[:, None, None, None]
    training = small(tmp_path, plain.astype(np.uint8))
    found = pixel_distances([plain[1].astype(np.uint8)], np.arange(4)[None], training)
    assert found[0] == pytest.approx([0.2, 0, 0.2, 0.8], abs=1e-5)


def test_pixels_that_were_decoded_for_something_else_are_not_read_again(tmp_path: Path) -> None:
    training, rows = small(tmp_path, STRANGERS), np.array([2, 5])
    training.keep(rows, previews_of(training.images, rows)[::-1])
    assert training.of(rows) == pytest.approx(
        STRANGERS[rows[::-1]].reshape(2, -1) / 255.0, abs=1e-6
    )
