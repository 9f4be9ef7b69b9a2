"""The colours: seen on both grounds, and told apart by everyone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from gmv_core.plots.look import ACCENT, ALARM, BETWEEN, OWNER_COLOURS, QUIET, WARNING
from gmv_core.plots.map import KINDS, MOST_KINDS

PALETTE = (ACCENT, QUIET, BETWEEN, WARNING, ALARM, *OWNER_COLOURS)
# Linear RGB as it is seen without a kind of cone: Machado, Oliveira and Fernandes, IEEE
# Transactions on Visualization and Computer Graphics 15, 2009, severity 1.
EYES = {
    "all cones": np.eye(3),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
}  # fmt: skip
APART = {"all cones": 15, "deuteranopia": 9, "protanopia": 9}  # CIEDE2000; 1 is just noticeable


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(colour: str, eyes: np.ndarray) -> np.ndarray:
    seen = np.clip(eyes @ linear(colour), 0, 1)
    return rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("ground", ["#ffffff", "#121817"])
@pytest.mark.parametrize("colour", PALETTE)
def test_colours_stand_out_on_both_grounds(colour: str, ground: str) -> None:
    low, high = sorted(float(linear(one) @ [0.2126, 0.7152, 0.0722]) for one in (colour, ground))
    assert (high + 0.05) / (low + 0.05) >= 3


@pytest.mark.parametrize("eyes", EYES)
def test_no_two_colours_are_taken_for_each_other(eyes: str) -> None:
    """Standings, the accent and owners among themselves and from each other."""
    near = {
        pair: round(float(deltaE_ciede2000(*(lab(one, EYES[eyes]) for one in pair))), 1)
        for pair in combinations(PALETTE, 2)
    }
    assert {pair: far for pair, far in near.items() if far < APART[eyes]} == {}


def test_the_map_has_no_colours_but_these() -> None:
    assert len(KINDS) == MOST_KINDS == len({*KINDS} & {*PALETTE})
