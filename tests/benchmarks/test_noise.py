"""Planted noise, the readings of a run, and the embedder that remembers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.kit.data import Images
from benchmarks.truth.noise.planting import KINDS, plant
from benchmarks.truth.noise.readings import (
    OTHER_CLASS,
    OWN,
    OWN_CLASS,
    PRODUCT,
    TIES,
    TWIN,
    VALUE,
    better_value,
    first_by,
    near_value,
    suspicions,
)
from benchmarks.truth.noise.remembered import RememberingEmbedder
from gmv_core import Workspace, build, open_run, open_source, value
from gmv_core.models.embedders.embedder import NetworkEmbedder
from tests.fakes import DIM, FAKE, SIDE_PX, fake_embedder, fake_vectors, write_images

N, SIDE = 40, 6


def drawn() -> Images:
    rng = np.random.default_rng(3)
    pixels = rng.integers(40, 200, (N, SIDE, SIDE, 1), dtype=np.uint8)
    return Images(pixels, np.arange(N) % 4, tuple("abcd"))


def foreign() -> np.ndarray:
    return (
        np.full((N, SIDE, SIDE, 1), 255, np.uint8)
        - np.arange(N, dtype=np.uint8)[:, None, None, None]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_marked_images_are_changed_and_equal_seeds_plant_the_same(kind: str) -> None:
    images = drawn()
    before = images.pixels.copy()
    made = plant(images, kind, 0.1, seed=1, foreign=foreign())
    again = plant(images, kind, 0.1, seed=1, foreign=foreign())
    assert made.noisy.sum() == 4
    changed = (made.images.pixels != images.pixels).any(axis=(1, 2, 3))
    changed |= made.images.classes != images.classes
    assert np.array_equal(changed, made.noisy)
    assert np.array_equal(made.images.pixels, again.images.pixels)
    assert np.array_equal(made.images.classes, again.images.classes)
    assert np.array_equal(images.pixels, before)
    other = plant(images, kind, 0.1, seed=2, foreign=foreign())
    assert not np.array_equal(made.noisy, other.noisy)


def test_every_kind_plants_in_the_same_places_and_a_smaller_share_in_some_of_them() -> None:
    images = drawn()
    marks = [plant(images, kind, 0.2, seed=5, foreign=foreign()).noisy for kind in KINDS]
    assert all(np.array_equal(mark, marks[0]) for mark in marks)
    fewer = plant(images, "foreign", 0.1, seed=5, foreign=foreign()).noisy
    assert (fewer <= marks[0]).all() and fewer.sum() == 4


def test_gaussian_noise_has_its_sigma() -> None:
    flat = Images(np.full((20, 30, 30, 1), 128, np.uint8), np.zeros(20, int), ("a",))
    made = plant(flat, "gaussian-0.1", 0.5, seed=0, foreign=foreign())
    noise = made.images.pixels[made.noisy].astype(float) - 128
    assert noise.std() == pytest.approx(25.5, rel=0.03)


def test_a_near_duplicate_is_a_clean_image_moved_by_one_pixel_with_its_class() -> None:
    images = drawn()
    made = plant(images, "near-duplicate", 0.2, seed=2, foreign=foreign())
    clean = np.flatnonzero(~made.noisy)
    for row in np.flatnonzero(made.noisy):
        inner = made.images.pixels[row, 1:-1, 1:-1, 0].astype(float).ravel()
        fits = [
            (np.corrcoef(inner, images.pixels[o, dy : dy + 4, dx : dx + 4, 0].ravel())[0, 1], o)
            for o in clean
            for dy in range(3)
            for dx in range(3)
            if (dy, dx) != (1, 1)
        ]
        likeness, origin = max(fits)
        assert likeness > 0.99
        assert made.images.classes[row] == images.classes[origin]


def test_a_wrong_class_leaves_the_pixels_and_a_foreign_image_the_class() -> None:
    images = drawn()
    wrong = plant(images, "wrong-class", 0.2, seed=2, foreign=foreign())
    assert np.array_equal(wrong.images.pixels, images.pixels)
    assert (wrong.images.classes[wrong.noisy] != images.classes[wrong.noisy]).all()
    other = plant(images, "foreign", 0.2, seed=2, foreign=foreign())
    assert np.array_equal(other.images.classes, images.classes)
    taken = {image.tobytes() for image in other.images.pixels[other.noisy]}
    assert len(taken) == 8 and taken <= {image.tobytes() for image in foreign()}


def test_first_by_goes_to_the_next_suspicion_only_for_ties() -> None:
    first = np.array([0.0, 0.0, -1.0, 0.0])
    second = np.array([1.0, 3.0, 9.0, 1.0])
    assert first_by(first, second).tolist() == [1, 2, 0, 1]


def test_an_image_is_embedded_once_and_a_fork_keeps_its_own_memories() -> None:
    asked: list[int] = []

    def counted(pixels: np.ndarray) -> tuple[np.ndarray, ...]:
        asked.append(len(pixels))
        return fake_vectors(pixels)

    remembering = RememberingEmbedder(NetworkEmbedder(FAKE, SIDE_PX, DIM, 5.0, counted))
    pixels = np.random.default_rng(0).integers(0, 256, (6, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    remembering(pixels[:4])
    fork = remembering.fork()
    vectors, features = fork(pixels[::-1])
    assert asked == [4, 2]
    plain = fake_embedder()(pixels[::-1])
    assert np.array_equal(vectors, plain[0])
    assert features is not None and np.array_equal(features, plain[1])
    assert len(remembering.known) == 4 and len(fork.known) == 6


@pytest.fixture
def read(workspace: Workspace, tmp_path: Path) -> dict[str, np.ndarray]:
    """The readings of 20 images in 3 classes, the last a twin of the first under another label."""
    folder = write_images(tmp_path / "training", 19)
    (folder / "class2" / "0000-twin.png").write_bytes((folder / "class0" / "0000.png").read_bytes())
    made = write_images(tmp_path / "generated", 6, first_seed=100)
    embedder = fake_embedder()
    build(workspace, open_source(folder), name="set", embedder=embedder)
    value(workspace, open_source(made), against="set", name="run", embedder=embedder)
    return suspicions(workspace, "run", seed=0)


def test_the_readings_of_a_run(read: dict[str, np.ndarray], workspace: Workspace) -> None:
    result = open_run(workspace, "run")
    names = result.training.images.read(["name"])["name"].to_pylist()
    assert all(len(suspicion) == 20 and np.isfinite(suspicion).all() for suspicion in read.values())
    by_product = [names[row] for row in np.argsort(-read[PRODUCT])]
    assert by_product == result.noisy()["training"].tolist()
    twins = [names.index("class0/0000.png"), names.index("class2/0000-twin.png")]
    assert set(np.argsort(-read[TWIN])[:2]) == set(twins)
    nearest = read[TWIN][twins]
    assert np.allclose(nearest, 0, atol=0.01)  # vectors are stored in half precision
    assert ((read[OTHER_CLASS] >= 0) & (read[OTHER_CLASS] <= 1)).all()


def test_value_of_near_matches_and_of_the_better_half(
    read: dict[str, np.ndarray], workspace: Workspace
) -> None:
    result = open_run(workspace, "run")
    assert np.allclose(near_value(result, np.inf), -read[VALUE])
    assert not near_value(result, 0.0).any()
    table = result.generated_table(("quality", "nearest_distance"))
    nearest = table["nearest_distance"].sort_values().to_numpy()
    assert not near_value(result, nearest[0] - 0.01).any()
    assert 0 < near_value(result, nearest[-1]).sum() < read[VALUE].sum() * -1
    q = table["quality"].to_numpy()
    assert np.isclose(better_value(result).sum(), q[q >= np.median(q)].sum())


def test_every_rule_for_ties_keeps_the_order_of_value(read: dict[str, np.ndarray]) -> None:
    for rule in TIES.values():
        order = np.argsort(-read[rule], kind="stable")
        assert (np.diff(-read[VALUE][order]) >= 0).all()


def test_own_neighbours_are_other_images(read: dict[str, np.ndarray], workspace: Workspace) -> None:
    from gmv_core.store.columns import all_vectors

    vectors = all_vectors(open_run(workspace, "run").training.embeddings(FAKE))[1]
    d = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    d[np.arange(20), np.arange(20)] = np.inf
    assert np.allclose(read[OWN], np.sort(d, axis=1)[:, :10].mean(axis=1), atol=2e-3)


def test_by_own_class_without_other_classes_is_by_value_and_mean_distance(
    workspace: Workspace, tmp_path: Path
) -> None:
    embedder = fake_embedder()
    training = write_images(tmp_path / "training", 15, labels=1)
    made = write_images(tmp_path / "generated", 4, first_seed=60, labels=1)
    build(workspace, open_source(training), name="set", embedder=embedder)
    value(workspace, open_source(made), against="set", name="run", embedder=embedder)
    read = suspicions(workspace, "run", seed=0)
    orders = (np.argsort(-read[name], kind="stable") for name in (OWN_CLASS, TIES["mean distance"]))
    assert len({tuple(order.tolist()) for order in orders}) == 1
