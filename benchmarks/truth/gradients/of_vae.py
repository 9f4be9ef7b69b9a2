"""Attribution by gradients: VAE-TracIn (through captum) and TRAK (through dattri).

TracIn (Pruthi et al., NeurIPS 2020, eq. 3) sums η_t · ∇ℓ(x_i)·∇ℓ(x̂_j) over checkpoints; VAE-TracIn
(Kong & Chaudhuri, NeurIPS 2021) takes the negative ELBO for ℓ. It is derived for plain gradient
descent; the models here are trained by Adam, as theirs are, so the rates are only relative weights.

TRAK (Park et al., ICML 2023, eq. 13–17) projects the gradients of a model output f(x; θ), corrects
them by the inverse of their Gram matrix, and weighs training images by Q = ∂L/∂f. For classifiers
f is the margin and Q = 1 − p of the correct class. A VAE has no such class: here f = −loss itself,
so L = −f and Q = 1 for every image (as Zheng et al., ICLR 2024, do for diffusion models).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.influence import TracInCP
from dattri.algorithm.trak import TRAKAttributor
from dattri.task import AttributionTask
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.kit.data import Images
from benchmarks.truth.generators.vae import LATENT, VAE, Recipe, Trained, negative_elbo, tensors
from gmv_core.types import Float64

State = dict[str, Tensor]
BATCH = 100  # images whose gradients, one float a parameter, are in memory at once


def _with_noise(images: Images, *, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pixels, classes and one fixed draw of the noise for each image."""
    x, classes = tensors(images)
    noise = torch.randn(len(x), LATENT, generator=torch.Generator().manual_seed(seed))
    return x, classes, noise


@dataclass(frozen=True)
class Checkpoints:
    """States of a model in training, the learning rate of each, and the training's β."""

    model: VAE
    states: Sequence[State]
    rates: Sequence[float]
    beta: float

    @classmethod
    def of(cls, trained: Trained, recipe: Recipe) -> Checkpoints:
        return cls(trained.model, trained.checkpoints, trained.rates, recipe.beta)


def tracin(
    checkpoints: Checkpoints, training: Images, generated: Images, *, draws: int = 1, seed: int = 0
) -> Float64:
    """Return VAE-TracIn of every pair, (m, n): positive where a training image lowers the loss.

    draws: of the noise, over which it is averaged; the time grows with them.
    """
    total = np.zeros((len(generated), len(training)))
    for draw in range(draws):
        explained = _explained(checkpoints, training, seed=seed + 2 * draw)
        x, classes, noise = _with_noise(generated, seed=seed + 2 * draw + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # captum's, that inputs need no gradients
            total += explained.influence((x, classes, noise, x)).double().numpy()
    return total / draws


def self_influence(checkpoints: Checkpoints, training: Images, *, seed: int = 0) -> Float64:
    """Return VAE-TracIn of each training image on itself, (n,): its gradients' squared lengths."""
    explained = _explained(checkpoints, training, seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return explained.self_influence().double().numpy()


def _explained(checkpoints: Checkpoints, training: Images, *, seed: int) -> TracInCP:
    """Return captum's TracInCP; sample-wise gradients, since the model has linear layers only."""

    def load(model: VAE, at: int) -> float:
        model.load_state_dict(checkpoints.states[at])
        return checkpoints.rates[at]

    def loss(output: Tensor, x: Tensor) -> Tensor:
        return negative_elbo(output, x, beta=checkpoints.beta).sum()

    loss.reduction = "sum"  # type: ignore[attr-defined]  # captum reads it
    x, classes, noise = _with_noise(training, seed=seed)
    return TracInCP(
        _copy(checkpoints.model), TensorDataset(x, classes, noise, x),
        range(len(checkpoints.states)), checkpoints_load_func=load, loss_fn=loss,
        batch_size=BATCH, sample_wise_grads_per_batch=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Projection:
    """dim: of the projected gradients, below n.

    ridge: added to the Gram matrix, in means of its diagonal: gradients of a VAE crowd into a few
    directions, and without it an image seldom comes first for itself.
    """

    dim: int = 512
    ridge: float = 1.0


def trak(
    model: VAE,
    states: Sequence[State],
    training: Images,
    generated: Images,
    *,
    beta: float,
    projection: Projection,
    seed: int = 0,
) -> Float64:
    """Return TRAK of every pair, (m, n), averaged over models (`states`), best trained apart."""
    model = _copy(model)

    def output(params: State, image: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        x, classes, noise = (part.unsqueeze(0) for part in image)
        told = torch.func.functional_call(model, params, (x, classes, noise))
        return -negative_elbo(told, x, beta=beta).sum()

    def no_probability(_: State, image: tuple[Tensor, ...]) -> Tensor:
        return torch.zeros_like(image[0][..., 0])  # Q = 1 − 0

    # dattri draws its projection anew for every batch, so that large ones save most of the time.
    train = DataLoader(TensorDataset(*_with_noise(training, seed=seed)), 2 * BATCH)
    test = DataLoader(TensorDataset(*_with_noise(generated, seed=seed + 1)), 2 * BATCH)
    settings = {"proj_dim": projection.dim, "proj_max_batch_size": 32, "proj_seed": seed,
                "proj_type": "normal", "device": "cpu"}  # fmt: skip
    task = AttributionTask(output, model, [dict(state) for state in states])
    ridge = projection.ridge * _mean_square(task, train) * len(training) / projection.dim
    attributor = TRAKAttributor(task, no_probability, settings, regularization=ridge)
    with torch.no_grad():
        attributor.cache(train)
        return attributor.attribute(test).T.double().numpy()


@torch.no_grad()
def _mean_square(task: AttributionTask, train: DataLoader) -> float:
    """Return the mean squared length of a training image's gradient, in TRAKAttributor's unit."""
    params = task.get_param(0)[0]
    gradients = task.get_grad_loss_func(in_dims=(None, 0))(params, next(iter(train)))
    return float(gradients.detach().square().sum(1).mean() / params.numel())


def _copy(model: VAE) -> VAE:
    """Return a model of the same shape; both libraries load other weights into what they get."""
    made = VAE(model.pixels, model.classes, model.encoder.out_features)
    made.load_state_dict(model.state_dict())
    return made.eval()
