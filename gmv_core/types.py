"""The vocabulary that the stages share: small frozen records, no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
Int8 = NDArray[np.int8]

OK = "ok"
REMOVED = "removed"  # the status of an image that someone took out of its set


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One image as it lies in a source, not yet decoded.

    name: path inside the source, "/"-separated, unique in it.
    data: the file's bytes. Array sources (npz, IDX) give a binary PGM/PPM file.
    error: why the bytes could not be read ("" if they could).
    """

    name: str
    data: bytes
    label: str = ""
    owner: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """What one pass over an image's bytes leaves behind.

    status: "ok", or the reason why the image was rejected (then the fields below are 0 or empty).
    width, height: of the image as it is shown (EXIF orientation applied), pixels.
    preview: an encoded RGB or grey image whose longest side is at most 256 px; everything that is
        computed later is computed from it.
    pixels: (h, w, 3) uint8, the preview decoded; None where status is not "ok".
    is_grey: the three channels are equal.
    low, high, mean: 1st and 99th percentile and mean of the grey levels, 0…255.
    note: what was done to it that a person should know, "" for nothing; counted over a set.
    """

    sha256: str
    size_bytes: int
    status: str
    width: int = 0
    height: int = 0
    preview: bytes = b""
    pixels: UInt8 | None = None
    is_grey: bool = False
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    note: str = ""


class Network(Protocol):
    """A network ready to run: (n, s, s, 3) uint8 RGB in, a tuple of (n, …) float32 arrays out."""

    def __call__(self, pixels: UInt8) -> tuple[Float32, ...]: ...


class Embedder(Protocol):
    """Turns images into unit vectors, and where it can into perceptual vectors as well.

    key: what a manifest calls it, with version or tag.
    side_px, crop: how `embedder.stack` prepares its input.
    features_norm_squared: the squared length of its perceptual vectors, None where it gives none.
    """

    @property
    def key(self) -> str: ...
    @property
    def side_px(self) -> int: ...
    @property
    def dim(self) -> int: ...
    @property
    def features_norm_squared(self) -> float | None: ...
    @property
    def has_features(self) -> bool: ...
    @property
    def crop(self) -> bool: ...

    def __call__(self, pixels: UInt8) -> tuple[Float32, Float32 | None]:
        """(n, side_px, side_px, 3) uint8 → unit rows (n, dim), and perceptual (n, D) or None."""
        ...


class Distance(Protocol):
    """A perceptual distance in vector form: d(x, y) = ‖v(x) − v(y)‖², or its root.

    side_px: the side to which previews are resized.
    squared: whether the distance is the squared norm (LPIPS's form) or the norm (pixel L2).
    """

    @property
    def key(self) -> str: ...
    @property
    def side_px(self) -> int: ...
    @property
    def squared(self) -> bool: ...

    def __call__(self, pixels: UInt8) -> Float32:
        """(n, side_px, side_px, 3) uint8 → (n, D) float32."""
        ...


class QualityMetric(Protocol):
    """Judges images one by one: q in [0, 1], higher is better."""

    @property
    def key(self) -> str: ...

    def __call__(self, image: UInt8, *, seed: int) -> float:
        """(h, w, 3) uint8 → q. `seed` fixes any random crop."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of long work: `done` of `total` (None: unknown) in `stage`."""

    stage: str
    done: int
    total: int | None


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Report nothing."""
