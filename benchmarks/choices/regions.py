"""Regions of mosaics: how often is the right source named, by size of patch and by noise?

A mosaic is a quadrant each of four images of CIFAR-10 (or Fashion-MNIST, where many regions are
blank and have no source), and each of its 256 regions has one right source among all images of the
set. Exact, moved by some pixels (a region is two wide), or with noise. Also: how many of the four
sources the recall finds, by whole images alone and with the quadrants, and how many are among those
whose patches are taken at every pixel.

    python -m benchmarks.choices.regions --json
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from benchmarks.kit.datasets import BuiltSet, cifar_set, fashion_set, workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core import Workspace
from gmv_core.matching.matcher import embed_previews
from gmv_core.matching.regions import (
    COLOUR,
    GREY,
    RECALLED,
    REFINED,
    SIDE_PX,
    RegionMatcher,
    load_regions,
)
from gmv_core.method.patches import PatchForm
from gmv_core.sets.pixels import ensure_pixels, pixel_form
from gmv_core.types import Int64, UInt8

FORMS = tuple(PatchForm(side, 2, sigma) for side in (8, 6) for sigma in (0.03, 0.05, 0.1, 0.17))
CERTAIN = 0.5
MOVED = {"moved down 1 px": (1, 0), "moved down and right 1 px": (1, 1),
         "moved down and right 2 px": (2, 2), "moved down and right 3 px": (3, 3)}  # fmt: skip
SPOILING_SD = 8  # grey levels


@dataclass(frozen=True)
class Mosaics:
    """pixels: m images (h, w, 3). sources: (m, 4) rows. truth: (m, 16, 16), each region's row."""

    pixels: list[UInt8]
    sources: Int64
    truth: Int64


def make_mosaics(made: BuiltSet, count: int, *, seed: int) -> Mosaics:
    """Put together `count` mosaics of a set's previews."""
    rng = np.random.default_rng(seed)
    sources = np.stack([rng.permutation(len(made.vectors))[:4] for _ in range(count)])
    pixels = []
    for rows in sources:
        previews = made.previews(rows)
        mosaic, half = np.zeros_like(previews[0]), len(previews[0]) // 2
        for q, preview in enumerate(previews):
            there = tuple(slice(half * at, half * (at + 1)) for at in divmod(q, 2))
            mosaic[there] = preview[there]
        pixels.append(mosaic)
    truth = np.kron(sources.reshape(-1, 2, 2), np.ones((1, 8, 8), np.int64))
    return Mosaics(pixels, sources, truth)


def spoilt(mosaic: UInt8, how: str, *, seed: int) -> UInt8:
    """Return a mosaic as it is ("exact"), moved, or with noise."""
    if how in MOVED:
        return np.roll(mosaic, MOVED[how], axis=(0, 1))
    if how == "noise":
        drawn = np.random.default_rng(seed).normal(0, SPOILING_SD, mosaic.shape)
        return np.clip(mosaic + drawn, 0, 255).astype(np.uint8)
    return mosaic


def judge(matcher: RegionMatcher, mosaics: Mosaics, how: str) -> list[Row]:
    """Return the shares of right regions by form of patches; unless exact, the product's alone."""
    product = GREY if matcher.form.grey else COLOUR
    forms = FORMS if how == "exact" else (product,)
    return [judge_form(matcher, mosaics, how, form) for form in forms]


def judge_form(matcher: RegionMatcher, mosaics: Mosaics, how: str, form: PatchForm) -> Row:
    down, right_by = MOVED.get(how, (0, 0))
    shares, refined, hits, certain = [], [], 0, 0
    for j, mosaic in enumerate(mosaics.pixels):
        found = matcher.explain(spoilt(mosaic, how, seed=j), form=form)
        truth = np.roll(mosaics.truth[j], (down // 2, right_by // 2), axis=(0, 1))
        hit, sure = found.sources == truth, found.certainty > CERTAIN
        shares.append(float(hit.mean()))
        refined.append(float(np.isin(mosaics.sources[j], found.rows).mean()))
        hits, certain = hits + int((hit & sure).sum()), certain + int(sure.sum())
    return {
        "mosaic": how,
        "patch, px": form.patch_px,
        "noise": form.sigma,
        "right source, %": round(100 * float(np.mean(shares)), 1),
        "worst mosaic, %": round(100 * min(shares), 1),
        "posterior > 1/2, % of regions": round(100 * certain / (256 * len(shares)), 1),
        "right of those, %": round(100 * hits / max(1, certain), 1),
        f"sources among the {REFINED}, %": round(100 * float(np.mean(refined)), 1),
    }


def recall_row(matcher: RegionMatcher, mosaics: Mosaics, how: str) -> Row:
    """Return how many of the sources take part."""
    images = [spoilt(mosaic, how, seed=j) for j, mosaic in enumerate(mosaics.pixels)]
    vectors = embed_previews(matcher.embedder, images)[0]
    whole = matcher.index.search(vectors, RECALLED).ids
    parts = [matcher.recall(pixels) for pixels in images]

    def share(found: list[Int64] | Int64) -> float:
        pairs = zip(mosaics.sources, found, strict=True)
        return round(100 * float(np.mean([np.isin(rows, f).mean() for rows, f in pairs])), 1)

    return {
        "mosaic": how,
        "recalled": RECALLED,
        "sources found by whole images, %": share(whole),
        "with the quadrants, %": share(parts),
    }


def measure(options: argparse.Namespace, workspace: Workspace, data: str) -> dict[str, list[Row]]:
    """Build the set, store its small pixels, and judge the mosaics."""
    quick, count = options.quick, 1000 if options.quick else options.images
    made = (cifar_set if data == "cifar10" else fashion_set)(options, workspace, count)
    with workspace.writing():
        ensure_pixels(made.training, pixel_form(made.training, SIDE_PX))
    matcher = load_regions(made.training)
    mosaics = make_mosaics(made, 3 if quick else options.mosaics, seed=options.seed)
    kinds = ("exact",) if quick else ("exact", *MOVED, "noise")
    return {
        "recall": [recall_row(matcher, mosaics, how) for how in kinds],
        "regions": [row for how in kinds for row in judge(matcher, mosaics, how)],
    }


def main() -> None:
    """Measure and print the tables."""
    made = parser(__doc__ or "")
    made.add_argument("--mosaics", type=int, default=12)
    made.add_argument("--images", type=int, default=50_000, help="of the set")
    made.add_argument("--data", choices=("cifar10", "fashion"), default="cifar10")
    options = made.parse_args()
    with workspace_of(options) as workspace:
        tables = measure(options, workspace, options.data)
    print_table(f"Sources of mosaics of {options.data} that take part", tables["recall"])
    print_table(f"Regions of mosaics of {options.data} that name their source", tables["regions"])
    finish(options, "choices.regions", {"data": options.data, **tables})


if __name__ == "__main__":
    main()
