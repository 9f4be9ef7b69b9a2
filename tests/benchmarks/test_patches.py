"""Patch posteriors as rivals in the retraining benchmark."""

from __future__ import annotations

import numpy as np

from benchmarks.kit.data import Images
from benchmarks.truth.retraining import patches
from gmv_core.method.patches import PatchForm

FORM = PatchForm(patch_px=4, stride_px=2, sigma=0.1)


def images(count: int, *, seed: int, channels: int) -> Images:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, channels), np.uint8)
    return Images(pixels, np.zeros(count, np.int64), ("0",))


def test_each_matrix_puts_a_generated_copy_first_and_blocks_do_not_matter() -> None:
    for channels in (1, 3):
        training = images(40, seed=1, channels=channels)
        generated = training.take(np.arange(patches.BLOCK + 3))
        made = {
            "posterior": patches.patch_matrix(training, generated, form=FORM, side_px=8),
            "nearest": patches.naive_matrix(training, generated, form=FORM, side_px=8),
            "whole": patches.whole_matrix(training, generated, sigma=0.1, side_px=8),
        }
        for matrix in made.values():
            assert matrix.shape == (len(generated), 40)
            np.testing.assert_array_equal(matrix.argmax(1), np.arange(len(generated)))
        for name in ("posterior", "whole"):
            np.testing.assert_allclose(made[name].sum(1), 1, rtol=1e-5)
        last = patches.patch_matrix(training, generated.take(slice(-1, None)), form=FORM, side_px=8)
        np.testing.assert_allclose(last[0], made["posterior"][-1], rtol=1e-4, atol=1e-7)


def test_the_three_are_named_and_of_all_pairs() -> None:
    made = patches.patch_matrices(images(3, seed=0, channels=1), images(2, seed=1, channels=1))
    assert {matrix.shape for matrix in made.values()} == {(2, 3)} and len(made) == 3
