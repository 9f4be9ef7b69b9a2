"""Area averaging: by hand, its mean, and sides that divide."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.images.area import area_average
from tests.fakes import draw


def test_parts_of_pixels_by_hand() -> None:
    row = np.array([[[0], [90], [30]]], np.uint8)
    # Each of two parts is 1.5 pixels wide.
    np.testing.assert_allclose(area_average(row, 2)[:, :, 0], [[30, 50]] * 2, rtol=1e-6)


@pytest.mark.parametrize("side", [1, 5, 16, 24, 40])
def test_the_mean_of_each_channel_stays(side: int) -> None:
    image = draw(3)[:, :17]
    made = area_average(image, side)
    assert made.shape == (side, side, 3)
    np.testing.assert_allclose(made.mean((0, 1)), image.mean((0, 1)), rtol=1e-5)


def test_a_side_that_divides_is_the_mean_of_blocks_and_the_own_side_changes_nothing() -> None:
    image = draw(4)
    blocks = image.reshape(8, 3, 8, 3, 3).mean((1, 3))
    np.testing.assert_allclose(area_average(image, 8), blocks, rtol=1e-5)
    np.testing.assert_array_equal(area_average(image, 24), image)
