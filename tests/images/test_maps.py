"""Maps as pictures: zero is white, sign is colour, and pictures keep their pixels."""

from __future__ import annotations

import numpy as np

from gmv_core.images.maps import (
    BLUE,
    COLOURS,
    GAP_PX,
    OTHERS,
    PICTURE_PX,
    RED,
    coloured,
    differing,
    heat,
    side_by_side,
    stained,
    tinted,
)


def test_heat_is_white_at_zero_and_full_at_the_largest_of_either_sign() -> None:
    found = heat(np.array([[2.0, 0.0], [-2.0, 1.0]]))
    assert found[0, 0].tolist() == list(BLUE) and found[1, 0].tolist() == list(RED)
    assert found[0, 1].tolist() == [255, 255, 255]
    assert found[1, 1].tolist() == [round((255 + part) / 2) for part in BLUE]
    assert (heat(np.zeros((3, 3))) == 255).all()


def test_the_first_sources_have_colours_and_the_others_are_grey() -> None:
    sources = np.arange(9).reshape(3, 3)
    found = coloured(sources, [4, 0, *range(10, 20)])
    assert found[1, 1].tolist() == list(COLOURS[0]) and found[0, 0].tolist() == list(COLOURS[1])
    assert found[2, 2].tolist() == list(OTHERS)


def test_pictures_of_any_size_stand_side_by_side() -> None:
    sheet = side_by_side([np.zeros((2, 2, 3), np.uint8), np.full((5, 7, 3), 9, np.uint8)], 10)
    assert sheet.shape == (10, 20 + GAP_PX, 3)
    assert (sheet[:, :10] == 0).all() and (sheet[:, 10 + GAP_PX :] == 9).all()
    assert (sheet[:, 10 : 10 + GAP_PX] == 255).all()


def test_a_map_over_an_image_keeps_its_shape_and_clears_what_is_low() -> None:
    pixels = np.full((20, 10, 3), 120, np.uint8)
    values = np.zeros((4, 4))
    values[0] = 1.0
    shown = differing(pixels, values)
    assert shown.shape == (PICTURE_PX, PICTURE_PX // 2, 3)
    assert (shown[-1] == 120).all()
    assert shown[0, 0, 0] > shown[0, 0, 2], "red where it is high"
    values[3] = -1.0
    both = tinted(pixels, values)
    assert both[0, 0, 2] > both[0, 0, 0] and both[-1, 0, 0] > both[-1, 0, 2]
    assert (tinted(pixels, np.zeros((4, 4))) == 120).all()


def test_regions_over_an_image_have_sharp_edges() -> None:
    pixels = np.zeros((28, 28, 3), np.uint8)
    shown = stained(pixels, np.array([[7, 7], [9, 8]]), {7: (255, 0, 0), 9: (0, 255, 0)})
    half = PICTURE_PX // 2
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) == 3
    assert shown[half - 1, -1, 0] == 153 and shown[half, 0, 1] == 153
    assert len(set(shown[half, -1].tolist())) == 1, "grey without a colour of its own"
