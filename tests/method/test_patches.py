"""The patch posterior against its formula, and its extremes."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.errors import SettingsError
from gmv_core.method.patches import (
    TILE,
    PatchForm,
    by_cell,
    evidence,
    likeliest,
    nearest,
    patches,
    posterior,
    quadrant_distances,
    with_noise,
)
from gmv_core.types import Float32
from tests.mosaics import demo_images, mosaic_of

FORM = PatchForm(patch_px=3, stride_px=2, sigma=0.3)


def images(count: int, *, seed: int, channels: int = 3, side_px: int = 7) -> Float32:
    rng = np.random.default_rng(seed)
    return rng.random((count, side_px, side_px, channels), dtype=np.float32)


def plain(generated: Float32, training: Float32, form: PatchForm) -> np.ndarray:
    """Return ‖y_v − x_iu‖² by loops, (m, P, n, P)."""
    places = range(0, generated.shape[1] - form.patch_px + 1, form.stride_px)
    cut = [
        np.stack([
            np.stack([im[r : r + form.patch_px, c : c + form.patch_px] for r in places
                      for c in places])
            for im in group.astype(np.float64)
        ])
        for group in (generated, training)
    ]  # fmt: skip
    return ((cut[0][:, :, None, None] - cut[1][None, None]) ** 2).sum((4, 5, 6))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_posterior_is_the_formulas(channels: int) -> None:
    generated = images(2, seed=0, channels=channels)
    training = images(TILE + 5, seed=1, channels=channels)
    squared = plain(generated, training, FORM)
    kernel = np.exp(-squared / (2 * FORM.sigma**2)).sum(3)
    found = posterior(evidence(generated, training, FORM))
    np.testing.assert_allclose(found, kernel / kernel.sum(2, keepdims=True), rtol=2e-4)
    np.testing.assert_allclose(nearest(generated, training, FORM), squared.min(3), atol=1e-5)


def test_posteriors_of_a_position_add_up_to_one_and_blocks_do_not_matter() -> None:
    generated, training = images(3, seed=2), images(2 * TILE + 1, seed=3)
    found = evidence(generated, training, FORM)
    np.testing.assert_allclose(posterior(found).sum(2), 1, rtol=1e-5)
    one = evidence(generated[1:2], training, FORM)
    np.testing.assert_allclose(one[0], found[1], rtol=1e-5, atol=1e-4)
    order = np.random.default_rng(0).permutation(len(training))
    np.testing.assert_allclose(
        evidence(generated, training[order], FORM), found[:, :, order], rtol=1e-5, atol=1e-4
    )


def test_the_noise_is_the_same_for_every_image_of_any_batch() -> None:
    generated = images(3, seed=2)
    noisy = with_noise(generated, 0.5, seed=7)
    np.testing.assert_array_equal(with_noise(generated[2:], 0.5, seed=7)[0], noisy[2])
    assert 0.3 < float(np.std(noisy - generated)) < 0.7
    assert not np.array_equal(with_noise(generated, 0.5, seed=8), noisy)


def test_little_noise_names_the_source_and_much_noise_names_none() -> None:
    training = images(20, seed=4)
    sharp = PatchForm(3, 2, 1e-3)
    own = posterior(evidence(training[6:7], training, sharp))[0]
    assert own[:, 6].min() > 0.999
    dull = PatchForm(3, 2, 1e3)
    np.testing.assert_allclose(
        posterior(evidence(training[6:7], training, dull)), 1 / 20, rtol=1e-3
    )


def test_equal_images_share_and_far_ones_get_nothing() -> None:
    training = np.concatenate(
        [np.repeat(images(1, seed=5), 2, axis=0), np.full((1, 7, 7, 3), 50.0)]
    )
    found = posterior(evidence(training[:1], training.astype(np.float32), PatchForm(3, 2, 0.01)))
    np.testing.assert_allclose(found[0, :, :2], 0.5, rtol=1e-3)
    assert np.isfinite(found).all() and found[0, :, 2].max() == 0


def test_a_patch_of_the_images_own_side_is_the_softmax_over_whole_images() -> None:
    generated, training = images(2, seed=6), images(9, seed=7)
    form = PatchForm(7, 2, 0.5)
    squared = ((generated[:, None] - training[None]) ** 2).sum((2, 3, 4))
    weights = np.exp(-squared / (2 * form.sigma**2))
    found = posterior(evidence(generated, training, form))
    assert found.shape == (2, 1, 9)
    np.testing.assert_allclose(
        found[:, 0], weights / weights.sum(1, keepdims=True), rtol=1e-3, atol=1e-6
    )


def test_patches_cover_an_even_square_and_one_too_large_is_refused() -> None:
    seen = np.zeros((1, 32, 32, 1), np.float32)
    places = patches(np.arange(32 * 32, dtype=np.float32).reshape(1, 32, 32, 1), PatchForm())
    seen.reshape(-1)[places.astype(int).ravel()] = 1
    assert places.shape == (1, 169, 64) and seen.all()
    with pytest.raises(SettingsError, match="8 px does not fit an image of 7 px"):
        evidence(images(1, seed=0), images(1, seed=1), PatchForm())


def test_training_patches_may_lie_denser_than_generated_ones() -> None:
    generated, training = images(1, seed=2), images(4, seed=3)
    moved = np.roll(training[2:3], 1, axis=1)
    sharp = PatchForm(3, 2, 0.01)
    coarse, dense = (
        posterior(evidence(moved, training, sharp, step_px=step))[0] for step in (2, 1)
    )
    inside = coarse.reshape(3, 3, 4)[1:], dense.reshape(3, 3, 4)[1:]  # the first row has wrapped
    assert inside[1][..., 2].min() > 0.99 > inside[0][..., 2].mean()
    same = evidence(generated, training, FORM, step_px=FORM.stride_px)
    np.testing.assert_array_equal(same, evidence(generated, training, FORM))


def test_the_likeliest_are_those_nearest_to_explaining_a_position_best() -> None:
    found = np.array([[0, -5, -900, -3], [-1000, -1, -700, -1000]], np.float32)
    assert likeliest(found, 2).tolist() == [0, 1]
    assert likeliest(found, 3).tolist() == [0, 1, 3]
    assert likeliest(found, 9).tolist() == [0, 1, 2, 3]


def test_a_cell_has_the_mean_of_the_patches_over_it() -> None:
    form, side_px = PatchForm(4, 2, 0.1), 8
    weights = np.random.default_rng(0).random((9, 5), dtype=np.float32)
    found = by_cell(weights, form, side_px)
    assert found.shape == (4, 4, 5)
    grid = weights.reshape(3, 3, 5)
    np.testing.assert_allclose(found[0, 0], grid[0, 0], rtol=1e-6)
    np.testing.assert_allclose(found[0, 1], grid[0, :2].mean(0), rtol=1e-6)
    np.testing.assert_allclose(found[2, 1], grid[1:3, 0:2].mean((0, 1)), rtol=1e-6)
    sharp = np.zeros((9, 5), np.float32)
    sharp[np.arange(9), np.arange(9) % 5] = 1
    np.testing.assert_allclose(by_cell(sharp, form, side_px).sum(2), 1, rtol=1e-6)


def test_quadrant_distances_are_exact() -> None:
    rng = np.random.default_rng(1)
    one, others = (rng.integers(0, 256, shape, np.uint8) for shape in ((8, 8, 3), (30, 8, 8, 3)))
    squared = ((others.astype(np.int64) - one) ** 2).sum(3)
    found = quadrant_distances(one[None], others)
    for q, (row, column) in enumerate(((0, 0), (0, 4), (4, 0), (4, 4))):
        part = squared[:, row : row + 4, column : column + 4].sum((1, 2))
        np.testing.assert_array_equal(found[q], part)
    ways = quadrant_distances(np.stack([one, others[3]]), others)
    np.testing.assert_array_equal(ways, np.minimum(found, quadrant_distances(others[3:4], others)))
    assert (ways[:, 3] == 0).all()


@pytest.mark.parametrize("grey", [False, True])
def test_regions_of_a_mosaic_name_their_quadrants_source(grey: bool) -> None:
    training = demo_images(grey=grey)
    form, right = PatchForm(sigma=0.03 if grey else 0.05), []
    for seed in range(8):
        mosaic, rows, truth = mosaic_of(training, seed=seed)
        noisy = with_noise(mosaic[None], form.sigma, seed=0)
        weights = posterior(evidence(noisy, training, form))[0]
        right.append((by_cell(weights, form, 32).argmax(2) == truth).mean())
        assert set(weights.mean(0).argsort()[-4:]) == set(rows)
    assert np.mean(right) >= 0.9
