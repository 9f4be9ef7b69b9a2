"""Where in the image: a distance and an influence as sums over locations, exactly.

A distance of LPIPS's form is a sum over positions of feature maps: each position's part is spread
evenly over the area that it stands for, so that the map adds up to the distance. The parts of
influence that belong to a pair (see influence.py) are sums over pixels: with z, u, v as there,

    mean: 1{same class} z·v/n_c = Σ_p z_p v_p/n_c,
    directions: (z·u)(z·v)/n = Σ_p ½ [(z·u) z_p v_p + (z·v) z_p u_p]/n,

for a denoiser of blocks with z·u and z·v of p's own block. The second is one of many ways to split
a product of two sums: it is the Shapley value where the pixels are the players. `spread` is the
training image's alone and `size` the generated image's alone: they are on no map, and the map's sum
is I_ij less these two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmv_core.errors import ModelError
from gmv_core.method.denoiser import Denoiser
from gmv_core.method.influence import Probes, spreads
from gmv_core.method.scales import Scales
from gmv_core.types import Float32, Float64, Floats, Int64

Shapes = Sequence[tuple[int, int, int]]  # channels, height, width of feature maps, in order


def distance_by_location(a: Float32, b: Float32, shapes: Shapes) -> Float64:
    """Return ‖a − b‖² by location, (s, s), s the largest side of the maps; it adds up exactly.

    a, b: (D,), two perceptual vectors. shapes: of the square maps that they are made of, whose
    sides divide s. Raises ModelError where they do not hold D numbers.
    """
    if sum(c * h * w for c, h, w in shapes) != len(a):
        raise ModelError(
            f"A perceptual vector has {len(a)} numbers, which feature maps of {list(shapes)} "
            "do not hold; give the maps of the network that made it."
        )
    side = max(h for _, h, _ in shapes)
    found, start = np.zeros((side, side)), 0
    for c, h, w in shapes:
        part = slice(start, start := start + c * h * w)
        step = np.subtract(a[part], b[part], dtype=np.float64).reshape(c, h, w)
        times = side // h
        found += np.kron((step**2).sum(axis=0), np.full((times, times), 1 / times**2))
    return found


@dataclass(frozen=True)
class PixelInfluence:
    """The influence of one training image on one generated image.

    by_pixel: (d,), the parts of the pair, signed. alone: the two parts of one image each.
    """

    by_pixel: Float64
    alone: float

    @property
    def whole(self) -> float:
        """Return I_ij."""
        return float(self.by_pixel.sum()) + self.alone


def influence_by_pixel(
    scales: Scales, asked: tuple[Probes, ...], x: Floats, codes: Int64
) -> list[PixelInfluence]:
    """Return the relative influence of one training image on each generated image, by pixel.

    asked: of m generated images, from `relative_probes`. x: (1, d) in 0…1. codes: (1,), its class.
    """
    by_pixel, alone = np.zeros((len(asked[0].codes), x.shape[1])), np.zeros(len(asked[0].codes))
    for each, own in zip(scales, asked, strict=True):
        pairs, rest = _by_pixel(each.denoiser, own, np.asarray(x, np.float64), codes)
        by_pixel += pairs
        alone += rest
    return [PixelInfluence(one, float(rest)) for one, rest in zip(by_pixel, alone, strict=True)]


def _by_pixel(made: Denoiser, asked: Probes, x: Float64, codes: Int64) -> tuple[Float64, Float64]:
    """Return the parts of the pairs by pixel, (m, d), and those of one image alone, (m,)."""
    found = made.statistics
    z, u, v = (made.split(each) for each in (x - found.means[codes], asked.u, asked.v))
    both = (z * u).sum(2, keepdims=True) * v + (z * v).sum(2, keepdims=True) * u  # (k, m, b)
    pair = made.joined(both * z / (2 * found.n))
    same = (asked.codes == codes)[:, None] / found.counts[codes]
    pair += same * made.joined(z * v)
    spread = float(spreads(made, x, codes)[0])
    scale = 2 * made.sigma**4 * asked.scale
    return scale[:, None] * pair, scale * (asked.size - spread / found.n)
