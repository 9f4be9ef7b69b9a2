"""Influence: against refitting with a weight, against plain matrices, and its sums."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.method.denoiser import Denoiser, Statistics, denoiser, losses, statistics
from gmv_core.method.influence import (
    PARTS,
    add_sums,
    extremes,
    influence,
    no_sums,
    probes,
    spreads,
    total_influence,
)
from gmv_core.types import Float64, Int64
from tests.method.conftest import CLASSES, D, N, drawn

GENERATED = drawn(7, seed=9)
SCALE = np.arange(1.0, 8.0)


def weighted(x: Float64, codes: Int64, weights: Float64) -> Statistics:
    """Means and covariance under weights, divided by their sum; counts only carry it."""
    means = np.stack([np.average(x[codes == c], axis=0, weights=weights[codes == c])
                      if (codes == c).any() else np.zeros(x.shape[1])
                      for c in range(CLASSES)])  # fmt: skip
    z = x - means[codes]
    scatter = (z.T * weights) @ z * (len(x) / weights.sum())
    return Statistics(np.bincount(codes, minlength=CLASSES), means, scatter)


def by_refitting(x: Float64, codes: Int64, like: Denoiser) -> Float64:
    """The derivative of −L by central differences in each training image's weight, (m, n)."""
    step, columns = 1e-5, []
    for i in range(len(x)):
        ends = []
        for sign in (1, -1):
            weights = np.ones(len(x))
            weights[i] += sign * step
            found = weighted(x, codes, weights)
            made = denoiser(found, sigma=like.sigma, blocks=like.blocks)
            ends.append(-losses(made, *GENERATED))
        columns.append((ends[0] - ends[1]) / (2 * step))
    return np.stack(columns, axis=1)


def of(x: Float64, codes: Int64, blocks: Int64 | None = None) -> Denoiser:
    kept = 3 if blocks is None else 1
    return denoiser(statistics([(x, codes)], CLASSES), kept=kept, blocks=blocks)


def several() -> tuple[Float64, Int64]:
    return drawn()


def one_class() -> tuple[Float64, Int64]:
    return drawn()[0], np.zeros(N, np.int64)


def class_of_one_and_class_of_two() -> tuple[Float64, Int64]:
    x, codes = drawn()
    codes = np.where(codes == 0, 0, 1)
    codes[0], codes[1:3] = 2, 0
    codes[3:] = 1
    return x, codes


def constant_pixels() -> tuple[Float64, Int64]:
    x, codes = drawn()
    x[:, [0, 4]] = 0.25
    return x, codes


def fewer_images_than_pixels() -> tuple[Float64, Int64]:
    return drawn(8)


CASES = [
    several, one_class, class_of_one_and_class_of_two, constant_pixels, fewer_images_than_pixels
]  # fmt: skip


BLOCKS = np.random.default_rng(2).permutation(D).reshape(3, -1)


@pytest.mark.parametrize("blocks", [None, BLOCKS], ids=["whole", "blocks"])
@pytest.mark.parametrize("case", CASES)
def test_influence_is_the_derivative_of_refitting_with_a_weight(case, blocks) -> None:  # noqa: ANN001
    x, codes = case()
    made = of(x, codes, blocks)
    pairs = influence(made, probes(made, *GENERATED), x, codes)
    expected = by_refitting(x, codes, made)
    np.testing.assert_allclose(pairs, expected, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("case", CASES)
def test_parts_are_those_of_plain_matrices(case) -> None:  # noqa: ANN001
    x, codes = case()
    made = of(x, codes)
    found, n, square = made.statistics, len(x), made.sigma**2
    covariance = found.scatter / n
    a = np.linalg.inv(covariance + square * np.eye(D))
    z, g = x - found.means[codes], GENERATED[0] - found.means[GENERATED[1]]
    expected = {name: np.zeros((len(g), n)) for name in PARTS}
    for j, i in np.ndindex(len(g), n):
        u, v = a @ g[j], a @ a @ g[j]
        expected["directions"][j, i] = (z[i] @ u) * (z[i] @ v) / n
        expected["spread"][j, i] = -z[i] @ a @ (np.eye(D) - square * a) @ a @ z[i] / n
        if codes[i] == GENERATED[1][j]:
            expected["mean"][j, i] = z[i] @ v / found.counts[codes[i]]
        expected["size"][j, i] = (np.trace(a @ a @ covariance @ a @ covariance)
                                  - u @ covariance @ v) / n  # fmt: skip
    for name in PARTS:
        one = influence(made, probes(made, *GENERATED), x, codes, parts=[name])
        scale = np.abs(expected[name]).max()
        np.testing.assert_allclose(one, 2 * square**2 * expected[name], atol=1e-9 * scale)
    every = influence(made, probes(made, *GENERATED), x, codes)
    np.testing.assert_allclose(every, 2 * square**2 * sum(expected.values()), atol=1e-9)


def test_influence_adds_up_to_nothing_over_the_training_images() -> None:
    x, codes = drawn()
    made = of(x, codes)
    asked = probes(made, *GENERATED)
    pairs = influence(made, asked, x, codes)
    np.testing.assert_allclose(pairs.sum(1), 0, atol=1e-12 * np.abs(pairs).sum())
    mean = influence(made, asked, x, codes, parts=["mean"])
    for c in range(CLASSES):
        np.testing.assert_allclose(mean[:, codes == c].sum(1), 0, atol=1e-12)


def test_blocks_and_order_change_nothing() -> None:
    x, codes = drawn()
    made = of(x, codes)
    whole = influence(made, probes(made, *GENERATED), x, codes)
    order = np.random.default_rng(4).permutation(N)
    other = of(x[order], codes[order])
    asked = probes(other, *GENERATED)
    for rows in np.array_split(np.arange(N), 7):
        block = influence(other, asked, x[order[rows]], codes[order[rows]])
        np.testing.assert_allclose(block, whole[:, order[rows]], rtol=1e-9, atol=1e-12)


def test_single_precision_keeps_six_figures() -> None:
    x, codes = drawn()
    made = of(x, codes)
    asked = probes(made, *GENERATED)
    exact = influence(made, asked, x, codes)
    rough = influence(made, asked, x.astype(np.float32), codes)
    assert rough.dtype == np.float32
    np.testing.assert_allclose(rough, exact, atol=2e-6 * np.abs(exact).max())


def test_leaving_one_image_of_many_out_is_near_the_first_order() -> None:
    x, codes = drawn(6000)
    made = of(x, codes)
    pairs = influence(made, probes(made, *GENERATED), x[:1], codes[:1])[:, 0]
    rest = denoiser(statistics([(x[1:], codes[1:])], CLASSES), sigma=made.sigma)
    lost = losses(rest, *GENERATED) - losses(made, *GENERATED)
    np.testing.assert_allclose(pairs, lost, rtol=0.02, atol=0.01 * np.abs(pairs).max())


@pytest.mark.parametrize("blocks", [None, BLOCKS], ids=["whole", "blocks"])
def test_sums_over_generated_images_are_those_of_the_pairs(blocks: Int64 | None) -> None:
    x, codes = drawn()
    made = of(x, codes, blocks)
    spread = spreads(made, x, codes)
    sums = no_sums(made)
    for part in (slice(0, 4), slice(4, 7)):
        sums = add_sums(
            made, sums, probes(made, GENERATED[0][part], GENERATED[1][part], SCALE[part])
        )
    expected = influence(made, probes(made, *GENERATED, SCALE), x, codes).sum(0)
    found = total_influence(made, sums, x, codes, spread=spread)
    np.testing.assert_allclose(found, expected, atol=1e-11 * np.abs(expected).max())


def test_extremes_of_blocks_are_those_of_the_whole() -> None:
    pairs = np.random.default_rng(5).normal(size=(4, 50))
    pairs[:, 30] = pairs[:, 10]
    before = None
    for rows in np.array_split(np.arange(50), 6):
        before = extremes(pairs[:, rows], rows, 8, before)
    assert before is not None
    order = np.argsort(-pairs, axis=1, kind="stable")[:, :8]
    assert before[1].tolist() == order.tolist()
    np.testing.assert_array_equal(before[0], np.take_along_axis(pairs, order, 1))
    few = extremes(pairs[:, :3], np.arange(3), 8)
    assert few[0].shape == (4, 3)
