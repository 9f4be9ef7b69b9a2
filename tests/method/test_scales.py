"""Two denoisers as one number: detail, weights, and sums that are those of the pairs."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.method.denoiser import BROAD, denoiser, left_out, losses, statistics
from gmv_core.method.influence import influence, probes
from gmv_core.method.scales import (
    BROAD_WITH_DETAIL,
    add_relative_sums,
    detail_of,
    no_relative_sums,
    relative_change,
    relative_influence,
    relative_probes,
    scales_of,
    spreads_of,
    total_relative_influence,
)
from gmv_core.types import Float64, Int64
from tests.method.conftest import drawn

SIDE = 6  # 36 numbers: more than BROAD


def sets() -> tuple[tuple[Float64, Int64], tuple[Float64, Int64]]:
    every = drawn(207, SIDE**2)
    return (every[0][:200], every[1][:200]), (every[0][200:], every[1][200:])


def test_detail_is_full_for_images_like_the_training_images_and_none_without_fine_detail() -> None:
    (x, codes), (g, asked) = sets()
    whole = denoiser(statistics([(x, codes)], 3))
    assert detail_of(whole, [(x[:90], codes[:90]), (x[90:], codes[90:])]) == pytest.approx(1)
    broad = whole.directions[0][:, -BROAD:]
    mean = whole.statistics.means[asked]
    assert detail_of(whole, [(mean + (g - mean) @ broad @ broad.T, asked)]) < 1e-20
    half = mean + (g - mean) * np.sqrt(0.5)
    assert detail_of(whole, [(half, asked)]) == pytest.approx(
        min(1, detail_of(whole, [(g, asked)]) / 2), abs=0.3
    )
    assert detail_of(whole, []) == 1


@pytest.mark.parametrize("detail", [0.0, 0.25, 1.0])
def test_detail_decides_directions_and_weights(detail: float) -> None:
    (x, codes), _ = sets()
    whole = denoiser(statistics([(x, codes)], 3))
    scales = scales_of(whole, SIDE, detail)
    # at most half of the directions that there are
    kept = min(BROAD + (BROAD_WITH_DETAIL - BROAD) * detail, SIDE**2 / 2)
    assert scales[0].denoiser.kept.sum() == pytest.approx(kept)
    assert sum(each.weight for each in scales) == pytest.approx(1)
    if not detail:
        assert len(scales) == 1
        return
    assert scales[1].weight / scales[0].weight == pytest.approx(detail)
    assert scales[1].denoiser.kept.shape == (9, 4)
    assert scales[1].denoiser.kept.sum() == pytest.approx(18)  # half of 4 in each of 9 blocks


def test_influence_is_the_weighted_mean_of_the_shares_and_its_sums_agree() -> None:
    (x, codes), (g, asked) = sets()
    scales = scales_of(denoiser(statistics([(x, codes)], 3)), SIDE, 0.5)
    expected = sum(
        each.weight * influence(each.denoiser, probes(each.denoiser, g, asked), x, codes)
        / losses(each.denoiser, g, asked)[:, None]
        for each in scales
    )  # fmt: skip
    held, spread = relative_probes(scales, g, asked), spreads_of(scales, x, codes)
    pairs = relative_influence(scales, held, x, codes, spread=spread)
    np.testing.assert_allclose(pairs, expected, atol=1e-12 * np.abs(expected).max())
    sums = no_relative_sums(scales)
    for part in (slice(0, 3), slice(3, 7)):
        sums = add_relative_sums(scales, sums, relative_probes(scales, g[part], asked[part]))
    total = total_relative_influence(scales, sums, x, codes, spread=spread)
    np.testing.assert_allclose(total, pairs.sum(0), atol=1e-11 * np.abs(total).max())


def test_the_change_without_one_of_many_images_is_near_its_influence() -> None:
    x, codes = drawn(6000, SIDE**2)
    g, asked = drawn(7, SIDE**2, seed=9)
    found = statistics([(x, codes)], 3)
    scales = scales_of(denoiser(found), SIDE, 0.5)
    first = relative_influence(scales, relative_probes(scales, g, asked), x[:1], codes[:1])[:, 0]
    change = relative_change(scales, left_out(found, x[:1], codes[:1]), g, asked, asked)
    np.testing.assert_allclose(first, change, rtol=0.02, atol=0.01 * np.abs(change).max())
