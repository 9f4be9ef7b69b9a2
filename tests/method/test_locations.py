"""Maps add up: to the distance, and to the influence of the pair."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.errors import ModelError
from gmv_core.method.denoiser import denoiser, statistics
from gmv_core.method.locations import distance_by_location, influence_by_pixel
from gmv_core.method.scales import Scale, Scales, relative_influence, relative_probes
from gmv_core.types import Float64, Int64

SHAPES = ((3, 8, 8), (5, 4, 4), (2, 1, 1))
DIM = 3 * 64 + 5 * 16 + 2


def vectors(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=DIM).astype(np.float32)


def test_the_map_adds_up_to_the_distance_and_neither_image_comes_first() -> None:
    a, b = vectors(0), vectors(1)
    found = distance_by_location(a, b, SHAPES)
    assert found.shape == (8, 8) and found.min() >= 0
    assert found.sum() == pytest.approx(((a.astype(float) - b) ** 2).sum(), rel=1e-12)
    np.testing.assert_array_equal(distance_by_location(b, a, SHAPES), found)
    assert distance_by_location(a, a, SHAPES).sum() == 0


def test_a_difference_lies_where_its_position_is() -> None:
    a = np.zeros(DIM, np.float32)
    fine, coarse, whole = a.copy(), a.copy(), a.copy()
    fine.reshape(-1)[64 + 8 * 2 + 5] = 2  # channel 1, row 2, column 5
    coarse[3 * 64 + 4 * 16 + 4 * 1 + 3] = 2  # channel 4, row 1, column 3: two rows, two columns
    whole[-1] = 2
    expected = np.zeros((3, 8, 8))
    expected[0, 2, 5] = 4
    expected[1, 2:4, 6:8] = 1
    expected[2] = 4 / 64
    for one, place in zip((fine, coarse, whole), expected, strict=True):
        np.testing.assert_allclose(distance_by_location(one, a, SHAPES), place)


def test_maps_of_another_network_are_refused() -> None:
    with pytest.raises(ModelError, match="has 274 numbers, which feature maps of"):
        distance_by_location(vectors(0), vectors(1), SHAPES[:2])


Linear = tuple[Scales, Float64, Int64]


@pytest.fixture
def linear() -> Linear:
    rng = np.random.default_rng(3)
    x = rng.random((40, 12))
    codes = rng.integers(0, 3, 40)
    found = statistics([(x, codes)], 3)
    blocks = rng.permutation(12).reshape(3, 4)
    return (
        (Scale(denoiser(found, kept=4.0), 0.6), Scale(denoiser(found, kept=1, blocks=blocks), 0.4)),
        x,
        codes,
    )


def test_pixels_add_up_to_the_pairs_influence(linear: Linear) -> None:
    scales, x, codes = linear
    g, own = np.random.default_rng(4).random((6, 12)), np.array([0, 1, 2, 0, 1, 2])
    asked = relative_probes(scales, g, own)
    every = relative_influence(scales, asked, x, codes)
    pair = relative_influence(scales, asked, x, codes, parts=("directions", "mean"))
    for i in (0, 7, 39):
        found = influence_by_pixel(scales, asked, x[i : i + 1], codes[i : i + 1])
        np.testing.assert_allclose([f.whole for f in found], every[:, i], rtol=1e-9, atol=1e-15)
        sums = [f.by_pixel.sum() for f in found]
        np.testing.assert_allclose(sums, pair[:, i], rtol=1e-9, atol=1e-15)
        signs = np.stack([f.by_pixel for f in found])
        assert (signs < 0).any() and (signs > 0).any()


def test_the_split_is_by_hand_and_a_pixel_at_the_mean_has_none(linear: Linear) -> None:
    scales, x, codes = linear
    x = x[:1].copy()
    mean = scales[0].denoiser.statistics.means[codes[0]]
    x[0, 5] = mean[5]
    other = np.array([(codes[0] + 1) % 3])
    asked = relative_probes(scales, np.random.default_rng(5).random((1, 12)), other)
    (found,) = influence_by_pixel(scales, asked, x, codes[:1])
    by_hand, z = np.zeros(12), x[0] - mean
    for each, one in zip(scales, asked, strict=True):
        for block in each.denoiser.blocks:
            u, v = one.u[0, block] @ z[block], one.v[0, block] @ z[block]
            part = z[block] * (u * one.v[0, block] + v * one.u[0, block]) / 2 / 40
            by_hand[block] += 2 * each.denoiser.sigma**4 * one.scale[0] * part
    np.testing.assert_allclose(found.by_pixel, by_hand)
    assert found.by_pixel[5] == 0


def test_the_order_and_number_of_generated_images_do_not_matter(linear: Linear) -> None:
    scales, x, codes = linear
    g, own = np.random.default_rng(6).random((3, 12)), np.array([2, 0, 1])
    every = influence_by_pixel(scales, relative_probes(scales, g, own), x[:1], codes[:1])
    for j in range(3):
        asked = relative_probes(scales, g[j : j + 1], own[j : j + 1])
        (one,) = influence_by_pixel(scales, asked, x[:1], codes[:1])
        np.testing.assert_allclose(one.by_pixel, every[j].by_pixel, rtol=1e-9, atol=1e-16)
