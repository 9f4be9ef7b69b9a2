"""A class-conditional rectified flow: the diffusion-type model.

Flow matching along straight lines between noise and images (Liu et al., arXiv 2209.03003; Lipman et
al., arXiv 2210.02747), not a DDPM. A compact U-Net on 2 × 2 px patches predicts the clean image,
the loss is that of the velocity (Li & He, arXiv 2511.13720), and classifier-free guidance (Ho &
Salimans, arXiv 2207.12598) sharpens the class. All convolutions run in bfloat16.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.kit.data import Images
from benchmarks.kit.residual_block import ResidualBlock
from gmv_core.types import Int64, UInt8

PATCH_PX = 2
SMALLEST_T = 0.05  # below, the error of the clean image would be divided by next to nothing
DROPPED = 0.1  # share of images that train without their class, for guidance
SAMPLE_BATCH = 250


@dataclass(frozen=True)
class Recipe:
    """fine, coarse: channels of the two levels. guidance: 1 is none. heun_steps: of sampling."""

    steps: int = 3000
    batch: int = 64
    fine: int = 64
    coarse: int = 128
    rate: float = 2e-3  # of AdamW, warmed up over 100 steps, then a cosine to nothing
    guidance: float = 1.5
    heun_steps: int = 16


class Flow(nn.Module):
    """U-Net of two levels, each with a learned map of positions. shape: (h, w, c), h and w by 4."""

    def __init__(self, shape: Sequence[int], classes: int, fine: int, coarse: int) -> None:
        super().__init__()
        height, width, channels = shape
        condition = coarse
        self.shape = (channels, height, width)
        self.classes = classes  # the class after the last stands for "any"
        self.inward = nn.Conv2d(channels * PATCH_PX**2, fine, 3, padding=1)
        self.fine_map = nn.Parameter(torch.zeros(1, fine, height // 2, width // 2))
        self.coarse_map = nn.Parameter(torch.zeros(1, coarse, height // 4, width // 4))
        self.fine_in = ResidualBlock(fine, condition)
        self.down = nn.Conv2d(fine, coarse, 2, stride=2)
        self.coarse = nn.ModuleList(ResidualBlock(coarse, condition) for _ in range(3))
        self.up = nn.ConvTranspose2d(coarse, fine, 2, stride=2)
        self.fine_out = nn.ModuleList(ResidualBlock(fine, condition) for _ in range(2))
        self.norm = nn.GroupNorm(8, fine)
        self.outward = nn.Conv2d(fine, channels * PATCH_PX**2, 3, padding=1)
        self.told = nn.Embedding(classes + 1, condition)
        self.time = nn.Sequential(
            nn.Linear(64, condition), nn.SiLU(), nn.Linear(condition, condition)
        )

    def forward(self, noisy: Tensor, t: Tensor, classes: Tensor) -> Tensor:
        """Predict clean images (n, c, h, w) from noisy ones; t (n,) in 0…1, 1 is pure noise."""
        angle = t[:, None] * torch.exp(torch.linspace(0.0, 6.0, 32))[None]
        c = F.silu(self.time(torch.cat([angle.sin(), angle.cos()], 1)) + self.told(classes))
        x = F.pixel_unshuffle(noisy, PATCH_PX).contiguous(memory_format=torch.channels_last)
        fine = self.fine_in(self.inward(x) + self.fine_map, c)  # (n, ·, h/2, w/2)
        x = self.down(fine) + self.coarse_map  # (n, ·, h/4, w/4)
        for block in self.coarse:
            x = block(x, c)
        x = self.up(x) + fine
        for block in self.fine_out:
            x = block(x, c)
        return F.pixel_shuffle(self.outward(F.silu(self.norm(x))), PATCH_PX).float()


def flow_loss(model: Flow, images: Tensor, classes: Tensor) -> Tensor:
    """Mean squared error of the velocity, from a prediction of the clean image."""
    n = len(images)
    t = torch.sigmoid(0.2 + torch.randn(n))[:, None, None, None]
    given = torch.where(torch.rand(n) < DROPPED, torch.full_like(classes, model.classes), classes)
    noisy = (1 - t) * images + t * torch.randn_like(images)
    error = model(noisy, t.flatten(), given) - images
    return (error / t.clamp_min(SMALLEST_T)).square().mean()


def centred(images: Images) -> Tensor:
    """Return pixels as (n, c, h, w) float32 in −1…1."""
    pixels = torch.from_numpy(images.pixels.transpose(0, 3, 1, 2).copy())
    return pixels.float().div_(127.5).sub_(1)


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, step: int) -> None:
    """Move a running average of weights, over about 500 steps, fewer at the start."""
    decay = min(0.998, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)


@dataclass(frozen=True)
class Trained:
    """model: the running average of the weights. losses: (steps,), as they were met."""

    model: Flow
    losses: list[float]


def train(images: Images, *, seed: int, recipe: Recipe) -> Trained:
    """Train from scratch; equal inputs and threads give equal weights."""
    x, classes = centred(images), torch.from_numpy(images.classes.astype(np.int64))
    torch.manual_seed(seed)
    model = Flow(images.pixels.shape[1:], len(images.names), recipe.fine, recipe.coarse)
    model.to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.99), fused=True)
    losses = []
    for step in range(1, recipe.steps + 1):
        cosine = 0.5 * (1 + math.cos(math.pi * (step - 1) / recipe.steps))
        optimizer.param_groups[0]["lr"] = recipe.rate * min(1.0, step / 100) * cosine
        rows = torch.randint(len(x), (recipe.batch,))
        with torch.autocast("cpu", torch.bfloat16):
            loss = flow_loss(model, x[rows], classes[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        follow(average, model, step)
        losses.append(loss.item())
    return Trained(average.eval(), losses)


@torch.inference_mode()
def sample(model: Flow, classes: Int64, *, seed: int, recipe: Recipe) -> UInt8:
    """Generate one image for each class asked for, (m, h, w, c) uint8, by Heun's method."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(classes), *model.shape, generator=generator)
    asked = torch.from_numpy(np.asarray(classes, np.int64))
    parts = zip(noise.split(SAMPLE_BATCH), asked.split(SAMPLE_BATCH), strict=True)
    with torch.autocast("cpu", torch.bfloat16):
        made = torch.cat([_transported(model, z, c, recipe) for z, c in parts])
    return ((made.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def _transported(model: Flow, z: Tensor, classes: Tensor, recipe: Recipe) -> Tensor:
    """Carry noise (n, c, h, w) along the velocity to images in about −1…1."""

    def velocity(z: Tensor, t: float) -> Tensor:
        times = torch.full((len(z),), t)
        clean = model(z, times, classes)
        if t > 0.1 and recipe.guidance != 1:  # late guidance only adds contrast
            free = model(z, times, torch.full_like(classes, model.classes))
            clean = torch.lerp(free, clean, recipe.guidance)
        return (z - clean) / max(t, 0.02)

    grid = torch.linspace(1.0, 0.0, recipe.heun_steps + 1).tolist()
    for t, after in itertools.pairwise(grid):
        slope = velocity(z, t)
        ahead = z + (after - t) * slope
        z = ahead if after == 0 else z + (after - t) * 0.5 * (slope + velocity(ahead, after))
    return z
