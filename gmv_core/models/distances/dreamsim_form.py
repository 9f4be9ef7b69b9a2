"""DreamSim (Fu et al., NeurIPS 2023) as one unit vector u an image: 1 − cos = ‖u − v‖²/2."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gmv_core.errors import ModelError
from gmv_core.models.network import choose_device
from gmv_core.models.weights import on_disk_only
from gmv_core.types import Distance, Float32, UInt8

if TYPE_CHECKING:
    pass
from gmv_core.models.distances.lpips_form import VectorDistance

DREAMSIM_SIDE_PX = 224  # fixed by its networks


def dreamsim_folder() -> Path:
    """Return where DreamSim's checkpoints lie (its own default is the current directory)."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("gmv-explorer", appauthor=False)) / "dreamsim"


def dreamsim_ready() -> bool:
    """Whether the package and its checkpoints are here; nothing is imported."""
    return find_spec("dreamsim") is not None and (dreamsim_folder() / "ensemble_lora").is_dir()


def fetch_dreamsim() -> None:
    """Download and unpack DreamSim's checkpoints."""
    from dreamsim.model import download_weights

    dreamsim_folder().parent.mkdir(parents=True, exist_ok=True)
    download_weights(cache_dir=str(dreamsim_folder()), dreamsim_type="ensemble")


def load_dreamsim(_: str) -> Distance:
    if find_spec("dreamsim") is None:
        raise ModelError(
            "The distance dreamsim needs the package dreamsim, which is not installed; run "
            "`pip install dreamsim`, then `python -m gmv_core models download dreamsim`."
        )
    if not dreamsim_ready():
        raise ModelError(
            f"DreamSim's weights are not on this disk (looked in {dreamsim_folder()}); run "
            "`python -m gmv_core models download dreamsim`, or use features or stlpips."
        )
    import torch

    device = "cuda" if choose_device() == "cuda" else "cpu"
    with on_disk_only():
        from dreamsim import dreamsim

        model, _preprocess = dreamsim(device=device, cache_dir=str(dreamsim_folder()))

    def vectors(pixels: UInt8) -> Float32:
        # It squeezes its outputs, so that a batch of one would lose an axis: never give it one.
        batch = np.concatenate([pixels, pixels[:1]])
        x = torch.from_numpy(batch).permute(0, 3, 1, 2).float().to(device) / 255
        with torch.inference_mode():
            unit = torch.nn.functional.normalize(model.embed(x), dim=1)
        found: Float32 = (unit[:-1] / 2**0.5).float().cpu().numpy()
        return found

    return VectorDistance("dreamsim", DREAMSIM_SIDE_PX, True, vectors)
