"""Attribution by gradients for the rectified flow: TracIn, TRAK and D-TRAK.

An image's gradient is that of a model output f, averaged over the levels of noise of `flow.losses`
with a draw of noise each; all levels of one image are one batch, so that an ordinary backward pass
gives it. TracIn (Pruthi et al., NeurIPS 2020) sums η_t · g(x_i)·g(x̂_j) over checkpoints, f the
training loss. TRAK (Park et al., ICML 2023) has f the training loss too, as Zheng et al. (ICLR
2024, D-TRAK) take it for diffusion models; D-TRAK has the squared output of the network instead,
here the velocity. Of T models, with the gradients of the training images as rows of G,

    τ(x̂, x_i) = 1/T Σ_t g(x̂)ᵀ (GᵀG + λI)⁻¹ g(x_i) = 1/T Σ_t [K(x̂, ·) (K + λI)⁻¹]_i,  K = GGᵀ.

The published methods project the gradients at random to some thousand numbers, which keeps inner
products but for an error; n images have K exactly, so nothing is projected.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from benchmarks.kit.data import Images
from benchmarks.truth.generators.flow import (
    LEVELS,
    LOGIT_MEAN,
    Draws,
    Flow,
    Trained,
    centred,
    image_losses,
    velocity_squares,
)
from gmv_core.types import Float64

Output = Callable[[Flow, Tensor, Tensor, Draws], Tensor]  # (model, images, classes, draws) → (b,)
State = dict[str, Tensor]
OUTPUTS: dict[str, Output] = {"TRAK": image_losses, "D-TRAK": velocity_squares}
PART = 32_768  # parameters whose products are summed at once, in single precision


def gradients(model: Flow, images: Images, output: Output, *, seed: int) -> Iterator[Tensor]:
    """Yield each image's gradient of its mean output, (p,) bfloat16; seed: of the noise."""
    x, classes = centred(images), torch.from_numpy(images.classes.astype(np.int64))
    generator = torch.Generator().manual_seed(seed)
    t = torch.sigmoid(LOGIT_MEAN + torch.special.ndtri((torch.arange(LEVELS) + 0.5) / LEVELS))
    free = torch.zeros(LEVELS, dtype=torch.bool)
    weights = list(model.parameters())
    for one, c in zip(x, classes, strict=True):
        noise = torch.randn(LEVELS, *one.shape, generator=generator)
        some = one.expand(LEVELS, -1, -1, -1)
        with torch.autocast("cpu", torch.bfloat16):
            mean = output(model, some, c.expand(LEVELS), Draws(t, noise, free)).mean()
        found = torch.autograd.grad(mean, weights)
        yield torch.cat([g.flatten() for g in found]).bfloat16()


def products(one: Tensor, other: Tensor) -> Float64:
    """Return the inner products of two sets of gradients (a, p) and (b, p), (a, b)."""
    total = torch.zeros(len(one), len(other), dtype=torch.float64)
    for a, b in zip(one.split(PART, 1), other.split(PART, 1), strict=True):
        total += (a.float() @ b.float().T).double()
    return total.numpy()


def tracin(trained: Trained, training: Images, generated: Images, *, seed: int = 0) -> Float64:
    """Return TracIn of every pair, (m, n): positive where a training image lowers the loss."""
    total = np.zeros((len(generated), len(training)))
    for state, rate in zip(trained.checkpoints, trained.rates, strict=True):
        own, other = _both(trained.model, state, training, generated, image_losses, seed=seed)
        total += rate * products(other, own)
    return total


def kernel(
    model: Flow, state: State, training: Images, generated: Images, output: Output, *, seed: int = 0
) -> Float64:
    """Return K of the training images, and below it against them that of the generated, (n + m, n).

    state: the weights of one of the models. seed: of the noise.
    """
    own, other = _both(model, state, training, generated, output, seed=seed)
    return np.concatenate([products(own, own), products(other, own)])


def trak(kernels: Sequence[Float64], *, ridge: float) -> Float64:
    """Return TRAK of every pair, (m, n), averaged over models. ridge: λ in mean squared gradients.

    kernels: of `kernel`, one a model.
    """
    parts = []
    for found in kernels:
        n = found.shape[1]
        own, other = found[:n], found[n:]
        held = own + ridge * own.diagonal().mean() * np.eye(n)
        parts.append(np.linalg.solve(held, other.T).T)
    return np.mean(parts, axis=0)


def _both(
    model: Flow,
    state: State,
    training: Images,
    generated: Images,
    output: Output,
    *,
    seed: int,
) -> tuple[Tensor, Tensor]:
    """Return the gradients of both sets under some weights, (n, p) and (m, p)."""
    made = copy.deepcopy(model)
    made.load_state_dict(state)
    own, other = (
        torch.stack(list(gradients(made, images, output, seed=noise)))
        for images, noise in ((training, 2 * seed), (generated, 2 * seed + 1))
    )
    return own, other
