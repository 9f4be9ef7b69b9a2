"""One settings class a stage. They check their ranges when they are made and hold nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from gmv_core.errors import SettingsError, unknown_choice

INDEX_KINDS = ("auto", "exact", "sq8", "pq", "disk")
COLOURS = SRGB, AS_STORED = "srgb", "as stored"
PAPER, CONVINCING = "paper", "convincing"  # which matches earn
EACH, CLUSTER = "each", "cluster"  # who a near copy earns for: itself, or all of its cluster
CREDITS, DUPLICATES = (PAPER, CONVINCING), (EACH, CLUSTER)
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


def _at_least(name: str, value: float, low: float) -> None:
    if not value >= low:
        raise SettingsError(f"{name} is {value}; give a number of at least {low}.")


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """max_pixels: more are rejected before decoding. preview_side_px: longest side kept.

    colours: "srgb", colour profiles are converted to sRGB; or "as stored", they are passed over.
    """

    max_pixels: int = 200_000_000
    preview_side_px: int = 256
    colours: str = SRGB

    def __post_init__(self) -> None:
        _at_least("max_pixels", self.max_pixels, 1)
        _at_least("preview_side_px", self.preview_side_px, 32)
        if self.colours not in COLOURS:
            raise unknown_choice("rule for colours", self.colours, list(COLOURS))


@dataclass(frozen=True, slots=True)
class EmbedSettings:
    """embedder: a key, or "auto". precision: "auto" is fp32 on a CPU and fp16 on CUDA."""

    embedder: str = "auto"
    precision: str = "auto"
    batch_size: int = 64

    def __post_init__(self) -> None:
        _at_least("batch_size", self.batch_size, 1)
        if self.precision not in PRECISIONS:
            raise unknown_choice("precision", self.precision, list(PRECISIONS))


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """kind: "auto" by size, or at any size "exact", "sq8", "pq" (the paper's IVF-PQ) or "disk".

    "disk" is the same as "pq", with codes that stay on the disk or object store.
    """

    kind: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in INDEX_KINDS:
            raise unknown_choice("index", self.kind, list(INDEX_KINDS))
        _at_least("seed", self.seed, 0)


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """What needs a model: candidates (R of the paper), distance and quality metric."""

    candidates: int = 100
    distance: str = "auto"
    quality: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        _at_least("candidates", self.candidates, 1)
        _at_least("seed", self.seed, 0)


@dataclass(frozen=True, slots=True)
class ValueSettings:
    """What needs no model: k, the temperature τ (a number, or "auto"), quality weighting.

    credit: "paper", or "convincing": a match farther than unseen real images reach earns nothing.
    duplicates: "each" earns for itself, or "cluster": near copies earn as one and share equally.
    """

    k: int = 10
    temperature: float | str = 1.0
    quality_weighting: bool = True
    credit: str = PAPER
    duplicates: str = EACH

    def __post_init__(self) -> None:
        _at_least("k", self.k, 1)
        if self.credit not in CREDITS:
            raise unknown_choice("credit", self.credit, list(CREDITS))
        if self.duplicates not in DUPLICATES:
            raise unknown_choice("duplicates", self.duplicates, list(DUPLICATES))
        if isinstance(self.temperature, str):
            if self.temperature != "auto":
                raise SettingsError(
                    f'temperature is {self.temperature!r}; give a number above 0, or "auto".'
                )
        elif not 0 < self.temperature < float("inf"):
            raise SettingsError(
                f'temperature is {self.temperature}; give a number above 0, or "auto".'
            )


@dataclass(frozen=True, slots=True)
class InfluenceSettings:
    """side_px: of the averaged images, even.

    kept_directions: tr D of the whole-image denoiser, which then stands alone; None reads it, and
    how much a denoiser of small blocks counts beside it, off the generated images.
    """

    side_px: int = 16
    kept_directions: float | None = None

    def __post_init__(self) -> None:
        _at_least("side_px", self.side_px, 2)
        if self.side_px % 2:
            raise SettingsError(f"side_px is {self.side_px}; give an even number.")
        if self.kept_directions is not None and not 0 < self.kept_directions < float("inf"):
            raise SettingsError(
                f"kept_directions is {self.kept_directions}; give a number above 0."
            )


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run is made with. influence: whether it is predicted too, by its default settings."""

    match: MatchSettings = field(default_factory=MatchSettings)
    value: ValueSettings = field(default_factory=ValueSettings)
    influence: bool = False


@dataclass(frozen=True)
class BuildSettings:
    """All that decides what a set holds. An embedder given from Python wins over `embed`."""

    ingest: IngestSettings = field(default_factory=IngestSettings)
    embed: EmbedSettings = field(default_factory=EmbedSettings)
    index: IndexSettings = field(default_factory=IndexSettings)
