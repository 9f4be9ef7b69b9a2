"""Injected noise (C3): spoil a share of a copy of the training set, value it again, score it.

The copy is an ordinary set, built from the stored previews, and its run an ordinary run: both have
names of their own, can be looked at, and are made again only where something changed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image, ImageFilter

from gmv_core.criteria import statuses
from gmv_core.criteria_files import derived_name, write_finding
from gmv_core.decode import pixels_of
from gmv_core.errors import SettingsError, unknown_choice
from gmv_core.listing import Source, digest
from gmv_core.low_value import against_column
from gmv_core.pipeline import BuildSettings, build
from gmv_core.results import Result, open_run
from gmv_core.revaluing import mark_judge, run_settings
from gmv_core.settings import (
    EmbedSettings,
    IndexSettings,
    IngestSettings,
)
from gmv_core.store import Manifest, Workspace
from gmv_core.types import Embedder, Int64, Report, SourceImage, UInt8, silent
from gmv_core.valuation import value

KINDS = {"noise": 0.1, "blur": 0.03}  # and their usual strength, which is mild
COPY = "copy"  # what the source of a copy is called in its manifest
COLUMN = "injected"  # the attribute that marks what was spoilt
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Injection:
    """What is done to a share of the training images.

    kind: "noise": Gaussian, strength is σ where white is 1. "blur": strength is the radius as a
    share of the longer side. strength None: the usual one of KINDS.
    """

    kind: str = "noise"
    strength: float | None = None
    share: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown_choice("injection", self.kind, list(KINDS))
        if not 0 < self.share <= 0.5:
            raise SettingsError(f"share is {self.share}; give a number above 0, at most 0.5.")
        if not 0 < self.amount <= 1:
            raise SettingsError(f"strength is {self.amount}; give a number above 0, at most 1.")

    @property
    def amount(self) -> float:
        return KINDS[self.kind] if self.strength is None else self.strength

    def name(self, run: str) -> str:
        """Return what the run against the copy is called; the copy's name has "-set" behind it."""
        seed = f"-seed{self.seed}" if self.seed else ""
        return derived_name(run, f"-{self.kind}-{self.amount:g}-{100 * self.share:g}pct{seed}")


def inject(
    workspace: Workspace,
    run: str,
    injection: Injection,
    *,
    embedder: Embedder | None = None,
    report: Report = silent,
) -> Manifest:
    """Make the copy and its run, or go on with them, and return the finding, which is also kept.

    embedder: needed again where the training set was built with one given from Python.
    """
    with workspace.writing():
        result = open_run(workspace, run)
        name = injection.name(run)
        _build_copy(workspace, result, f"{name}-set", injection, embedder, report)
        value(
            workspace,
            result.generated.name,
            against=f"{name}-set",
            name=name,
            settings=run_settings(result),
            embedder=embedder,
            report=report,
        )
        mark_judge(workspace, name, result)
        detection = against_column(open_run(workspace, name), COLUMN)
        finding = {
            **asdict(injection),
            "strength": injection.amount,
            "run": name,
            "set": f"{name}-set",
            "distance": result.manifest["inputs"]["matches"]["distance"],
            "k": result.settings.k,
            **asdict(detection),
        }
        return write_finding(result, f"injection-{name}", finding)


def _build_copy(
    workspace: Workspace,
    result: Result,
    name: str,
    injection: Injection,
    embedder: Embedder | None,
    report: Report,
) -> None:
    """Build the spoilt copy; one that another state of the training set made is replaced."""
    trained = result.training.manifest()
    source = spoilt_source(result, injection)
    copy = workspace.image_set(name)
    if copy.exists():
        made = copy.manifest()["sources"][0]
        if made["kind"] == source.kind and made["fingerprint"] != source.fingerprint:
            workspace.drop(copy)
    chosen = trained["embedder"]
    precision = "auto" if chosen["precision"] == "own" else chosen["precision"]
    build(
        workspace,
        source,
        name=name,
        settings=BuildSettings(
            IngestSettings(**trained["ingest"]),
            EmbedSettings(chosen["key"], precision),
            IndexSettings(trained["index"]["asked"], trained["index"]["seed"]),
        ),
        embedder=embedder,
        report=report,
    )


def spoilt_source(result: Result, injection: Injection) -> Source:
    """Return the training images of a run as a source, a share of them spoilt.

    Rejected images are left out. The attribute COLUMN says "yes" or "no". Equal seeds spoil the
    same images in the same way, wherever reading starts.
    """
    images, made = result.training, result.training.manifest()
    rows = np.flatnonzero(statuses(images))
    spoilt = spoilt_rows(rows, injection)
    names = images.images.take(rows, ["name"])["name"].to_pylist()

    def read(start: int) -> Iterator[SourceImage]:
        for first in range(start, len(rows), _BLOCK):
            some = rows[first : first + _BLOCK]
            columns = ["name", "label", "owner", "preview"]
            for row, image in zip(some, images.images.take(some, columns).to_pylist(), strict=True):
                data, marked = image["preview"], bool(row in spoilt)
                if marked:
                    rng = np.random.default_rng([injection.seed, int(row)])
                    data = _png(spoil(pixels_of(data), injection, rng))
                mark = {COLUMN: "yes" if marked else "no"}
                yield SourceImage(image["name"], data, image["label"], image["owner"], mark)

    parts = [s["fingerprint"] for s in made["sources"]]
    told = (made["created"], *parts, injection.kind, injection.amount, injection.share)
    return Source(
        kind=COPY,
        location=location_of(result),
        names=names,
        total=len(rows),
        skipped={},
        fingerprint=digest((*told, injection.seed)),
        reader=read,
    )


def location_of(result: Result) -> str:
    """Return where a copy says that its images come from."""
    return f"a copy of {result.training.name}, to judge {result.run.name}"


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
