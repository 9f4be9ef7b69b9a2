"""A class-conditional GAN of a few convolutions.

Hinge loss and a discriminator with spectral norm (Miyato et al., arXiv 1802.05957) that is told the
class by projection (Miyato & Koyama, arXiv 1802.05637) and judges packs of images of one class
(Lin et al., arXiv 1712.04086): alone, each class collapsed to a single shape. The generator's batch
norms are scaled and shifted by the class. What generates is the running average of its weights.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from benchmarks.kit.data import Images
from benchmarks.truth.generators.flow import PATCH_PX, centred, follow
from gmv_core.types import Int64, UInt8

LATENT = 64
PACK = 2  # images of one class that are judged together
SAMPLE_BATCH = 250


@dataclass(frozen=True)
class Recipe:
    """steps: of the generator; the discriminator takes one before each.

    batch: images. width: channels at half size. rate, critic_rate: of Adam, for generator and
    discriminator, falling over the last third.
    """

    steps: int = 6000
    batch: int = 64
    width: int = 48
    rate: float = 5e-4
    critic_rate: float = 1e-3


class ClassNorm(nn.Module):
    """Batch norm whose scale and shift depend on the class."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width, affine=False)
        self.film = nn.Embedding(classes, 2 * width)
        nn.init.zeros_(self.film.weight)

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        scale, shift = self.film(classes)[:, :, None, None].chunk(2, dim=1)
        return self.norm(x) * (1 + scale) + shift


class Generator(nn.Module):
    """Noise and class to an image of `shape` (h, w, c): a quarter of its size, half, pixels."""

    def __init__(self, shape: Sequence[int], classes: int, width: int) -> None:
        super().__init__()
        height, wide, channels = shape
        self.start = (2 * width, height // 4, wide // 4)
        self.told = nn.Embedding(classes, LATENT)
        self.inward = nn.Linear(2 * LATENT, math.prod(self.start))
        self.norms = nn.ModuleList(ClassNorm(n * width, classes) for n in (2, 1, 1))
        self.up = nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1)
        self.same = nn.Conv2d(width, width, 3, padding=1)
        self.outward = nn.Conv2d(width, channels * PATCH_PX**2, 3, padding=1)

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        """Return images (n, c, h, w) in −1…1 from z (n, LATENT) and classes (n,)."""
        x = self.inward(torch.cat([z, self.told(classes)], 1)).view(-1, *self.start)
        x = x.contiguous(memory_format=torch.channels_last)  # (n, ·, h/4, w/4)
        x = self.up(F.relu(self.norms[0](x, classes)))  # (n, ·, h/2, w/2)
        x = self.same(F.relu(self.norms[1](x, classes)))
        x = self.outward(F.relu(self.norms[2](x, classes)))
        return F.pixel_shuffle(x.float(), PATCH_PX).tanh()


class Discriminator(nn.Module):
    """Packs of images (n, PACK · c, h, w) and their classes to a number each, higher for real."""

    def __init__(self, shape: Sequence[int], classes: int, width: int) -> None:
        super().__init__()
        sizes = ((PACK * shape[-1] * PATCH_PX**2, width, 3, 1), (width, 2 * width, 4, 2),
                 (2 * width, 2 * width, 3, 1), (2 * width, 2 * width, 3, 2))  # fmt: skip
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(i, o, k, stride=s, padding=1)) for i, o, k, s in sizes
        )
        self.outward = spectral_norm(nn.Linear(2 * width, 1))
        self.told = spectral_norm(nn.Embedding(classes, 2 * width))

    def forward(self, x: Tensor, classes: Tensor) -> Tensor:
        x = F.pixel_unshuffle(x, PATCH_PX).contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.1)
        pooled = x.float().sum((2, 3))  # (n, 2 · width)
        return self.outward(pooled)[:, 0].float() + (self.told(classes) * pooled).sum(1)


def drawing(classes: Tensor) -> Callable[[Tensor], Tensor]:
    """Return what draws PACK rows (n, PACK) of each class asked for (n,), at random."""
    order, counts = classes.argsort(), classes.bincount()
    starts = counts.cumsum(0) - counts

    def draw(asked: Tensor) -> Tensor:
        places = torch.rand(len(asked), PACK) * counts[asked, None]
        return order[starts[asked, None] + places.long()]

    return draw


@dataclass(frozen=True)
class Trained:
    """losses: (steps, 2), of discriminator and generator as they were met."""

    model: Generator
    losses: list[tuple[float, float]]


def train(images: Images, *, seed: int, recipe: Recipe) -> Trained:
    """Train from scratch; equal inputs and threads give equal weights."""
    x, classes = centred(images), torch.from_numpy(images.classes.astype(np.int64))
    torch.manual_seed(seed)
    names, shape = len(images.names), images.pixels.shape[1:]
    generator = Generator(shape, names, recipe.width).to(memory_format=torch.channels_last)
    critic = Discriminator(shape, names, recipe.width).to(memory_format=torch.channels_last)
    average = copy.deepcopy(generator)
    critic_steps = _adam(critic, recipe.critic_rate)
    generator_steps = _adam(generator, recipe.rate)
    rows_of, packs, losses = drawing(classes), recipe.batch // PACK, []
    for step in range(1, recipe.steps + 1):
        left = min(1.0, 3 * (1 - (step - 1) / recipe.steps))
        critic_steps.param_groups[0]["lr"] = recipe.critic_rate * left
        generator_steps.param_groups[0]["lr"] = recipe.rate * left
        told, asked = classes[torch.randint(len(x), (2, packs))]
        with torch.autocast("cpu", torch.bfloat16):
            made = generator(torch.randn(packs * PACK, LATENT), asked.repeat_interleave(PACK))
            made = made.reshape(packs, -1, *shape[:2])
            real = x[rows_of(told)].reshape(made.shape)
            judged = critic(torch.cat([real, made.detach()]), torch.cat([told, asked]))
        of_real, of_made = judged.chunk(2)
        critic_loss = F.relu(1 - of_real).mean() + F.relu(1 + of_made).mean()
        _descend(critic_steps, critic_loss)
        critic.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16):
            generator_loss = -critic(made, asked).mean()
        _descend(generator_steps, generator_loss)
        critic.requires_grad_(True)
        follow(list(average.parameters()), list(generator.parameters()), step)
        losses.append((critic_loss.item(), generator_loss.item()))
    return Trained(settled(average, names), losses)


def _adam(model: nn.Module, rate: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=rate, betas=(0.5, 0.9), fused=True)


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


@torch.inference_mode()
def settled(model: Generator, classes: int, *, batches: int = 20) -> Generator:
    """Take the batch norms' statistics anew: averaged weights have other activations."""
    for layer in model.norms:
        layer.norm.reset_running_stats()
        layer.norm.momentum = None  # a plain mean over all that follows
    model.train()
    for _ in range(batches):
        model(torch.randn(200, LATENT), torch.randint(classes, (200,)))
    return model.eval()


@torch.inference_mode()
def sample(model: Generator, classes: Int64, *, seed: int) -> UInt8:
    """Generate one image for each class asked for, (m, h, w, c) uint8."""
    z = torch.randn(len(classes), LATENT, generator=torch.Generator().manual_seed(seed))
    asked = torch.from_numpy(np.asarray(classes, np.int64))
    parts = zip(z.split(SAMPLE_BATCH), asked.split(SAMPLE_BATCH), strict=True)
    made = torch.cat([model(noise, told) for noise, told in parts])
    return ((made + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
