"""The demo set: 1,200 character portraits that the project draws itself.

Everything about it is known: five kinds of character, four attributes, four owners with one style
each, and 48 images that were spoilt on purpose. The column `planted_noise` is the answer sheet for
the page on noisy data; the engine never reads it. The images generated from this set by a model
are in `assets/demo/generated`.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from gmv_core.demo.characters import ATTRIBUTES, CHARACTERS
from gmv_core.demo.styles import SIDE_PX, STYLES
from gmv_core.place import app_folder
from gmv_core.types import Progress, Report, silent

SEED = 2304
IMAGE_COUNT = 1200
NOISE_COUNT = 48

OWNERS = {
    "Studio Marlou": ("flat colour", 0.45),
    "Fennick Quill": ("ink outline", 0.30),
    "Ottavia Lume": ("soft pastel", 0.17),
    "Halfdot Press": ("risograph", 0.08),
}
"""Owner → style and share of the images."""

BASE_RATES = {"hat": 0.4, "glasses": 0.4, "scarf": 0.35, "smile": 0.5}
COLUMNS = ("name", "label", "owner", *ATTRIBUTES, "planted_noise")
NOISE_KINDS = ("grain", "blur", "blocks", "static")


@dataclass(frozen=True)
class Portrait:
    """What one image of the demo set shows."""

    number: int
    kind: str
    owner: str
    worn: frozenset[str]
    noise: str | None
    """A kind of `NOISE_KINDS`, or None for a clean image."""

    @property
    def name(self) -> str:
        """Path inside the set's folder."""
        return f"{self.kind}/{self.number:04d}.png"

    def row(self) -> dict[str, str]:
        """Return the image's row of `labels.csv`."""
        marks = {attribute: _yes_no(attribute in self.worn) for attribute in ATTRIBUTES}
        noise = _yes_no(self.noise is not None)
        return {"name": self.name, "label": self.kind, "owner": self.owner, **marks,
                "planted_noise": noise}  # fmt: skip


@lru_cache(maxsize=1)
def portraits() -> tuple[Portrait, ...]:
    """Plan the whole set: kinds in equal numbers, owners in exact shares, attributes by chance."""
    rng = np.random.default_rng(SEED)
    names = list(OWNERS)
    counts = [round(share * IMAGE_COUNT) for _, share in OWNERS.values()]
    owners = rng.permutation(np.repeat(names, counts))
    kinds = np.array(list(CHARACTERS))[np.arange(IMAGE_COUNT) % len(CHARACTERS)]
    wears = rng.random((IMAGE_COUNT, len(ATTRIBUTES))) < [BASE_RATES[a] for a in ATTRIBUTES]
    spoilt = rng.permutation(IMAGE_COUNT)[:NOISE_COUNT].tolist()
    noise = {n: NOISE_KINDS[i % len(NOISE_KINDS)] for i, n in enumerate(spoilt)}
    return tuple(
        Portrait(
            number=i,
            kind=str(kinds[i]),
            owner=str(owners[i]),
            worn=frozenset(a for a, worn in zip(ATTRIBUTES, wears[i], strict=True) if worn),
            noise=noise.get(i),
        )
        for i in range(IMAGE_COUNT)
    )


def draw_portrait(portrait: Portrait) -> Image.Image:
    """Draw one image, (96, 96) px RGB; it depends on nothing but `portrait` and `SEED`."""
    rng = np.random.default_rng([SEED, portrait.number])
    style = STYLES[OWNERS[portrait.owner][0]]
    image = style(portrait.kind, portrait.worn, rng)
    return image if portrait.noise is None else _spoil(image, portrait.noise, rng)


def draw_training_set(folder: Path, *, report: Report = silent) -> None:
    """Write the 1,200 images as PNG in one folder a kind, and `labels.csv` beside them."""
    for kind in CHARACTERS:
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for done, portrait in enumerate(portraits()):
        report(Progress("draw", done, IMAGE_COUNT))
        (folder / portrait.name).write_bytes(png_bytes(draw_portrait(portrait)))
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(portrait.row() for portrait in portraits())


def generated_folder() -> Path:
    """Return the folder of the generated images that the repository carries."""
    return app_folder() / "assets" / "demo" / "generated"


def png_bytes(image: Image.Image) -> bytes:
    """Encode as PNG; equal images give equal bytes."""
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _yes_no(flag: bool) -> str:
    return "yes" if flag else "no"


def _spoil(image: Image.Image, kind: str, rng: np.random.Generator) -> Image.Image:
    """Spoil an image as data go bad: grain (σ 0.3–0.5), heavy blur, shuffled blocks, static."""
    if kind == "blur":
        return image.filter(ImageFilter.GaussianBlur(float(rng.uniform(7.0, 10.0))))
    pixels = np.asarray(image, dtype=np.float64) / 255.0
    if kind == "grain":
        pixels = pixels + rng.normal(0.0, rng.uniform(0.3, 0.5), pixels.shape)
    elif kind == "static":  # most pixels replaced, as in a broken transfer
        lost = rng.random((SIDE_PX, SIDE_PX, 1)) < rng.uniform(0.6, 0.8)
        pixels = np.where(lost, rng.random(pixels.shape), pixels)
    elif kind == "blocks":
        edge = int(rng.choice([8, 12]))
        side = SIDE_PX // edge
        blocks = pixels.reshape(side, edge, side, edge, 3).swapaxes(1, 2).reshape(-1, edge, edge, 3)
        mixed = rng.permutation(blocks).reshape(side, side, edge, edge, 3).swapaxes(1, 2)
        pixels = mixed.reshape(SIDE_PX, SIDE_PX, 3)
    return Image.fromarray(np.round(np.clip(pixels, 0.0, 1.0) * 255.0).astype(np.uint8))
