"""LPIPS and its kin in vector form: a network runs once per image, never once per pair.

LPIPS (Zhang et al., CVPR 2018, eq. 1) sums over layers l the mean over positions of
Σ_c w_lc (x̂_c − ŷ_c)², where x̂ has unit length at every position. As all w ≥ 0 that is
‖v(x) − v(y)‖² with v = concat_l √(w_l / (H_l·W_l)) · x̂_l, exactly. `stlpips` is its shift-tolerant
kin (Ghildyal and Liu, ECCV 2022).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmv_core.errors import ModelError
from gmv_core.models.network import compile_network
from gmv_core.models.weights import digest, on_disk_only, package_file, torch_hub_folder
from gmv_core.types import Distance, Float32, UInt8

if TYPE_CHECKING:
    import torch


# ST-LPIPS is better at 64 px than at 32 and no better at 128 (class share on CIFAR-10). LPIPS's
# own heads were fitted to judgments on 64 px patches, so 64 is the side that its weights mean.
SIDE_PX = 64
# The file names are torchvision's own; the digits are the head of each file's SHA-256.
LPIPS_TRUNKS = {
    "alex": "alexnet-owt-7be5be79.pth",
    "vgg": "vgg16-397923af.pth",
}


@dataclass(frozen=True)
class VectorDistance:
    """A `Distance` around a function that turns pixels into vectors."""

    key: str
    side_px: int
    squared: bool
    vectors: Callable[[UInt8], Float32]

    def __call__(self, pixels: UInt8) -> Float32:
        return self.vectors(pixels)


def load_stlpips(precision: str) -> Distance:
    path = stlpips_weights()
    if path is None:
        raise ModelError(
            "The distance stlpips needs the packages pyiqa (its network) and stlpips-pytorch (its "
            "weights), and one of them is not installed; run `pip install pyiqa stlpips-pytorch` "
            "(pyiqa's licence is non-commercial), or use features or l2."
        )
    return _compiled("stlpips", path, lambda: stlpips_network(path), precision)


def load_lpips(net: str) -> Callable[[str], Distance]:
    key = "lpips" if net == "alex" else f"lpips-{net}"

    def load(precision: str) -> Distance:
        if package_file("lpips", f"weights/v0.1/{net}.pth") is None:
            raise ModelError(
                f"The distance {key} needs the package lpips, which is not installed; "
                "run `pip install lpips`, or use stlpips or features."
            )
        path = lpips_trunk(net)
        if path is None:
            raise ModelError(
                f"The ImageNet weights of {key} are not on this disk (looked for "
                f"{torch_hub_folder() / 'checkpoints' / LPIPS_TRUNKS[net]}); run "
                f"`python -m gmv_core models download {key}`, or use stlpips or features."
            )
        return _compiled(key, path, lambda: _lpips(net, path), precision)

    return load


def _compiled(
    key: str, path: Path, build: Callable[[], torch.nn.Module], precision: str
) -> Distance:
    network = compile_network(
        lambda: lpips_vectors(build()),
        side_px=SIDE_PX,
        name=f"{key} {digest(path)}",
        precision=precision,
    )
    return VectorDistance(key, SIDE_PX, True, lambda pixels: network(pixels)[0])


def stlpips_weights() -> Path | None:
    """Return the weights file of ST-LPIPS if it and the package with its network are here."""
    if find_spec("pyiqa") is None:
        return None
    return package_file("stlpips_pytorch", "weights/vST0.0/alex_shift_tolerant.pth")


def lpips_trunk(net: str) -> Path | None:
    """Return the ImageNet weights of "alex" or "vgg" in torch hub's cache, or None."""
    path = torch_hub_folder() / "checkpoints" / LPIPS_TRUNKS[net]
    return path if path.is_file() else None


def fetch_trunk(net: str) -> None:
    """Download the ImageNet weights of "alex" or "vgg" to where torch hub keeps them."""
    import torch

    path = torch_hub_folder() / "checkpoints" / LPIPS_TRUNKS[net]
    path.parent.mkdir(parents=True, exist_ok=True)
    digits = path.stem.rpartition("-")[2]
    url = f"https://download.pytorch.org/models/{path.name}"
    torch.hub.download_url_to_file(url, str(path), digits, progress=False)


def stlpips_network(path: Path) -> torch.nn.Module:
    """Return pyiqa's network with the package's weights."""
    with on_disk_only():
        from pyiqa.archs.stlpips_arch import STLPIPS

        model: torch.nn.Module = STLPIPS(net="alex", pretrained=False)
    # Its own loader reads pickles and lets tensors be missing, so the file is read here instead.
    weights = _read(path)
    # The model names its heads twice, "lin0" and "lins.0"; the file once.
    names = {k: re.sub(r"^lins\.(\d)", r"lin\1", k) for k in model.state_dict()}
    model.load_state_dict({ours: weights[theirs] for ours, theirs in names.items()})
    return model


def _lpips(net: str, path: Path) -> torch.nn.Module:
    """Return LPIPS with the heads that its package ships and the ImageNet trunk of `path`."""
    import warnings

    weights = _read(path)
    with on_disk_only(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls torchvision in a deprecated way
        import lpips

        model = lpips.LPIPS(net=net, pnet_rand=True, verbose=False)
        # "slice2.3.weight" of the trunk is "features.3.weight" of torchvision.
        names = {k: re.sub(r"^slice\d+", "features", k) for k in model.net.state_dict()}
        try:
            model.net.load_state_dict({ours: weights[theirs] for ours, theirs in names.items()})
        except (KeyError, RuntimeError) as error:
            raise ModelError(
                f"The file {path} holds no {net} network of torchvision ({error}); delete it and "
                "download it again."
            ) from error
    module: torch.nn.Module = model
    return module


def _read(path: Path) -> dict[str, Any]:
    """Return a file's tensors, by name."""
    import torch

    try:
        weights: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # torch raises a different kind for every way of being broken
        raise ModelError(
            f"The weights file {path} cannot be read ({type(error).__name__}); delete it and "
            "download it again."
        ) from error
    return weights


def lpips_vectors(model: torch.nn.Module) -> torch.nn.Module:
    """Return the module (n, s, s, 3) uint8 → ((n, D),) of an LPIPS-like model.

    model: has `scaling_layer`, the trunk `net` and the heads `lins`, as lpips.LPIPS does.
    Raises ModelError where a head weight is negative: such a distance has no vector form.
    """
    import torch

    heads = [head.model[-1].weight.detach() for head in model.lins]  # each (1, c, 1, 1)
    if any(bool((head < 0).any()) for head in heads):
        raise ModelError("This LPIPS checkpoint has negative head weights; use the original one.")

    class Vectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scaling, self.trunk = model.scaling_layer, model.net
            self.roots = torch.nn.ParameterList(
                torch.nn.Parameter(head.sqrt(), requires_grad=False) for head in heads
            )

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
            x = x.permute(0, 3, 1, 2).float() / 127.5 - 1  # (n, 3, s, s) in [−1, 1]
            parts = []
            for maps, root in zip(self.trunk(self.scaling(x)), self.roots, strict=True):
                length = maps.pow(2).sum(1, keepdim=True).sqrt() + 1e-10
                positions = maps.shape[2] * maps.shape[3]
                parts.append((maps / length * (root / positions**0.5)).flatten(1))
            return (torch.cat(parts, 1),)  # (n, D)

    return Vectors()
