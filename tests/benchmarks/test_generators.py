"""The generators of the truth benchmarks: they learn, they resume, and what measures them is right."""  # noqa: E501

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmarks.kit.data import DATA, Images, draw, read_images
from benchmarks.truth.generators import flow, gan, vae
from benchmarks.truth.generators import train as making
from benchmarks.truth.generators.sheet import GAP_PX, LEFT_PX, TILE_PX, TOP_PX, contact_sheet

FLOW = flow.Recipe(steps=3, batch=8, fine=8, coarse=8, heun_steps=2)
GAN = gan.Recipe(steps=3, batch=8, width=4)


def two_classes(shape: tuple[int, ...] = (8, 8, 1), count: int = 64) -> Images:
    """Return dark images of class 0 and bright ones of class 1, in turn."""
    classes = np.arange(count) % 2
    noise = np.random.default_rng(0).integers(0, 30, (count, *shape))
    pixels = (noise + 190 * classes.reshape(-1, 1, 1, 1)).astype(np.uint8)
    return Images(pixels, classes, ("dark", "bright"))


def brightness(pixels: np.ndarray, classes: np.ndarray) -> list[float]:
    return [float(pixels[classes == c].mean()) for c in (0, 1)]


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
@pytest.mark.parametrize("recipe", [FLOW, GAN, vae.Recipe(epochs=1, hidden=8)])
def test_generates_images_of_the_asked_shape_and_equal_ones_for_an_equal_seed(
    shape: tuple[int, ...], recipe: making.Recipe
) -> None:
    images, asked = two_classes(shape, 16), np.arange(5) % 2
    made = [making.train(images, recipe, seed=seed).sample(asked) for seed in (3, 3, 4)]
    assert made[0].shape == (5, *shape)
    assert made[0].dtype == np.uint8
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


@pytest.mark.parametrize(
    "recipe",
    [
        flow.Recipe(steps=120, batch=32, fine=16, coarse=16, heun_steps=4),
        gan.Recipe(steps=150, batch=32, width=8, rate=2e-3, critic_rate=2e-3),
        vae.Recipe(epochs=600, hidden=64),
    ],
)
def test_learns_what_each_class_looks_like(recipe: making.Recipe) -> None:
    asked = np.arange(40) % 2
    trained = making.train(two_classes(), recipe, seed=0)
    dark, bright = brightness(trained.sample(asked), asked)
    assert dark < 70
    assert bright > 150


class Fixed(nn.Module):
    """Stands for a flow that predicts one grey value for each class."""

    shape, classes = (1, 4, 4), 2

    def __init__(self, values: tuple[float, float, float]) -> None:
        super().__init__()
        self.values = torch.tensor(values)

    def forward(self, noisy: Tensor, t: Tensor, classes: Tensor) -> Tensor:
        return self.values[classes].view(-1, 1, 1, 1).expand_as(noisy)


def test_flow_ends_where_the_model_says_whatever_the_number_of_steps() -> None:
    for steps in (1, 3, 16):
        recipe = flow.Recipe(guidance=1.0, heun_steps=steps)
        made = flow.sample(Fixed((-1.0, 0.5, 0.0)), np.array([0, 1]), seed=0, recipe=recipe)
        assert np.unique(made[0]).tolist() == [0]
        assert np.abs(made[1].astype(int) - 191).max() <= 1  # (0.5 + 1) · 127.5


def test_guidance_goes_from_any_class_past_the_asked_one() -> None:
    """In one step from pure noise: 0 + 2 · (0.25 − 0) = 0.5."""
    recipe = flow.Recipe(guidance=2.0, heun_steps=1)
    made = flow.sample(Fixed((0.25, 0.0, 0.0)), np.array([0]), seed=0, recipe=recipe)
    assert np.unique(made).tolist() == [191]


def test_loss_of_a_flow_that_knows_the_image_is_zero_and_grows_with_its_error() -> None:
    classes = torch.zeros(16, dtype=torch.int64)

    def loss(says: float) -> float:
        torch.manual_seed(0)
        images = torch.ones(16, 1, 4, 4)
        return float(flow.flow_loss(Fixed((says, says, says)), images, classes, flow.drawn(images)))

    assert loss(1.0) == 0
    assert loss(0.0) == pytest.approx(4 * loss(0.5))


def test_average_of_weights_moves_towards_the_model_and_stays_between() -> None:
    average, model = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.zeros_(average.weight)
    nn.init.ones_(model.weight)
    flow.follow(list(average.parameters()), list(model.parameters()), 1)
    assert average.weight.item() == pytest.approx(1 - 2 / 11)
    flow.follow(list(average.parameters()), list(model.parameters()), 10**6)
    assert average.weight.item() == pytest.approx(1 - 2 / 11 * 0.998)


def test_settling_forgets_the_statistics_of_other_weights() -> None:
    torch.manual_seed(0)
    model = gan.Generator((8, 8, 1), 2, 4)
    asked = np.arange(6) % 2

    def settled() -> np.ndarray:
        torch.manual_seed(1)
        return gan.sample(gan.settled(model, 2), asked, seed=2)

    before = settled()
    for layer in model.norms:
        layer.norm.running_mean.fill_(50.0)
    assert not np.array_equal(gan.sample(model.eval(), asked, seed=2), before)
    assert np.array_equal(settled(), before)


@pytest.fixture
def options(tmp_path: Path) -> argparse.Namespace:
    return argparse.Namespace(work=tmp_path, seed=0, quick=True, json=False)


SIZES = making.Sizes(None, 6, 10, {"fashion/vae": vae.Recipe(epochs=1, hidden=8)})


def test_writes_the_asked_classes_in_folders_and_does_not_train_twice(
    options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, folder = two_classes(), options.work / "generated" / "fashion" / "vae"
    making.provide(options, "fashion", "vae", images, SIZES)
    written = read_images(folder, images.names)
    assert written.classes.tolist() == [0, 1, 0, 1, 0, 1]
    trained = []
    original = making.train
    monkeypatch.setattr(making, "train", lambda *a, **k: trained.append(a) or original(*a, **k))
    making.provide(options, "fashion", "vae", images, SIZES)
    assert not trained
    fewer = replace(SIZES, generated=4)
    making.provide(options, "fashion", "vae", images, fewer)
    assert len(trained) == 1
    assert len(read_images(folder, images.names)) == 4  # none of the older six is left
    (folder / "recipe.json").unlink()  # as if it had been cut off while writing
    making.provide(options, "fashion", "vae", images, fewer)
    assert len(trained) == 2


def test_sheet_shows_the_first_image_of_each_class_under_its_title() -> None:
    images = two_classes()
    sheet = np.asarray(contact_sheet({"real": images}, images.names))
    for column in (0, 1):
        left = LEFT_PX + column * (TILE_PX + GAP_PX)
        tile = sheet[TOP_PX : TOP_PX + TILE_PX, left : left + TILE_PX]
        assert tile.mean() == pytest.approx(images.pixels[column].mean(), abs=2)


@pytest.mark.models
def test_fidelity_of_equal_images_is_perfect_and_noise_is_far() -> None:
    from benchmarks.truth.generators.fidelity import reference

    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, 28)[None, :, None, None] * rng.uniform(0.2, 1, (40, 1, 28, 1))
    real = (ramp + rng.integers(0, 50, (40, 28, 28, 1))).astype(np.uint8)
    noise = rng.integers(0, 256, (40, 28, 28, 1)).astype(np.uint8)
    with reference(real) as against:
        same, other = against.measure(real), against.measure(noise)
        turned = against.measure(noise[::-1])
    assert same.fid == pytest.approx(0, abs=1e-3)
    assert (same.precision, same.recall) == (1, 1)
    assert other.fid > 0.1
    assert other.precision < 0.2
    assert turned.fid == pytest.approx(other.fid, abs=1e-3)


@pytest.mark.models
def test_fidelity_is_on_the_vectors_that_the_product_searches_in() -> None:
    from benchmarks.truth.generators.fidelity import EXTRACTOR, LAYER, Pixels, Vectors
    from gmv_core.matching.matcher import embed_previews
    from gmv_core.models.embedders.lite0 import load_lite0

    grey = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1)).astype(np.uint8)
    pixels = Pixels(grey)
    ours = Vectors(EXTRACTOR, [LAYER])(torch.stack([pixels[i] for i in range(3)]))[0]
    previews = [np.repeat(image, 3, axis=2) for image in grey]
    assert np.allclose(ours, embed_previews(load_lite0("fp32"), previews)[0], atol=1e-6)


@pytest.mark.models
def test_quick_run_measures_all_generators_and_draws_them(
    options: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)

    def load(data: str, options: argparse.Namespace, *, drawn: int = 100) -> Images:
        shape = (28, 28, 1) if data == "fashion" else (32, 32, 3)
        names = tuple("0123456789")
        images = Images(rng.integers(0, 256, (200, *shape), np.uint8), np.arange(200) % 10, names)
        return draw(images, drawn, seed=options.seed)

    monkeypatch.setattr(making, "available", lambda _: list(DATA))
    monkeypatch.setattr(making, "load", load)
    rows = making.run(options)["generators"]
    assert [row["model"] for row in rows] == 2 * ["real images", "VAE", "rectified flow", "GAN"]
    assert making.figure(options).height > 8 * TILE_PX
