"""Perceptual distances by key; each is a vector an image, so that no network runs once per pair.

`features` comes from the embedder and `none` needs no network: neither is loaded here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gmv_core.errors import unknown_choice
from gmv_core.models.distances.dreamsim_form import load_dreamsim
from gmv_core.models.distances.lpips_form import SIDE_PX, VectorDistance, load_lpips, load_stlpips
from gmv_core.types import Distance, Float32, UInt8


def load_distance(key: str, *, precision: str = "auto") -> Distance:
    """Return a distance of `DISTANCES`.

    Raises SettingsError for an unknown key, ModelError where weights are not on this disk.
    """
    if key not in DISTANCES:
        raise unknown_choice("distance", key, [*DISTANCES, "features", "none"])
    return DISTANCES[key](precision)


def _load_l2(_: str) -> Distance:
    def vectors(pixels: UInt8) -> Float32:
        flat = pixels.reshape(len(pixels), -1)  # (n, s·s·3)
        return (flat / np.float32(255 * flat.shape[1] ** 0.5)).astype(np.float32)

    return VectorDistance("l2", SIDE_PX, False, vectors)


DISTANCES: dict[str, Callable[[str], Distance]] = {
    "l2": _load_l2,
    "stlpips": load_stlpips,
    "lpips": load_lpips("alex"),
    "lpips-vgg": load_lpips("vgg"),
    "dreamsim": load_dreamsim,
}
