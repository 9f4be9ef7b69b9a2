"""Spoiling: a training set as a source of its own, some of its images noisy, blurred or foreign."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from gmv_core.criteria.trials.derived_runs import derived_name
from gmv_core.errors import SettingsError, unknown_choice
from gmv_core.images.decode import pixels_of
from gmv_core.results.result import Result
from gmv_core.sources.source import Source, digest
from gmv_core.store.columns import statuses
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Int64, SourceImage, UInt8

FOREIGN = "foreign"
KINDS = {"noise": 0.1, "blur": 0.03, FOREIGN: 1.0}  # and their usual strength, which is mild
COPY = "copy"  # what the source of a copy is called in its manifest
COLUMN = "injected"  # the attribute that marks what was spoilt
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Injection:
    """What is done to a share of the training images.

    kind: "noise": Gaussian, strength is σ where white is 1. "blur": strength is the radius as a
    share of the longer side. FOREIGN: images of the set `source_set` take their places.
    strength None: the usual one of KINDS.
    """

    kind: str = "noise"
    strength: float | None = None
    share: float = 0.05
    seed: int = 0
    source_set: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown_choice("injection", self.kind, list(KINDS))
        if self.seed < 0:
            raise SettingsError(f"seed is {self.seed}; give a number of at least 0.")
        if not 0 < self.share <= 0.5:
            raise SettingsError(f"share is {self.share}; give a number above 0, at most 0.5.")
        if not 0 < self.amount <= 1:
            raise SettingsError(f"strength is {self.amount}; give a number above 0, at most 1.")
        if self.kind == FOREIGN and not self.source_set:
            raise SettingsError("Foreign images come from a set; give its name with --from.")
        if self.kind != FOREIGN and self.source_set:
            raise SettingsError(
                f"{self.kind} takes no images of {self.source_set!r}; leave --from out, or inject "
                f"{FOREIGN!r}."
            )

    @property
    def amount(self) -> float:
        return KINDS[self.kind] if self.strength is None else self.strength

    def name(self, run: str) -> str:
        """Return what the run against the copy is called; the copy's name has "-set" behind it."""
        seed = f"-seed{self.seed}" if self.seed else ""
        how = self.source_set[:24] or f"{self.amount:g}"
        return derived_name(run, f"-{self.kind}-{how}-{100 * self.share:g}pct{seed}")


def spoilt_source(result: Result, injection: Injection, foreign: ImageSet | None = None) -> Source:
    """Return the training images of a run as a source, a share of them spoilt.

    Rejected images are left out. The attribute COLUMN says "yes" or "no". Equal seeds spoil the
    same images in the same way, wherever reading starts. foreign: where FOREIGN images come from.
    """
    images = result.training
    rows = np.flatnonzero(statuses(images))
    spoilt = spoilt_rows(rows, injection)
    names = images.images.take(rows, ["name"])["name"].to_pylist()
    others = _foreign_rows(foreign, spoilt, injection.seed)

    def read(start: int) -> Iterator[SourceImage]:
        for first in range(start, len(rows), _BLOCK):
            some = rows[first : first + _BLOCK]
            columns = ["name", "label", "owner", "preview"]
            for row, image in zip(some, images.images.take(some, columns).to_pylist(), strict=True):
                data, marked = image["preview"], bool(row in spoilt)
                if marked and foreign is not None:
                    at = np.array([others[int(row)]])
                    data = foreign.images.take(at, ["preview"])["preview"][0].as_py()
                elif marked:
                    rng = np.random.default_rng([injection.seed, int(row)])
                    data = _png(spoil(pixels_of(data), injection, rng))
                mark = {COLUMN: "yes" if marked else "no"}
                yield SourceImage(image["name"], data, image["label"], image["owner"], mark)

    told = (injection.kind, injection.amount, injection.share, injection.seed)
    return Source(
        kind=COPY,
        location=location_of(result.run.name, result.training.name),
        names=names,
        total=len(rows),
        skipped={},
        fingerprint=digest((*told, *_mark(images), *(_mark(foreign) if foreign else ()))),
        reader=read,
    )


def _mark(images: ImageSet) -> tuple[str, ...]:
    """Return what changes when the images of a set do."""
    manifest = images.manifest()
    return (manifest.created, *(source.fingerprint for source in manifest.sources))


def _foreign_rows(foreign: ImageSet | None, spoilt: frozenset[int], seed: int) -> dict[int, int]:
    """Return which image of another set takes the place of each that is spoilt."""
    if foreign is None:
        return {}
    rows = np.flatnonzero(statuses(foreign))
    drawn = np.random.default_rng(seed).choice(rows, len(spoilt), replace=len(rows) < len(spoilt))
    return dict(zip(sorted(spoilt), drawn.tolist(), strict=True))


def location_of(run: str, training: str) -> str:
    """Return where a copy says that its images come from."""
    return f"a copy of {training}, to judge {run}"


def spoilt_rows(rows: Int64, injection: Injection) -> frozenset[int]:
    """Return which of the rows are spoilt: the share of them, at least one, drawn by the seed."""
    count = max(1, round(injection.share * len(rows)))
    drawn = np.random.default_rng(injection.seed).choice(rows, count, replace=False)
    return frozenset(drawn.tolist())


def spoil(pixels: UInt8, injection: Injection, rng: np.random.Generator) -> UInt8:
    """Return an image (h, w, 3) with noise or blur. A grey image stays grey."""
    if injection.kind == "blur":
        radius = injection.amount * max(pixels.shape[:2])
        return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))
    is_grey = bool((pixels == pixels[..., :1]).all())
    noise = rng.normal(
        0, 255 * injection.amount, pixels[..., :1].shape if is_grey else pixels.shape
    )
    noisy: UInt8 = np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)
    return noisy


def _png(pixels: UInt8) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()
