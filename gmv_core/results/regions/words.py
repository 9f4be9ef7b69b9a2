"""What the maps of regions say, a sentence each, and the records that they say it of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmv_core.types import Float64
from gmv_core.words import counted, number, percent

CERTAIN = 0.5  # the posterior of one image against all others

PLACES = ("upper left", "upper middle", "upper right", "middle left", "centre", "middle right",
          "lower left", "lower middle", "lower right")  # fmt: skip


@dataclass(frozen=True)
class Source:
    """A training image's part in the patch posterior of a generated image.

    share: of the regions that it explains best. score: its mean posterior; those of all recalled
    images add up to 1.
    """

    rank: int
    training: str
    row: int
    share: float
    score: float
    label: str
    owner: str


def owner_shares(explained: Sequence[Source]) -> dict[str, float]:
    """Return the share of regions of each owner, most first; "" for images without one."""
    shares: dict[str, float] = {}
    for one in explained:
        if one.share:
            shares[one.owner] = shares.get(one.owner, 0.0) + one.share
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


@dataclass(frozen=True)
class InfluenceMap:
    """Where the influence of one training image on one generated image comes from.

    by_pixel: (s, s), over the channels, as a share of the linear models' error; it adds up to the
    influence less `alone`, the two parts that are of one image each (see method/locations.py).
    """

    by_pixel: Float64
    alone: float

    @property
    def influence(self) -> float:
        return float(self.by_pixel.sum()) + self.alone


def place_of(values: Float64) -> str:
    """Return the ninth of a square map with the highest mean, in words: "upper left"."""
    parts = [np.array_split(row, 3, axis=1) for row in np.array_split(values, 3, axis=0)]
    return PLACES[int(np.argmax([part.mean() for row in parts for part in row]))]


def alike_words(generated: str, training: str, alike: Float64) -> str:
    """Return a sentence on where two images look alike."""
    distance = float(alike.sum())
    if distance == 0:
        return f"{generated} and {training} are equal to the network: their distance is 0."
    half = np.searchsorted(np.cumsum(np.sort(alike, axis=None)[::-1]), distance / 2) + 1
    return (
        f"{generated} and {training} are {number(distance)} apart (features); half of that lies in "
        f"{percent(half / alike.size)} of the image. They look most alike in the "
        f"{place_of(-alike)}, least in the {place_of(alike)}."
    )


def influence_words(run: str, generated: str, training: str, found: InfluenceMap | None) -> str:
    """Return a sentence on where the pair's predicted influence comes from."""
    if found is None:
        return f"The run {run} has no predicted influence yet; `gmv influence {run}` computes it."
    for_it, against_it, alone = (
        number(100 * value)
        for value in (
            found.by_pixel[found.by_pixel > 0].sum(),
            -found.by_pixel[found.by_pixel < 0].sum(),
            found.alone,
        )
    )
    change = 100 * found.influence
    which = "worse" if change >= 0 else "better"
    return (
        f"Without {training} the linear models are predicted to be {number(abs(change))} % {which} "
        f"at {generated}: {for_it} % from pixels that help, most in the "
        f"{place_of(found.by_pixel)}, less {against_it} % from pixels that harm; "
        f"{alone} % belongs to one image alone and is on no map."
    )


def source_words(
    generated: str, explained: tuple[Source, ...], certainty: Float64, recalled: int
) -> str:
    """Return a sentence on which training images explain the regions best."""
    best = [one for one in explained if one.share > 0]
    told = ", ".join(f"{one.training} {percent(one.share)}" for one in best[:3])
    owners = [f"{name} {percent(x)}" for name, x in owner_shares(explained).items() if name]
    by_owner = f" By owner: {', '.join(owners[:3])}." if owners else ""
    return (
        f"Of the regions of {generated}, each given to the training image whose patches are the "
        f"likeliest origin of its own: {told}. {counted(len(best), 'training image')} of "
        f"{recalled:,} compared {'has' if len(best) == 1 else 'have'} a region; "
        f"{percent(float((certainty > CERTAIN).mean()))} of the regions fit one image better than "
        f"all others together.{by_owner}"
    )
