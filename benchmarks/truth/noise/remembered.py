"""An embedder that embeds an image once, for many sets that hold mostly the same images."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from gmv_core.types import Embedder, Float32, UInt8


@dataclass(frozen=True)
class RememberingEmbedder:
    """An `Embedder` that remembers what its network gave for each image.

    network: must give features, 0.2 MB an image for the embedded one. known: by the digest of the
    pixels; grows with every new image.
    """

    network: Embedder
    known: dict[bytes, tuple[Float32, Float32]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.network.key

    @property
    def side_px(self) -> int:
        return self.network.side_px

    @property
    def dim(self) -> int:
        return self.network.dim

    @property
    def features_norm_squared(self) -> float | None:
        return self.network.features_norm_squared

    @property
    def has_features(self) -> bool:
        return self.network.has_features

    @property
    def crop(self) -> bool:
        return self.network.crop

    def __call__(self, pixels: UInt8) -> tuple[Float32, Float32 | None]:
        digests = [blake2b(image.tobytes(), digest_size=16).digest() for image in pixels]
        new = [i for i, digest in enumerate(digests) if digest not in self.known]
        if new:
            vectors, features = self.network(pixels[new])
            if features is None:
                raise ValueError(f"{self.key} gives no features")
            for i, vector, feature in zip(new, vectors, features, strict=True):
                self.known[digests[i]] = (vector, feature)
        found = [self.known[digest] for digest in digests]
        return np.stack([v for v, _ in found]), np.stack([f for _, f in found])

    def fork(self) -> RememberingEmbedder:
        """Return one that knows as much, and whose new memories die with it."""
        return RememberingEmbedder(self.network, dict(self.known))
