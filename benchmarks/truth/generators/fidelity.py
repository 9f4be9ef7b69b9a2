"""How good generated images are: FID, precision and recall, on the product's own network.

torch-fidelity computes them (FID: Heusel et al., NeurIPS 2017; precision and recall: Kynkäänniemi et
al., NeurIPS 2019, k = 3) from the unit vectors (624) in which the product searches, EfficientNet-Lite0
at 128 px. Such an FID lies between 0 and 4 and is not comparable with one on Inception's features;
with few images it is biased upwards, so "real against real", of the same counts, is its floor.
"""  # noqa: E501

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch_fidelity
from torch import Tensor
from torch.utils.data import Dataset

from gmv_core.models.embedders.embedder import stack
from gmv_core.models.embedders.lite0 import load_lite0
from gmv_core.types import UInt8

EXTRACTOR, LAYER = "gmv-lite0", "vector"
BATCH = 64


class Vectors(torch_fidelity.FeatureExtractorBase):
    """The embedded network as torch-fidelity wants it: (n, 3, h, w) uint8 → ((n, 624),)."""

    def __init__(self, name: str, features_list: list[str], **ignored: Any) -> None:  # noqa: ANN401
        super().__init__(name, features_list)
        self.embedder = load_lite0("fp32")

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        return (LAYER,)

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        return LAYER

    @staticmethod
    def can_be_compiled() -> bool:
        return False

    def forward(self, input: Tensor) -> tuple[Tensor]:
        images = list(input.permute(0, 2, 3, 1).contiguous().numpy())
        return (torch.from_numpy(self.embedder(stack(images, self.embedder.side_px))[0]),)


torch_fidelity.register_feature_extractor(EXTRACTOR, Vectors)


class Pixels(Dataset[Tensor]):
    """Images (n, h, w, c) uint8 as torch-fidelity wants them, grey ones as RGB."""

    def __init__(self, pixels: UInt8) -> None:
        rgb = np.broadcast_to(pixels, (*pixels.shape[:3], 3))
        self.images = torch.from_numpy(rgb.transpose(0, 3, 1, 2).copy())

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: int) -> Tensor:
        return self.images[row]


@dataclass(frozen=True)
class Fidelity:
    """fid: lower is better. precision: share of generated images within the real ones' manifold.

    recall: share of real images within the generated ones' manifold.
    """

    fid: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Reference:
    """Real images (n, h, w, c), and a folder where their vectors are kept while it is open."""

    pixels: UInt8
    cache: str

    def measure(self, generated: UInt8) -> Fidelity:
        """Hold generated images (m, h, w, c) uint8 against the real ones."""
        told = torch_fidelity.calculate_metrics(
            input1=Pixels(generated), input2=Pixels(self.pixels), input2_cache_name="real",
            cache_root=self.cache, feature_extractor=EXTRACTOR, fid=True, prc=True, cuda=False,
            batch_size=BATCH, save_cpu_ram=True, verbose=False,
        )  # fmt: skip
        return Fidelity(
            told[torch_fidelity.KEY_METRIC_FID],
            told[torch_fidelity.KEY_METRIC_PRECISION],
            told[torch_fidelity.KEY_METRIC_RECALL],
        )


@contextmanager
def reference(pixels: UInt8) -> Iterator[Reference]:
    """Yield a reference; its vectors are computed once and leave nothing behind."""
    with tempfile.TemporaryDirectory() as folder:
        yield Reference(pixels, folder)
