"""TracIn and TRAK of any generator, from exact inner products of its images' gradients.

g(x) is the gradient of a model output of image x, averaged over draws of its noise. TracIn (Pruthi
et al., NeurIPS 2020, eq. 3) sums η_t · g(x_i)·g(x̂_j) over checkpoints, the output being the loss;
it is derived for plain gradient descent, and the models here are trained by Adam, so the rates are
only relative weights. TRAK (Park et al., ICML 2023, eq. 13–17) corrects gradients by the inverse of
their Gram matrix: of T models, with the training images' gradients as rows of G,

    τ(x̂, x_i) = 1/T Σ_t g(x̂)ᵀ (GᵀG + λI)⁻¹ g(x_i) = 1/T Σ_t [K(x̂, ·) (K + λI)⁻¹]_i,  K = GGᵀ.

For a classifier its output is the margin; for a generator it is the loss, as Zheng et al. (ICLR
2024) take it, and D-TRAK, theirs, has another (of_flow.py). The published methods project gradients
at random to some thousand numbers, which keeps inner products but for an error; of n images K is
known exactly, so nothing is projected.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.kit.data import Images
from gmv_core.types import Float64

State = dict[str, Tensor]
Means = Callable[[nn.Module, Images, int], Iterator[Tensor]]
"""(model, images, seed of the noise) → each image's mean output, one number with its graph."""
AT_ONCE = 2**29  # numbers of gradients that are held: 1 GB of bfloat16
PART = 32_768  # parameters whose products are summed at once, in single precision


def against(
    model: nn.Module,
    state: State,
    training: Images,
    generated: Images,
    means: Means,
    *,
    seed: int = 0,
) -> Float64:
    """Return g(x̂_j)·g(x_i) of all pairs under some weights, (m, n). seed: of the noise."""
    total = np.zeros((len(generated), len(training)))
    for own, other in _both(model, state, training, generated, means, seed=seed):
        total += products(other, own)
    return total


def kernel(
    model: nn.Module,
    state: State,
    training: Images,
    generated: Images,
    means: Means,
    *,
    seed: int = 0,
) -> Float64:
    """Return K, and below it what `against` does, (n + m, n)."""
    total = np.zeros((len(training) + len(generated), len(training)))
    for own, other in _both(model, state, training, generated, means, seed=seed):
        total += np.concatenate([products(own, own), products(other, own)])
    return total


def _both(
    model: nn.Module,
    state: State,
    training: Images,
    generated: Images,
    means: Means,
    *,
    seed: int,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the gradients of both sets, (n, p) and (m, p), a group of parameters at a time.

    They are taken again for each group that memory holds; the noise of the two sets differs.
    """
    made = copy.deepcopy(model)
    made.load_state_dict(state)
    for group in _groups(list(made.parameters()), AT_ONCE // (len(training) + len(generated))):
        own, other = (
            torch.stack(list(gradients(made, images, means, group, seed=noise)))
            for images, noise in ((training, 2 * seed), (generated, 2 * seed + 1))
        )
        yield own, other


def gradients(
    model: nn.Module, images: Images, means: Means, weights: Sequence[Tensor], *, seed: int
) -> Iterator[Tensor]:
    """Yield each image's gradient over some weights, (p,) bfloat16."""
    for mean in means(model, images, seed):
        found = torch.autograd.grad(mean, list(weights))
        yield torch.cat([g.flatten() for g in found]).bfloat16()


def products(one: Tensor, other: Tensor) -> Float64:
    """Return the inner products of two sets of gradients (a, p) and (b, p), (a, b)."""
    total = torch.zeros(len(one), len(other), dtype=torch.float64)
    for a, b in zip(one.split(PART, 1), other.split(PART, 1), strict=True):
        total += (a.float() @ b.float().T).double()
    return total.numpy()


def tracin(found: Sequence[Float64], rates: Sequence[float]) -> Float64:
    """Return TracIn of every pair, (m, n): positive where a training image lowers the loss.

    found: of `against`, one a checkpoint. rates: the learning rate of each.
    """
    return np.sum([rate * one for rate, one in zip(rates, found, strict=True)], axis=0)


def trak(kernels: Sequence[Float64], *, ridge: float) -> Float64:
    """Return TRAK of every pair, (m, n), averaged over models.

    kernels: of `kernel`, one a model. ridge: λ in means of the diagonal of K.
    """
    parts = []
    for found in kernels:
        n = found.shape[1]
        own, other = found[:n], found[n:]
        held = own + ridge * own.diagonal().mean() * np.eye(n)
        parts.append(np.linalg.solve(held, other.T).T)
    return np.mean(parts, axis=0)


def _groups(weights: Sequence[Tensor], most: int) -> Iterator[list[Tensor]]:
    """Yield the parameters in groups of at most so many numbers, or of one parameter."""
    group: list[Tensor] = []
    for each in weights:
        if group and sum(w.numel() for w in group) + each.numel() > most:
            yield group
            group = []
        group.append(each)
    yield group
