"""What the gradients of a β-VAE are of, its negative ELBO; and VAE-TracIn through captum.

VAE-TracIn (Kong & Chaudhuri, NeurIPS 2021) is TracIn with the negative ELBO for the loss. captum's
is what its cost and its class share are measured with.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from captum.influence import TracInCP
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from benchmarks.kit.data import Images
from benchmarks.truth.generators.vae import LATENT, VAE, Recipe, Trained, negative_elbo, tensors
from benchmarks.truth.gradients.products import Means
from gmv_core.types import Float64

State = dict[str, Tensor]
DRAWS = 16  # of the noise, as many as `vae.losses` has
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


def elbo_means(beta: float) -> Means:
    """Return what gives each image's negative ELBO, the mean over DRAWS of the noise."""

    def means(model: nn.Module, images: Images, seed: int) -> Iterator[Tensor]:
        x, classes = tensors(images)
        generator = torch.Generator().manual_seed(seed)
        for one, c in zip(x, classes, strict=True):
            some = one.expand(DRAWS, -1)
            noise = torch.randn(DRAWS, LATENT, generator=generator)
            yield negative_elbo(model(some, c.expand(DRAWS), noise), some, beta=beta).mean()

    return means


def _copy(model: VAE) -> VAE:
    """Return a model of the same shape; both libraries load other weights into what they get."""
    made = VAE(model.pixels, model.classes, model.encoder.out_features)
    made.load_state_dict(model.state_dict())
    return made.eval()
