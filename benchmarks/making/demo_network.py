"""The network of the demo's generator: it predicts clean portraits from noisy ones."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.kit.residual_block import ResidualBlock

PATCH_PX = 8


class Attention(nn.Module):
    """Self-attention over all positions of the coarsest level."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        n, c, height, width = x.shape
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        qkv = self.qkv(tokens).view(n, height * width, 3, 4, c // 4).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2])
        mixed = self.out(mixed.transpose(1, 2).reshape(n, height * width, c))
        return x + mixed.transpose(1, 2).reshape(n, c, height, width)


class Generator(nn.Module):
    """U-Net on patches. Portraits are aligned, so each level adds a learned map of positions.

    given: how many numbers it is told of a portrait.
    """

    def __init__(self, widths: tuple[int, int], given: int, condition: int = 192) -> None:
        super().__init__()
        fine, coarse = widths
        channels = 3 * PATCH_PX**2
        self.inward = nn.Conv2d(channels, fine, 1)
        self.fine_map = nn.Parameter(torch.zeros(1, fine, 12, 12))
        self.coarse_map = nn.Parameter(torch.zeros(1, coarse, 6, 6))
        self.fine_in = ResidualBlock(fine, condition)
        self.down = nn.Conv2d(fine, coarse, 2, stride=2)
        self.coarse_in = ResidualBlock(coarse, condition)
        self.attention = Attention(coarse)
        self.coarse_out = ResidualBlock(coarse, condition)
        self.up = nn.ConvTranspose2d(coarse, fine, 2, stride=2)
        self.fine_out = nn.ModuleList(ResidualBlock(fine, condition) for _ in range(2))
        self.norm = nn.GroupNorm(8, fine)
        self.outward = nn.Conv2d(fine, channels, 1)
        self.condition = nn.Linear(given, condition)
        self.time = nn.Sequential(
            nn.Linear(64, condition), nn.SiLU(), nn.Linear(condition, condition)
        )

    def forward(self, noisy: Tensor, t: Tensor, given: Tensor) -> Tensor:
        """Predict clean images (n, 3, 96, 96) from noisy ones, t (n,) in 0…1 (1 is pure noise)."""
        frequency = torch.exp(torch.linspace(0.0, 6.0, 32))
        angle = t[:, None] * frequency[None]
        c = self.time(torch.cat([angle.sin(), angle.cos()], dim=1)) + self.condition(given)
        c = F.silu(c)
        x = F.pixel_unshuffle(noisy, PATCH_PX)  # (n, 192, 12, 12)
        x = x.contiguous(memory_format=torch.channels_last)
        fine = self.fine_in(self.inward(x) + self.fine_map, c)
        x = self.down(fine) + self.coarse_map  # (n, ·, 6, 6)
        x = self.coarse_out(self.attention(self.coarse_in(x, c)), c)
        x = self.up(x) + fine
        for block in self.fine_out:
            x = block(x, c)
        return F.pixel_shuffle(self.outward(F.silu(self.norm(x))), PATCH_PX)
