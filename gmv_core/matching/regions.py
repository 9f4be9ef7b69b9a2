"""Which regions: where two images look alike, and which training image explains a region best.

The patch posterior (method/patches.py) is taken in three steps, at 32 px. RECALLED training images:
a fifth each for the quadrants, by the pixels of that quadrant averaged to 8 px, in place or moved
by two, and the rest nearest by embedding; by whole images alone an image put together of four
others would find few of them (18 % of the sources of such mosaics are among the 1,000 nearest of
50,000 of CIFAR-10). Of them REFINED, by their nearest patches every 2 px; of those, patches at
every pixel.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from gmv_core.errors import ModelError, WorkspaceError
from gmv_core.matching.matcher import embed_previews
from gmv_core.method.locations import distance_by_location
from gmv_core.method.patches import (
    PatchForm,
    by_cell,
    evidence,
    likeliest,
    nearest,
    posterior,
    quadrant_distances,
    with_noise,
)
from gmv_core.method.recall import Index
from gmv_core.models.choice import reload_embedder
from gmv_core.models.embedders.lite0 import EMBEDDED, feature_shapes, load_lite0
from gmv_core.sets.index import load_index
from gmv_core.sets.pixels import (
    PixelForm,
    pixel_blocks,
    pixel_form,
    pixel_table,
    pixels_of_rows,
    small_pixels,
)
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Embedder, Float32, Float64, Int64, UInt8

SIDE_PX = 32
COARSE_PX = 8  # of the recall by quadrants
RECALLED = 1000
REFINED = 200  # of them, whose patches are taken every pixel: what was moved by one is found too
MOVED_PX = 2  # quadrants are also looked for moved by so much
QUADRANT_SHARE = 5  # a fifth of the recalled for each quadrant
# Less noise than the paper's 0.17, and in grey, where a patch has a third of the numbers, less
# still: the right source in 92 % of the regions of mosaics of CIFAR-10 (87 % at 0.17), grey 92 %.
COLOUR = PatchForm(sigma=0.05)
GREY = PatchForm(sigma=0.03)
NOISE_SEED = 0


@dataclass(frozen=True)
class Explained:
    """What explains one generated image.

    rows: (REFINED,) training rows. score: (REFINED,), the mean posterior of each, adds up to 1.
    sources: (cells, cells), the training row that explains a cell best; certainty: its posterior.
    recalled: training images that were compared.
    """

    rows: Int64
    score: Float64
    sources: Int64
    certainty: Float64
    recalled: int


@dataclass(frozen=True)
class RegionMatcher:
    """All that is loaded once for a training set; it never changes.

    features: the embedder whose maps are compared. coarse: (n, 8, 8, c), of the images `ids`.
    """

    training: ImageSet
    form: PixelForm
    embedder: Embedder
    features: Embedder
    index: Index
    ids: Int64
    coarse: UInt8

    def alike(self, one: UInt8, other: UInt8) -> Float64:
        """Return the distance `features` of two previews by location, (32, 32).

        It adds up to the distance. one, other: (h, w, 3) uint8, of any size.
        """
        vectors = embed_previews(self.features, [one, other])[1]
        if vectors is None:
            raise ModelError(f"The embedder {self.features.key!r} gives no features.")
        return distance_by_location(vectors[0], vectors[1], feature_shapes(self.features.side_px))

    def recall(self, pixels: UInt8, without: Collection[int] = ()) -> Int64:
        """Return the training rows that a generated image is held against, RECALLED at most.

        pixels: (h, w, 3) uint8, a preview. without: training rows that are left out.
        """
        gone = np.fromiter(without, np.int64, len(without))
        squared = quadrant_distances(_coarse(_moved(self._small(pixels))), self.coarse)
        squared[:, np.isin(self.ids, gone)] = np.inf
        each = min(RECALLED // QUADRANT_SHARE, len(self.ids)) - 1
        place = np.argpartition(squared, each, axis=1)[:, : each + 1]
        there = np.take_along_axis(squared, place, axis=1) < np.inf
        first = np.unique(self.ids[place[there]])
        vector = embed_previews(self.embedder, [pixels])[0]
        rest = self.index.search(vector, min(RECALLED + len(gone), len(self.ids))).ids[0]
        rest = rest[(rest >= 0) & ~np.isin(rest, [*gone, *first])]
        return np.sort(np.concatenate([first, rest[: RECALLED - len(first)]]))

    def explain(
        self, pixels: UInt8, without: Collection[int] = (), *, form: PatchForm | None = None
    ) -> Explained:
        """Return which training image explains each region of a generated image best.

        pixels, without: as for `recall`. form: of the patches, by default GREY or COLOUR.
        """
        patches = form or (GREY if self.form.grey else COLOUR)
        rows = self.recall(pixels, without)
        side = self.form.side_px
        training = pixels_of_rows(self.training, self.form, rows).reshape(len(rows), side, side, -1)
        noisy = with_noise(self._small(pixels)[None], patches.sigma, seed=NOISE_SEED)
        near = likeliest(-nearest(noisy, training, patches)[0], REFINED)
        weights = posterior(evidence(noisy, training[near], patches, step_px=1))[0]
        rows, recalled = rows[near], len(rows)
        cells = by_cell(weights, patches, side)
        best = cells.argmax(axis=2)
        certainty = np.take_along_axis(cells, best[..., None], 2)[..., 0].astype(np.float64)
        score = weights.mean(axis=0, dtype=np.float64)
        return Explained(rows, score, rows[best], certainty, recalled)

    def _small(self, pixels: UInt8) -> Float32:
        flat = small_pixels(pixels, self.form) * np.float32(1 / 255)
        square: Float32 = flat.reshape(self.form.side_px, self.form.side_px, -1)
        return square


def has_regions(training: ImageSet) -> bool:
    """Return whether all that regions need of a finished training set is stored."""
    stored = len(pixel_table(training, pixel_form(training, SIDE_PX)))
    return stored == len(training.images) and training.manifest().index is not None


def load_regions(training: ImageSet, *, embedder: Embedder | None = None) -> RegionMatcher:
    """Load what the regions of a finished training set need, its stored pixels in one pass.

    embedder: needed again where the set was built with one given from Python. Raises WorkspaceError
    where the pixels are not stored yet: `prepare_regions` does it.
    """
    manifest = training.manifest()
    form = pixel_form(training, SIDE_PX)
    if not has_regions(training) or manifest.index is None:
        raise WorkspaceError(
            f"The set {training.name!r} has no small pixels stored for regions yet; "
            "`gmv regions RUN` stores them."
        )
    network = reload_embedder(manifest.embedder.key, manifest.embedder.precision, embedder)
    features = network if network.key == EMBEDDED else load_lite0()
    parts = [
        (ids, _coarse(x.reshape(len(x), SIDE_PX, SIDE_PX, -1)))
        for ids, x in pixel_blocks(training, form)
    ]
    ids, coarse = (np.concatenate(part) for part in zip(*parts, strict=True))
    index = load_index(training, network.key, manifest.index)
    return RegionMatcher(training, form, network, features, index, ids, coarse)


def _moved(image: Float32) -> Float32:
    """Return an image (s, s, c) in place and moved by MOVED_PX to all sides, (9, s, s, c)."""
    s, step = len(image), MOVED_PX
    wide = np.pad(image, ((step, step), (step, step), (0, 0)), mode="edge")
    ways = [(r, c) for r in (step, 0, 2 * step) for c in (step, 0, 2 * step)]
    return np.stack([wide[r : r + s, c : c + s] for r, c in ways])


def _coarse(images: Float32) -> UInt8:
    """Average (n, s, s, c) in 0…1 to (n, COARSE_PX, COARSE_PX, c) uint8."""
    n, side, _, channels = images.shape
    step = side // COARSE_PX
    blocks = images.reshape(n, COARSE_PX, step, COARSE_PX, step, channels)
    averaged: UInt8 = np.rint(255 * blocks.mean(axis=(2, 4))).astype(np.uint8)
    return averaged
