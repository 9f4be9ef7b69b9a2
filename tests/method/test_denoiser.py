"""The linear denoiser: its statistics against plain formulas, its loss against drawn noise."""

from __future__ import annotations

import numpy as np
import pytest

from gmv_core.errors import ModelError, SettingsError
from gmv_core.method.denoiser import (
    Statistics,
    denoiser,
    left_out,
    losses,
    nearest_classes,
    noise_level,
    refitted_losses,
    square_blocks,
    statistics,
)
from gmv_core.types import Float64, Int64
from tests.method.conftest import CLASSES, D, N, drawn

BLOCKS = np.random.default_rng(2).permutation(D).reshape(3, -1)


def plain(x: Float64, codes: Int64) -> Statistics:
    """The same by definition."""
    means = np.stack([x[codes == c].mean(0) if (codes == c).any() else np.zeros(x.shape[1])
                      for c in range(CLASSES)])  # fmt: skip
    z = x - means[codes]
    return Statistics(np.bincount(codes, minlength=CLASSES), means, z.T @ z)


def assert_equal(one: Statistics, other: Statistics) -> None:
    assert one.counts.tolist() == other.counts.tolist()
    np.testing.assert_allclose(one.means, other.means, atol=1e-12)
    np.testing.assert_allclose(one.scatter, other.scatter, atol=1e-11)


@pytest.mark.parametrize("size", [1, 7, N])
def test_statistics_are_those_of_the_definition_in_any_blocks(size: int) -> None:
    x, codes = drawn()
    parts = [(x[i : i + size], codes[i : i + size]) for i in range(0, N, size)]
    parts.insert(0, (x[:0], codes[:0]))  # a block of rejected images
    assert_equal(statistics(parts, CLASSES), plain(x, codes))


def test_statistics_do_not_depend_on_the_order() -> None:
    x, codes = drawn()
    order = np.random.default_rng(1).permutation(N)
    assert_equal(statistics([(x[order], codes[order])], CLASSES), plain(x, codes))


def test_no_image_is_an_error() -> None:
    with pytest.raises(ModelError, match="there are 0"):
        statistics([], CLASSES)


@pytest.mark.parametrize("gone", [1, 20, 59])
def test_leaving_out_equals_measuring_the_rest(gone: int) -> None:
    x, codes = drawn()
    order = np.random.default_rng(2).permutation(N)
    out, kept = order[:gone], order[gone:]
    found = left_out(plain(x, codes), x[out], codes[out])
    assert_equal(found, plain(x[kept], codes[kept]))


def test_a_whole_class_and_nobody_can_be_left_out_but_not_everybody() -> None:
    x, codes = drawn()
    one = codes == 1
    found = left_out(plain(x, codes), x[one], codes[one])
    assert found.counts[1] == 0
    assert_equal(found, plain(x[~one], codes[~one]))
    assert_equal(left_out(found, x[:0], codes[:0]), found)
    with pytest.raises(ModelError, match="No training image would remain"):
        left_out(found, x[~one], codes[~one])


@pytest.mark.parametrize("kept", [0.5, 3.0, 4.4])
def test_the_noise_level_keeps_the_directions_asked_for(kept: float) -> None:
    made = denoiser(plain(*drawn()), kept=kept)
    assert made.kept.sum() == pytest.approx(kept, rel=1e-12)


def test_where_there_are_few_directions_half_of_them_are_kept() -> None:
    assert denoiser(plain(*drawn())).kept.sum() == pytest.approx(D / 2, rel=1e-12)
    x, codes = drawn(6)  # fewer images than pixels: 6 less the classes that occur
    rank = 6 - len(np.unique(codes))
    assert denoiser(plain(x, codes)).kept.sum() == pytest.approx(rank / 2, rel=1e-9)
    constant = np.concatenate([drawn()[0], np.ones((N, 4))], axis=1)
    made = denoiser(plain(constant, drawn()[1]))
    assert made.kept.sum() == pytest.approx(D / 2, rel=1e-9)


def test_equal_images_cannot_be_told_apart() -> None:
    with pytest.raises(ModelError, match="differ within a class"):
        noise_level(np.zeros(4))


def test_the_loss_is_the_mean_squared_error_over_drawn_noise() -> None:
    x, codes = drawn()
    made = denoiser(plain(x, codes), kept=3)
    covariance = made.statistics.scatter / N
    matrix = covariance @ np.linalg.inv(covariance + made.sigma**2 * np.eye(D))
    noise = np.random.default_rng(3).normal(size=(200_000, D))
    g = x[0] - made.statistics.means[codes[0]]
    errors = (((g + made.sigma * noise) @ matrix.T - g) ** 2).sum(1)
    off = 5 * errors.std() / len(errors) ** 0.5
    assert losses(made, x[:1], codes[:1])[0] == pytest.approx(errors.mean(), abs=off)


def test_the_denoiser_is_the_best_linear_map_of_its_training_images() -> None:
    x, codes = drawn()
    made = denoiser(plain(x, codes), kept=3)
    total = losses(made, x, codes).mean()
    for sigma in (0.9 * made.sigma, 1.1 * made.sigma):  # another map, judged at the same noise
        other = denoiser(made.statistics, sigma=sigma)
        z = x - made.statistics.means[codes]
        left = ((z @ other.directions[0]) ** 2 @ (1 - other.kept[0]) ** 2).mean()
        assert total < left + made.sigma**2 * (other.kept**2).sum()


def test_the_nearest_class_is_one_that_has_images() -> None:
    found = Statistics(np.array([2, 0, 3]), np.array([[0.0, 0], [0.4, 0.4], [1, 1]]), np.eye(2))
    assert nearest_classes(found, np.array([[0.45, 0.45], [0.6, 0.6]])).tolist() == [0, 2]


@pytest.mark.parametrize("blocks", [None, BLOCKS], ids=["whole", "blocks"])
@pytest.mark.parametrize("n", [N, 8])
def test_losses_of_a_refit_need_no_eigenvalues(n: int, blocks: Int64 | None) -> None:
    found = plain(*drawn(n))
    x, codes = drawn(7, seed=9)
    for sigma in (0.05, 1.0):
        made = denoiser(found, sigma=sigma, blocks=blocks)
        other = denoiser(plain(*drawn(N, seed=3)), sigma=sigma, blocks=blocks)
        np.testing.assert_allclose(
            refitted_losses(other, found, x, codes), losses(made, x, codes), rtol=1e-9
        )


def test_a_denoiser_of_blocks_is_one_of_each_block() -> None:
    x, codes = drawn()
    made = denoiser(plain(x, codes), kept=1, blocks=BLOCKS)
    assert made.kept.sum() == pytest.approx(len(BLOCKS), rel=1e-9)
    parts = [denoiser(plain(x[:, block], codes), sigma=made.sigma) for block in BLOCKS]
    total = sum(losses(part, x[:, block], codes) for part, block in zip(parts, BLOCKS, strict=True))
    np.testing.assert_allclose(losses(made, x, codes), total, rtol=1e-9)
    np.testing.assert_array_equal(made.joined(made.split(x)), x)


def test_square_blocks_tile_the_image() -> None:
    blocks = square_blocks(4, 3, 2)
    image = np.arange(4 * 4 * 3).reshape(4, 4, 3)
    assert blocks.shape == (4, 12)
    np.testing.assert_array_equal(blocks[1], image[:2, 2:].ravel())
    assert sorted(blocks.ravel().tolist()) == list(range(48))
    with pytest.raises(SettingsError, match="5 px cannot be cut into blocks of 2 px"):
        square_blocks(5, 3, 2)
