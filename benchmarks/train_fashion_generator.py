"""Train a small class-conditional model on Fashion-MNIST and generate images with it.

A rectified flow (Liu et al., arXiv 2209.03003): a compact U-Net on 2 × 2 px patches predicts the
clean image, the loss is that of the velocity (Li & He, arXiv 2511.13720), and classifier-free
guidance (Ho & Salimans, arXiv 2207.12598) sharpens the class. Minutes on two CPU cores; the first
images of the seed are written, none picked.

    python -m benchmarks.train_fashion_generator /tmp/fashion-generated
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from benchmarks.datasets import FASHION_CLASSES, fashion

CLASSES = len(FASHION_CLASSES)
NO_CLASS = CLASSES  # stands for "any class" where guidance needs it
PATCH_PX = 2


class Block(nn.Module):
    """Residual block of two 3 × 3 convolutions, scaled and shifted by the condition."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(8, width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(condition, 2 * width)
        self.norm2 = nn.GroupNorm(8, width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
        h = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))


class Generator(nn.Module):
    """U-Net of two levels, 14 × 14 and 7 × 7 positions, each with a learned map of positions."""

    def __init__(self, fine: int = 64, coarse: int = 128, condition: int = 128) -> None:
        super().__init__()
        self.inward = nn.Conv2d(PATCH_PX**2, fine, 3, padding=1)
        self.fine_map = nn.Parameter(torch.zeros(1, fine, 14, 14))
        self.coarse_map = nn.Parameter(torch.zeros(1, coarse, 7, 7))
        self.fine_in = Block(fine, condition)
        self.down = nn.Conv2d(fine, coarse, 2, stride=2)
        self.coarse = nn.ModuleList(Block(coarse, condition) for _ in range(3))
        self.up = nn.ConvTranspose2d(coarse, fine, 2, stride=2)
        self.fine_out = nn.ModuleList(Block(fine, condition) for _ in range(2))
        self.norm = nn.GroupNorm(8, fine)
        self.outward = nn.Conv2d(fine, PATCH_PX**2, 3, padding=1)
        self.classes = nn.Embedding(CLASSES + 1, condition)
        self.time = nn.Sequential(
            nn.Linear(64, condition), nn.SiLU(), nn.Linear(condition, condition)
        )

    def forward(self, noisy: Tensor, t: Tensor, classes: Tensor) -> Tensor:
        """Predict clean images (n, 1, 28, 28) from noisy ones; t (n,) in 0…1, 1 is pure noise."""
        angle = t[:, None] * torch.exp(torch.linspace(0.0, 6.0, 32))[None]
        c = F.silu(self.time(torch.cat([angle.sin(), angle.cos()], 1)) + self.classes(classes))
        x = F.pixel_unshuffle(noisy, PATCH_PX).contiguous(memory_format=torch.channels_last)
        fine = self.fine_in(self.inward(x) + self.fine_map, c)  # (n, ·, 14, 14)
        x = self.down(fine) + self.coarse_map  # (n, ·, 7, 7)
        for block in self.coarse:
            x = block(x, c)
        x = self.up(x) + fine
        for block in self.fine_out:
            x = block(x, c)
        return F.pixel_shuffle(self.outward(F.silu(self.norm(x))), PATCH_PX)


def flow_loss(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Mean squared error of the velocity, from a prediction of the clean image."""
    n = len(images)
    t = torch.sigmoid(0.2 + torch.randn(n))[:, None, None, None]
    given = torch.where(torch.rand(n) < 0.1, torch.full_like(classes, NO_CLASS), classes)
    noisy = (1 - t) * images + t * torch.randn_like(images)
    error = model(noisy, t.flatten(), given) - images
    return (error / t.clamp_min(0.05)).square().mean()


def train(images: Tensor, classes: Tensor, *, steps: int, batch: int, seed: int) -> nn.Module:
    """Return the running average of the model's weights after `steps` steps of AdamW."""
    torch.manual_seed(seed)
    model = Generator().to(memory_format=torch.channels_last)
    average = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.99))
    started, recent = time.perf_counter(), []
    for step in range(1, steps + 1):
        rate = min(1.0, step / 100) * 0.5 * (1 + math.cos(math.pi * (step - 1) / steps))
        optimizer.param_groups[0]["lr"] = 2e-3 * rate
        rows = torch.randint(len(images), (batch,))
        loss = flow_loss(model, images[rows], classes[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        decay = min(0.998, (1 + step) / (10 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)
        recent.append(loss.item())
        if step % 100 == 0 or step == steps:
            speed = step * batch / (time.perf_counter() - started)
            print(f"step {step}  loss {np.mean(recent):.4f}  {speed:.0f} images/s", flush=True)
            recent.clear()
    return average.eval()


@torch.inference_mode()
def sample(model: nn.Module, classes: Tensor, *, seed: int, steps: int, guidance: float) -> Tensor:
    """Generate one image a class asked for, (n, 1, 28, 28) in −1…1, by Heun's method."""
    z = torch.randn(len(classes), 1, 28, 28, generator=torch.Generator().manual_seed(seed))

    def velocity(z: Tensor, t: float) -> Tensor:
        time_row = torch.full((len(z),), t)
        asked = model(z, time_row, classes)
        free = model(z, time_row, torch.full_like(classes, NO_CLASS))
        return (z - torch.lerp(free, asked, guidance if t > 0.1 else 1.0)) / max(t, 0.02)

    grid = torch.linspace(1.0, 0.0, steps + 1).tolist()
    for t, after in itertools.pairwise(grid):
        slope = velocity(z, t)
        ahead = z + (after - t) * slope
        z = ahead if after == 0 else z + (after - t) * 0.5 * (slope + velocity(ahead, after))
    return z.clamp(-1, 1)


def main() -> None:
    """Train, generate and write the images in class folders, and the recipe beside them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the generated images go")
    parser.add_argument("--fashion", type=Path, default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--count", type=int, default=100, help="generated images")
    parser.add_argument("--guidance", type=float, default=1.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--quick", action="store_true", help="40 steps, to see that it runs")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pixels, labels = fashion(options.fashion, "train")
    images = torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1)[:, None]
    steps = 40 if options.quick else options.steps
    started = time.perf_counter()
    model = train(
        images, torch.from_numpy(labels), steps=steps, batch=options.batch, seed=options.seed
    )
    seconds = time.perf_counter() - started
    asked = torch.arange(options.count) % CLASSES
    made = sample(model, asked, seed=options.seed + 1, steps=30, guidance=options.guidance)
    made_pixels = ((made[:, 0] + 1) * 127.5).round().byte().numpy()
    for i, (kind, image) in enumerate(zip(asked.tolist(), made_pixels, strict=True)):
        folder = options.folder / str(kind)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{i:03d}.png")
    recipe = {"steps": steps, "batch": options.batch, "seed": options.seed, "heun_steps": 30,
              "guidance": options.guidance, "seconds": round(seconds),
              "parameters": sum(p.numel() for p in model.parameters())}  # fmt: skip
    (options.folder / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")
    print(json.dumps(recipe))


if __name__ == "__main__":
    main()
