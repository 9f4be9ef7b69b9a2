"""A class-conditional β-VAE (Higgins et al., ICLR 2017) that retrains in seconds.

Linear layers only, so that captum and dattri take the gradients of every image alone. All
randomness of a loss is an input: equal inputs give equal losses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.kit.data import Images
from benchmarks.truth.generators.stack import Rows, Stack, Training
from gmv_core.types import Float64, Int64, UInt8

LATENT = 16
BATCH = 128
RATE = 1e-3  # of Adam


@dataclass(frozen=True)
class Recipe:
    """beta weighs the KL term. hidden: width. epochs: over whatever is given.

    decay: the rate falls to 0 in a straight line. Equal training images then give more equal
    models: a constant rate leaves the last steps' noise in them.
    """

    epochs: int = 40
    hidden: int = 256
    beta: float = 1.0
    rate: float = RATE
    batch: int = BATCH
    decay: bool = False


class VAE(nn.Module):
    """Encoder and decoder of one hidden layer, both told the class."""

    def __init__(self, pixels: int, classes: int, hidden: int) -> None:
        super().__init__()
        self.pixels, self.classes = pixels, classes
        self.encoder = nn.Linear(pixels + classes, hidden)
        self.latent = nn.Linear(hidden, 2 * LATENT)
        self.decoder = nn.Linear(LATENT + classes, hidden)
        self.outward = nn.Linear(hidden, pixels)

    def forward(self, x: Tensor, classes: Tensor, noise: Tensor) -> Tensor:
        """Return logits, mean and log variance side by side, (n, pixels + 2·LATENT).

        x: (n, pixels) in 0…1. classes: (n,) int64. noise: (n, LATENT) standard normal.
        """
        told = torch.eye(self.classes, dtype=x.dtype, device=x.device)[
            classes
        ]  # one_hot fails under vmap
        code = self.latent(F.silu(self.encoder(torch.cat([x, told], -1))))
        mean, log_variance = code.chunk(2, dim=-1)
        z = mean + noise * (0.5 * log_variance).exp()
        return torch.cat([self.decode(z, told), code], -1)

    def decode(self, z: Tensor, told: Tensor) -> Tensor:
        return self.outward(F.silu(self.decoder(torch.cat([z, told], -1))))


def negative_elbo(output: Tensor, x: Tensor, *, beta: float = 1.0) -> Tensor:
    """Return the loss of each image, (n,), in nats: −log p(x|z) + β·KL."""
    logits, mean, log_variance = output.split([x.shape[-1], LATENT, LATENT], dim=-1)
    error = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1)
    return error + beta * kl


def tensors(images: Images) -> tuple[Tensor, Tensor]:
    """Return pixels (n, h·w·c) in 0…1 and classes (n,)."""
    flat = images.pixels.reshape(len(images), -1).astype(np.float32) / 255
    return torch.from_numpy(flat), torch.from_numpy(images.classes.astype(np.int64))


@dataclass(frozen=True)
class Trained:
    """checkpoints: states of the model after the epochs that were asked for.

    rates: the learning rate of each checkpoint's epoch, its mean over the steps.
    """

    model: VAE
    checkpoints: list[dict[str, Tensor]]
    rates: list[float] = field(default_factory=list)


def train(
    images: Images,
    *,
    seed: int,
    recipe: Recipe,
    checkpoint_epochs: Sequence[int] = (),
    start_seed: int | None = None,
) -> Trained:
    """Train from scratch; equal inputs and threads give equal weights.

    start_seed: of the first weights, where they shall be others than `seed` gives.
    """
    x, classes = tensors(images)
    torch.manual_seed(seed if start_seed is None else start_seed)
    model = VAE(x.shape[1], len(images.names), recipe.hidden)
    if start_seed is not None:
        torch.manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.rate, fused=True)
    kept, rates = [], []
    for epoch in range(1, recipe.epochs + 1):
        batches = torch.randperm(len(x)).split(recipe.batch)
        for step, rows in enumerate(batches):
            done = (epoch - 1 + step / len(batches)) / recipe.epochs
            optimizer.param_groups[0]["lr"] = recipe.rate * (1 - recipe.decay * done)
            output = model(x[rows], classes[rows], torch.randn(len(rows), LATENT))
            loss = negative_elbo(output, x[rows], beta=recipe.beta).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        if epoch in checkpoint_epochs:
            kept.append({name: value.clone() for name, value in model.state_dict().items()})
            rates.append(recipe.rate * (1 - recipe.decay * (epoch - 0.5) / recipe.epochs))
    return Trained(model.eval(), kept, rates)


def train_many(
    images: Images, trainings: Sequence[Training], *, recipe: Recipe, device: str
) -> Stack:
    """Train a model for each of some parts of the images, side by side.

    All parts must need the same number of steps an epoch.
    """
    x, classes = (each.to(device) for each in tensors(images))
    models = []
    for each in trainings:
        torch.manual_seed(each.start_seed)
        models.append(VAE(x.shape[1], len(images.names), recipe.hidden))
    stack = Stack(models, device)
    optimizer = torch.optim.Adam(stack.parameters, lr=recipe.rate, fused=device != "cpu")
    rows = Rows(trainings, device)
    for epoch in range(recipe.epochs):
        order, there = rows.shuffled(recipe.batch)
        for step in range(order.shape[1]):
            done = (epoch + step / order.shape[1]) / recipe.epochs
            optimizer.param_groups[0]["lr"] = recipe.rate * (1 - recipe.decay * done)
            batch, weight = x[order[:, step]], there[:, step]
            output = stack(batch, classes[order[:, step]], rows.normal(recipe.batch, LATENT))
            loss = negative_elbo(output, batch, beta=recipe.beta) * weight
            optimizer.zero_grad(set_to_none=True)
            (loss.sum(1) / weight.sum(1)).sum().backward()
            optimizer.step()
    return stack


@torch.inference_mode()
def sample(model: VAE, classes: Int64, shape: tuple[int, ...], *, seed: int) -> UInt8:
    """Generate one image for each class asked for, (m, *shape) uint8: the decoder's mean."""
    z = torch.randn(len(classes), LATENT, generator=torch.Generator().manual_seed(seed))
    told = F.one_hot(torch.from_numpy(np.asarray(classes, np.int64)), model.classes).float()
    made = (model.decode(z, told).sigmoid() * 255).round().byte().numpy()
    return made.reshape(len(classes), *shape)


@torch.inference_mode()
def losses(
    model: VAE | Stack, images: Images, *, beta: float, draws: int = 16, seed: int = 0
) -> Float64:
    """Return the loss of each image, (…, m), the mean over `draws` fixed draws of the noise."""
    x, classes = tensors(images)
    generator = torch.Generator().manual_seed(seed)
    total: Tensor | float = 0.0
    for _ in range(draws):
        inputs = (x, classes, torch.randn(len(x), LATENT, generator=generator))
        if isinstance(model, Stack):
            inputs = model.shared(inputs)
        total = total + negative_elbo(model(*inputs), inputs[0], beta=beta).double().cpu()
    return (total / draws).numpy()
