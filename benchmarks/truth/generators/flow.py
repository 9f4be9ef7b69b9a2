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
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.kit.data import Images
from benchmarks.kit.residual_block import ResidualBlock
from benchmarks.truth.generators.stack import Rows, Stack, Training
from gmv_core.types import Float64, Int64, UInt8

PATCH_PX = 2
LOGIT_MEAN = 0.2  # t = sigmoid(LOGIT_MEAN + standard normal)
LEVELS = 24  # of noise, at which a loss is measured: quantiles of the t that training draws
LOSS_DRAWS = 4  # of noise, at each level
SMALLEST_T = 0.05  # below, the error of the clean image would be divided by next to nothing
BETAS, LARGEST_GRADIENT = (0.9, 0.99), 1.0  # of AdamW
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
        self.channels_last = True  # faster on a CPU; torch.func cannot do it
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
        angle = t[:, None] * torch.exp(torch.linspace(0.0, 6.0, 32, device=t.device))[None]
        c = F.silu(self.time(torch.cat([angle.sin(), angle.cos()], 1)) + self.told(classes))
        x = F.pixel_unshuffle(noisy, PATCH_PX)
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        fine = self.fine_in(self.inward(x) + self.fine_map, c)  # (n, ·, h/2, w/2)
        x = self.down(fine) + self.coarse_map  # (n, ·, h/4, w/4)
        for block in self.coarse:
            x = block(x, c)
        x = self.up(x) + fine
        for block in self.fine_out:
            x = block(x, c)
        return F.pixel_shuffle(self.outward(F.silu(self.norm(x))), PATCH_PX).float()


@dataclass(frozen=True)
class Draws:
    """The randomness of a loss. t: (…, n). noise: (…, n, c, h, w). free: (…, n), has no class."""

    t: Tensor
    noise: Tensor
    free: Tensor


def flow_loss(model: Flow | Stack, images: Tensor, classes: Tensor, draws: Draws) -> Tensor:
    """Mean squared error of the velocity, from a prediction of the clean image.

    images: (n, c, h, w), or (models, n, …) of a stack; then one loss a model.
    """
    return image_losses(model, images, classes, draws).mean(-1)


def image_losses(model: Flow | Stack, images: Tensor, classes: Tensor, draws: Draws) -> Tensor:
    """Return the same of each image, (…, n)."""
    _, clean, t = _predicted(model, images, classes, draws)
    return ((clean - images) / t).square().mean((-3, -2, -1))


def velocity_squares(model: Flow | Stack, images: Tensor, classes: Tensor, draws: Draws) -> Tensor:
    """Return the mean square of the predicted velocity itself, (…, n): the loss without target."""
    noisy, clean, t = _predicted(model, images, classes, draws)
    return ((noisy - clean) / t).square().mean((-3, -2, -1))


def _predicted(
    model: Flow | Stack, images: Tensor, classes: Tensor, draws: Draws
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the noisy images, what the model takes them for, and t to divide by."""
    any_class = (model.template if isinstance(model, Stack) else model).classes
    given = torch.where(draws.free, torch.full_like(classes, any_class), classes)
    t = draws.t[..., None, None, None]
    noisy = (1 - t) * images + t * draws.noise
    return noisy, model(noisy, draws.t, given), t.clamp_min(SMALLEST_T)


def drawn(images: Tensor) -> Draws:
    """Draw the randomness of one step. images: (n, c, h, w)."""
    n = len(images)
    t = torch.sigmoid(LOGIT_MEAN + torch.randn(n))
    free = torch.rand(n) < DROPPED
    return Draws(t, torch.randn_like(images), free)


def centred(images: Images) -> Tensor:
    """Return pixels as (n, c, h, w) float32 in −1…1."""
    pixels = torch.from_numpy(images.pixels.transpose(0, 3, 1, 2).copy())
    return pixels.float().div_(127.5).sub_(1)


@torch.no_grad()
def follow(average: Sequence[Tensor], weights: Sequence[Tensor], step: int) -> None:
    """Move a running average of weights, over about 500 steps, fewer at the start."""
    decay = min(0.998, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average), list(weights), 1 - decay)


@dataclass(frozen=True)
class Trained:
    """model: the running average of the weights. losses: (steps,), as they were met.

    checkpoints: the weights themselves after the steps that were asked for; rates: the learning
    rate of each.
    """

    model: Flow
    losses: list[float]
    checkpoints: list[dict[str, Tensor]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)


def start(images: Images, recipe: Recipe, *, seed: int) -> Flow:
    """Return a model that has not learned anything."""
    torch.manual_seed(seed)
    return Flow(images.pixels.shape[1:], len(images.names), recipe.fine, recipe.coarse)


def rate(recipe: Recipe, step: int) -> float:
    """Return the learning rate of a step, the first is 1."""
    cosine = 0.5 * (1 + math.cos(math.pi * (step - 1) / recipe.steps))
    return recipe.rate * min(1.0, step / 100) * cosine


def train(
    images: Images,
    *,
    seed: int,
    recipe: Recipe,
    checkpoint_steps: Sequence[int] = (),
    start_seed: int | None = None,
) -> Trained:
    """Train from scratch; equal inputs and threads give equal weights.

    start_seed: of the first weights, where they shall be others than `seed` gives.
    """
    x, classes = centred(images), torch.from_numpy(images.classes.astype(np.int64))
    model = start(images, recipe, seed=seed if start_seed is None else start_seed)
    if start_seed is not None:
        torch.manual_seed(seed)
    model.to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), betas=BETAS, fused=True)
    losses, kept = [], []
    for step in range(1, recipe.steps + 1):
        optimizer.param_groups[0]["lr"] = rate(recipe, step)
        rows = torch.randint(len(x), (recipe.batch,))
        with torch.autocast("cpu", torch.bfloat16):
            loss = flow_loss(model, x[rows], classes[rows], drawn(x[rows]))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        follow(list(average.parameters()), list(model.parameters()), step)
        losses.append(loss.item())
        if step in checkpoint_steps:
            kept.append({name: value.clone() for name, value in model.state_dict().items()})
    rates = [rate(recipe, step) for step in sorted(checkpoint_steps)]
    return Trained(average.eval(), losses, kept, rates)


def _for_stack(model: Flow) -> Flow:
    model.channels_last = False
    return model


def train_many(
    images: Images, trainings: Sequence[Training], *, recipe: Recipe, device: str
) -> Stack:
    """Train a model for each of some parts of the images, side by side, in float32 (or TF32)."""
    x = centred(images).to(device)
    classes = torch.from_numpy(images.classes.astype(np.int64)).to(device)
    stack = Stack([_for_stack(start(images, recipe, seed=t.start_seed)) for t in trainings], device)
    average = [weights.detach().clone() for weights in stack.parameters]
    optimizer = torch.optim.AdamW(stack.parameters, betas=BETAS, fused=device != "cpu")
    rows = Rows(trainings, device)
    for step in range(1, recipe.steps + 1):
        optimizer.param_groups[0]["lr"] = rate(recipe, step)
        some = rows.drawn(recipe.batch)
        t = torch.sigmoid(LOGIT_MEAN + rows.normal(recipe.batch))
        draws = Draws(
            t, rows.normal(recipe.batch, *x.shape[1:]), rows.uniform(recipe.batch) < DROPPED
        )
        loss = flow_loss(stack, x[some], classes[some], draws).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        stack.clip(LARGEST_GRADIENT)
        optimizer.step()
        follow(average, stack.parameters, step)
    stack.weights = dict(zip(stack.weights, average, strict=True))
    return stack


@torch.inference_mode()
def losses(model: Flow | Stack, images: Images, *, seed: int = 0) -> Float64:
    """Return each image's training loss by level of noise, (…, LEVELS, m), the same for all models.

    The levels are the quantiles of the t that training draws: their mean is the training loss.
    """
    x, classes = centred(images), torch.from_numpy(images.classes.astype(np.int64))
    generator = torch.Generator().manual_seed(seed)
    quantiles = torch.special.ndtri((torch.arange(LEVELS) + 0.5) / LEVELS)
    found = []
    for t in torch.sigmoid(LOGIT_MEAN + quantiles):
        total = 0
        for _ in range(LOSS_DRAWS):
            noise = torch.randn(x.shape, generator=generator)
            free = torch.zeros(len(x), dtype=torch.bool)
            inputs = [x, classes, t.repeat(len(x)), noise, free]
            if isinstance(model, Stack):
                inputs = model.shared(inputs)
            with torch.autocast("cpu", torch.bfloat16):
                total = total + image_losses(model, *inputs[:2], Draws(*inputs[2:])).double().cpu()
        found.append(total / LOSS_DRAWS)
    return torch.stack(found, -2).numpy()


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
