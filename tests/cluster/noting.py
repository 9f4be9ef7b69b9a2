"""An embedder that notes where it works, and one that ends its process."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gmv_core.models.embedders.embedder import NetworkEmbedder
from gmv_core.types import Embedder, Float32, UInt8
from tests.fakes import DIM, FAKE, NORM_SQUARED, SIDE_PX, fake_vectors


@dataclass(frozen=True)
class Noting:
    """The fake network, which leaves a file in a folder each time: <machine>-<process>-<number>."""

    folder: Path

    def __call__(self, pixels: UInt8) -> tuple[Float32, Float32]:
        import ray

        machine = ray.get_runtime_context().get_node_id() if ray.is_initialized() else "here"
        number = len(list(self.folder.iterdir()))
        (self.folder / f"{machine}-{os.getpid()}-{number}").touch()
        return fake_vectors(pixels)


def noting_embedder(folder: Path) -> Embedder:
    return NetworkEmbedder(FAKE, SIDE_PX, DIM, NORM_SQUARED, Noting(folder))


def visits_of(folder: Path) -> Counter[str]:
    """Return how often each machine was at work."""
    return Counter(path.name.partition("-")[0] for path in folder.iterdir())


def deadly(_: UInt8) -> tuple[Float32, Float32]:
    os._exit(1)


def deadly_embedder() -> Embedder:
    return NetworkEmbedder(FAKE, SIDE_PX, DIM, NORM_SQUARED, deadly)
