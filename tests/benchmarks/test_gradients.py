"""Gradient methods: against hand computation and dattri, and a short run of all that uses them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("captum")
pytest.importorskip("dattri")

from dattri.algorithm.trak import TRAKAttributor
from dattri.task import AttributionTask
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.kit.data import Images
from benchmarks.truth.generators import flow, vae
from benchmarks.truth.gradients.of_flow import LEVELS, OUTPUTS
from benchmarks.truth.gradients.of_vae import elbo_means
from benchmarks.truth.gradients.products import against, gradients, kernel, products, tracin, trak
from tests.benchmarks.conftest import FASHION, ROOT

N, M = 12, 3
RECIPE = flow.Recipe(steps=6, batch=8, fine=8, coarse=8)


def images(count: int, seed: int) -> Images:
    """Draw grey images of 8 × 8 pixels in two classes that differ in brightness."""
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % 2
    pixels = rng.integers(0, 100, (count, 8, 8, 1)) + 140 * classes[:, None, None, None]
    return Images(pixels.astype(np.uint8), classes, ("0", "1"))


@pytest.fixture(scope="module")
def trained() -> flow.Trained:
    return flow.train(images(N, 0), seed=1, recipe=RECIPE, checkpoint_steps=(2, 5))


def test_checkpoints_are_weights_on_the_way_with_their_rates(trained: flow.Trained) -> None:
    assert trained.rates == [flow.rate(RECIPE, 2), flow.rate(RECIPE, 5)]
    first, second = (torch.cat([w.flatten() for w in s.values()]) for s in trained.checkpoints)
    assert not torch.equal(first, second)
    again = flow.train(images(N, 0), seed=1, recipe=RECIPE)
    for one, other in zip(trained.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(one, other)  # to look is not to touch


def test_a_gradient_says_how_the_mean_loss_over_levels_grows_along_it(
    trained: flow.Trained,
) -> None:
    """A finite difference in double precision, whose direction is the gradient itself."""
    found = torch.stack(
        list(
            gradients(
                trained.model,
                images(M, 1),
                OUTPUTS["TRAK"],
                list(trained.model.parameters()),
                seed=4,
            )
        )
    )
    weights = torch.cat([each.detach().flatten() for each in trained.model.parameters()])
    direction = found.float().mean(0)
    direction /= direction.norm()
    step = 1e-2
    moved = []
    for sign in (1, -1):
        other = flow.start(images(N, 0), RECIPE, seed=0)
        torch.nn.utils.vector_to_parameters(weights + sign * step * direction, other.parameters())
        moved.append(mean_loss(other, images(M, 1), seed=4))
    slope = (moved[0] - moved[1]) / (2 * step)
    assert slope == pytest.approx(float(found.float().mean(0) @ direction), rel=0.05)


def mean_loss(model: flow.Flow, some: Images, *, seed: int) -> float:
    """The mean over images and levels, with the noise that `gradients` draws, unrounded."""
    generator = torch.Generator().manual_seed(seed)
    levels = torch.special.ndtri((torch.arange(LEVELS) + 0.5) / LEVELS)
    t = torch.sigmoid(flow.LOGIT_MEAN + levels)
    total = 0.0
    for x, c in zip(flow.centred(some), torch.from_numpy(some.classes), strict=True):
        noise = torch.randn(LEVELS, *x.shape, generator=generator)
        draws = flow.Draws(t, noise, torch.zeros(LEVELS, dtype=torch.bool))
        with torch.no_grad():
            some_levels = x.expand(LEVELS, -1, -1, -1)
            total += float(flow.image_losses(model, some_levels, c.expand(LEVELS), draws).mean())
    return total / len(some)


def test_products_are_summed_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.truth.gradients.products.PART", 7)
    one, other = (torch.randn(k, 30).bfloat16() for k in (3, 4))
    np.testing.assert_allclose(products(one, other), (one.double() @ other.double().T).numpy(),
                               rtol=1e-4, atol=1e-4)  # fmt: skip


def test_tracin_adds_up_rate_times_products_over_checkpoints() -> None:
    rng = np.random.default_rng(0)
    own, other = rng.normal(size=(2, N, 5)), rng.normal(size=(2, M, 5))
    kernels = [h @ g.T for g, h in zip(own, other, strict=True)]
    expected = 0.5 * other[0] @ own[0].T + 0.1 * other[1] @ own[1].T
    np.testing.assert_allclose(tracin(kernels, (0.5, 0.1)), expected)


def test_the_kernel_is_the_same_whatever_fits_into_memory(
    trained: flow.Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = (trained.model, trained.checkpoints[0], images(N, 0), images(M, 1), OUTPUTS["TRAK"])
    whole = kernel(*told, seed=2)
    monkeypatch.setattr("benchmarks.truth.gradients.products.AT_ONCE", 2000 * (N + M))
    np.testing.assert_allclose(kernel(*told, seed=2), whole, rtol=1e-3, atol=1e-3 * whole.max())
    np.testing.assert_allclose(whole[:N], whole[:N].T)
    np.testing.assert_array_equal(against(*told, seed=3)[:, 0] != whole[N:, 0], True)  # the noise
    monkeypatch.undo()
    np.testing.assert_array_equal(against(*told, seed=2), whole[N:])


def test_trak_by_products_is_trak_by_features() -> None:
    rng = np.random.default_rng(0)
    models = [(rng.normal(size=(N, 5)), rng.normal(size=(M, 5))) for _ in range(2)]
    expected = np.zeros((M, N))
    for own, other in models:
        held = own.T @ own + 0.3 * np.square(own).sum(1).mean() * np.eye(5)
        expected += other @ np.linalg.inv(held) @ own.T / 2
    kernels = [np.concatenate([own @ own.T, other @ own.T]) for own, other in models]
    np.testing.assert_allclose(trak(kernels, ridge=0.3), expected)


def test_dtrak_has_another_output_than_trak(trained: flow.Trained) -> None:
    state = trained.model.state_dict()
    found = [kernel(trained.model, state, images(N, 0), images(M, 1), means)
             for means in OUTPUTS.values()]  # fmt: skip
    assert all(np.linalg.eigvalsh(each[:N]).min() > -1e-3 * each[:N].trace() for each in found)
    assert not np.allclose(*found, rtol=0.1)


def test_trak_of_a_vae_is_that_of_dattri(monkeypatch: pytest.MonkeyPatch) -> None:
    """dattri projects the gradients at random, to four numbers an image."""
    training, generated = images(40, 0), images(8, 1)
    recipe = vae.Recipe(epochs=30, hidden=8, batch=16, rate=4e-3, decay=True)
    model = vae.train(training, seed=0, recipe=recipe).model
    ridge, dim = 1.0, 160

    def output(params: dict[str, torch.Tensor], image: tuple[torch.Tensor, ...]) -> torch.Tensor:
        x, classes, noise = (part.unsqueeze(0) for part in image)
        told = torch.func.functional_call(model, params, (x, classes, noise))
        return vae.negative_elbo(told, x).sum()

    def no_probability(_: object, image: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return torch.zeros_like(image[0][..., 0])  # Q = 1 − 0: no margin, the loss itself

    def loader(some: Images) -> DataLoader:
        x, classes = vae.tensors(some)
        return DataLoader(TensorDataset(x, classes, torch.zeros(len(x), vae.LATENT)), len(x))

    task = AttributionTask(output, model, [model.state_dict()])
    monkeypatch.setattr(torch, "randn", lambda *shape, **_: torch.zeros(*shape))
    gram = kernel(model, model.state_dict(), training, generated, elbo_means(1.0))
    monkeypatch.undo()
    settings = {"proj_dim": dim, "proj_max_batch_size": 32, "proj_seed": 0, "proj_type": "normal",
                "device": "cpu"}  # fmt: skip
    mean = gram[:40].diagonal().mean()
    attributor = TRAKAttributor(
        task,
        no_probability,
        settings,
        regularization=ridge * mean / sum(w.numel() for w in model.parameters()),
    )
    with torch.no_grad():
        attributor.cache(loader(training))
        expected = attributor.attribute(loader(generated)).T.double().numpy()
    found = trak([gram], ridge=ridge)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.9


@pytest.mark.models
def test_a_quick_run_holds_the_gradient_methods_of_a_flow_against_retraining(
    tmp_path: Path,
) -> None:
    if not FASHION.is_dir():
        pytest.skip("Fashion-MNIST is not installed")
    command = [sys.executable, "-m", "benchmarks.truth.retraining.lds", "--quick", "--generator",
               "flow", "--work", str(tmp_path), "--fashion", str(FASHION)]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads((tmp_path / "results" / "lds-flow-fashion.json").read_text())
    methods = {row["method"]: row["LDS"] for row in told["methods"]}
    assert {"TracIn", "TRAK, 1 model", "TRAK, 2 models", "D-TRAK, 2 models"} <= methods.keys()
    assert all(-1 <= score <= 1 for score in methods.values())
