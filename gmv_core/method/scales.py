"""Two linear denoisers of one training set, of whole images and of small blocks, as one number.

What a generator learns of an image depends on what it can draw. The images of a small VAE have the
training set's broad directions and little else; those of a flow or a diffusion model have its fine
detail too, which such a network denoises locally. How much of it there is can be read off the
generated images, without the generator:

    detail = min(1, Σ_j Σ_{k>24} ⟨g_j, w_k⟩² / (m Σ_{k>24} λ_k)),

the generated images' energy over the training images', beyond the 24 leading directions w_k of C
(λ_k their eigenvalues). The whole-image denoiser keeps 24 − 16·detail directions; beside it stands,
with the weight `detail`, one that sees blocks of 2 × 2 px alone and keeps 4 directions of each, at
most half of those there are. The influence that is told is relative,

    I_ij = (I_ij(whole)/L_j(whole) + detail · I_ij(blocks)/L_j(blocks)) / (1 + detail):

by which share of its error the two get worse at image j without image i, to first order.
The numbers were chosen against four retrained generators, see docs/influence.md. That the best
linear denoiser of a data set has the locality of trained ones: Lukoianov et al. 2025,
arXiv 2509.09672; that local denoisers explain what convolutional models generate: Kamb & Ganguli
2024, arXiv 2412.20292.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from gmv_core.method.denoiser import (
    BROAD,
    Denoiser,
    Statistics,
    denoiser,
    keeping,
    losses,
    refitted_losses,
    square_blocks,
)
from gmv_core.method.influence import (
    PARTS,
    Probes,
    Sums,
    add_sums,
    influence,
    no_sums,
    probes,
    spreads,
    total_influence,
)
from gmv_core.types import Float64, Floats, Int64

BROAD_WITH_DETAIL = 8  # directions that the whole-image denoiser keeps beside the blocks
BLOCK_PX = 2
BLOCK_DIRECTIONS = 4


@dataclass(frozen=True)
class Scale:
    """One of the denoisers and its weight; the weights of all add up to 1."""

    denoiser: Denoiser
    weight: float


Scales = tuple[Scale, ...]


def detail_of(found: Denoiser, generated: Iterable[tuple[Floats, Int64]]) -> float:
    """Return how much of the training images' fine detail generated images have, 0…1.

    found: the whole-image denoiser. generated: blocks of images (m, d) in 0…1 and their classes.
    1 where the training images have no more than BROAD directions, or where there is no image.
    """
    expected = found.eigenvalues[0, : max(0, found.eigenvalues.shape[1] - BROAD)]
    energy, count = 0.0, 0
    for x, codes in generated:
        along = found.along(np.asarray(x, np.float64), codes)[0, :, : len(expected)]
        energy += float(np.square(along).sum())
        count += len(codes)
    fine = count * float(expected.sum())
    return min(1.0, energy / fine) if fine > 0 else 1.0


def scales_of(whole: Denoiser, side_px: int, detail: float) -> Scales:
    """Return the denoisers of a training set for generated images of such detail.

    whole: any whole-image denoiser of the set. Raises SettingsError where the side is odd.
    """
    broad = BROAD + (BROAD_WITH_DETAIL - BROAD) * detail
    first = Scale(keeping(whole, broad), 1 / (1 + detail))
    if not detail:
        return (first,)
    found = whole.statistics
    blocks = square_blocks(side_px, found.means.shape[1] // side_px**2, BLOCK_PX)
    local = denoiser(found, kept=BLOCK_DIRECTIONS, blocks=blocks)
    return (first, Scale(local, detail / (1 + detail)))


def relative_probes(scales: Scales, x: Floats, codes: Int64) -> tuple[Probes, ...]:
    """Prepare generated images for each scale: influence over the error there, times the weight.

    x: (m, d) in 0…1. codes: (m,).
    """
    return tuple(
        probes(each.denoiser, x, codes, each.weight / losses(each.denoiser, x, codes))
        for each in scales
    )


def spreads_of(scales: Scales, x: Floats, codes: Int64) -> Float64:
    """Return what `spreads` does for each scale, (scales, b)."""
    return np.stack([spreads(each.denoiser, x, codes) for each in scales])


def relative_influence(
    scales: Scales,
    asked: tuple[Probes, ...],
    x: Floats,
    codes: Int64,
    *,
    spread: Float64 | None = None,
    parts: Collection[str] = PARTS,
) -> Floats:
    """Return the relative influence of every pair, (m, b).

    asked: of `relative_probes`. x: (b, d) in 0…1. codes: (b,). spread: (scales, b), of
    `spreads_of`.
    """
    total: Floats | None = None
    for k, (each, own) in enumerate(zip(scales, asked, strict=True)):
        known = None if spread is None else spread[k]
        found = influence(each.denoiser, own, x, codes, spread=known, parts=parts)
        total = found if total is None else total + found
    assert total is not None  # noqa: S101  # there is always the whole image
    return total


def no_relative_sums(scales: Scales) -> tuple[Sums, ...]:
    """Return the sums over no generated image, of each scale."""
    return tuple(no_sums(each.denoiser) for each in scales)


def add_relative_sums(
    scales: Scales, sums: tuple[Sums, ...], asked: tuple[Probes, ...]
) -> tuple[Sums, ...]:
    """Return the sums with some generated images added. asked: of `relative_probes`."""
    return tuple(
        add_sums(each.denoiser, found, own)
        for each, found, own in zip(scales, sums, asked, strict=True)
    )


def total_relative_influence(
    scales: Scales, sums: tuple[Sums, ...], x: Floats, codes: Int64, *, spread: Float64
) -> Float64:
    """Return each training image's relative influence summed over generated images, (b,)."""
    total = np.zeros(len(codes))
    for each, found, own in zip(scales, sums, spread, strict=True):
        total += total_influence(each.denoiser, found, x, codes, spread=own)
    return total


def relative_change(
    scales: Scales,
    rest: Statistics,
    x: Floats,
    codes: Int64,
    codes_after: Int64,
) -> Float64:
    """Return by which share of the error generated images get worse under other statistics, (m,).

    rest: of the training set without some images, see `left_out`. codes_after: the classes then.
    """
    change = np.zeros(len(codes))
    for each in scales:
        before = refitted_losses(each.denoiser, each.denoiser.statistics, x, codes)
        after = refitted_losses(each.denoiser, rest, x, codes_after)
        change += each.weight * (after / before - 1)
    return change
