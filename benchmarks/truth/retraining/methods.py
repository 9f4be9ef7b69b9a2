"""Attribution methods as matrices: V (m, n), what training image i gets of generated image j.

Ours is the product's own run, built and valued in a workspace. The dense forms score all pairs by
−distance: with them a datamodeling score judges the distance alone, not the cut at k.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.kit.data import Images
from benchmarks.kit.datasets import SETTINGS, save_npz
from gmv_core import Workspace, build, open_run, open_source, value
from gmv_core.matching.matcher import embed_previews
from gmv_core.method.rerank import pair_distances
from gmv_core.method.value import ALL_EARN, Basis, hand_out
from gmv_core.models.embedders.lite0 import load_lite0
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.result import Result
from gmv_core.settings import MatchSettings, RunSettings, ValueSettings
from gmv_core.store.columns import all_vectors
from gmv_core.store.manifests import READY
from gmv_core.types import Float32, Float64, Int64, UInt8

DEFAULT = ValueSettings()
# The kernel's σ over the square root of how many numbers an image has: the best, or nearly, for the
# flows trained here (benchmarks/choices/kernel.py).
KERNEL_WIDTH = 0.108
BLOCK = 64  # previews embedded at once


@dataclass(frozen=True)
class Sets:
    """A training set and a generated set that the product has built. name: both names' beginning.

    Their rows are in the order of the arrays.
    """

    workspace: Workspace
    name: str
    training: Images
    generated: Images


def build_sets(workspace: Workspace, training: Images, generated: Images) -> Sets:
    """Build both sets, or open them where they are built already."""
    told = hashlib.sha256(training.pixels.tobytes() + generated.pixels.tobytes())
    sets = Sets(workspace, f"truth-vae-{told.hexdigest()[:12]}", training, generated)
    for part, images in (("training", training), ("generated", generated)):
        built = workspace.image_set(f"{sets.name}-{part}")
        if built.exists() and built.manifest().state == READY:
            continue  # the name holds the pixels' digest
        with tempfile.TemporaryDirectory() as folder:
            path = write_source(Path(folder) / f"{part}.npz", images)
            build(workspace, open_source(path), name=built.name, settings=SETTINGS)
    return sets


def write_source(path: Path, images: Images) -> Path:
    """Write images as a source that the product reads, labelled by class."""
    pixels = images.pixels[..., 0] if images.pixels.shape[-1] == 1 else images.pixels
    return save_npz(path, pixels, images.classes)


def run_product(sets: Sets, name: str, settings: RunSettings) -> Result:
    """Value the generated images as a user would, or open the run that did."""
    run = f"{sets.name}-{name}"
    value(sets.workspace, f"{sets.name}-generated", against=f"{sets.name}-training", name=run,
          settings=settings)  # fmt: skip
    return open_run(sets.workspace, run)


def settings_of(
    distance: str = "features", *, candidates: int = 100, shared: ValueSettings = DEFAULT
) -> RunSettings:
    """Return the product's settings with its embedded models, whatever else is on this disk."""
    return RunSettings(MatchSettings(candidates, distance, "realism"), shared)


def product_matrix(
    result: Result, settings: ValueSettings | None = None, basis: Basis = ALL_EARN
) -> Float64:
    """Return V of a run, (m, n), under its own settings or others; rows add up to q_j.

    basis: the reach that matches must be within, where they must be convincing.
    """
    settings = settings or result.settings
    made = np.zeros((len(result.generated.images), len(result.training.images)))
    for block in blocks(result.run):
        handed = block.handed_out(settings, basis)
        j, i = np.nonzero(handed.contributors >= 0)
        made[block.rows[j], handed.contributors[j, i]] = handed.credit[j, i]
    return made


def qualities(result: Result) -> Float64:
    """Return q of each generated image of a run, (m,)."""
    return np.nan_to_num(np.concatenate([block.quality for block in blocks(result.run)]))


def mean_distances(result: Result) -> Float64:
    """Return each training image's mean embedding distance to the generated ones: the tie rule."""
    return result.run.table("values").read(["mean_distance"])["mean_distance"].to_numpy()


def nearest_matrix(distances: Float64, settings: ValueSettings, quality: Float64) -> Float64:
    """Return V from the distances of all pairs, without recall: the k nearest share q_j.

    distances: (m, n). quality: (m,).
    """
    k = min(settings.k, distances.shape[1])
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    near = np.take_along_axis(distances, order, 1)
    made = np.zeros(distances.shape)
    np.put_along_axis(made, order, hand_out(order, near, quality, settings).credit, axis=1)
    return made


def pixel_distances(training: Images, generated: Images) -> Float64:
    """Return ‖x_i − x̂_j‖ of pixels in 0…1, (m, n)."""
    x, g = (im.pixels.reshape(len(im), -1).astype(np.float64) / 255 for im in (training, generated))
    squared = (g * g).sum(1)[:, None] + (x * x).sum(1) - 2 * g @ x.T
    return np.sqrt(np.maximum(squared, 0))


def kernel_matrix(
    training: Images, generated: Images, *, per_number: float = KERNEL_WIDTH
) -> Float64:
    """Return a Gaussian kernel over all training images of the class, rows adding up to 1, (m, n).

    The paper's form with every image of the class a contributor, on pixel distance. per_number: the
    kernel's σ over the square root of how many numbers an image has.
    """
    sigma = per_number * np.sqrt(training.pixels[0].size)
    evidence = -(pixel_distances(training, generated) ** 2) / (2 * sigma**2)
    evidence[same_class(training, generated) == 0] = -np.inf
    weights = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def embeddings(sets: Sets) -> tuple[Float64, Float64]:
    """Return the stored vectors of the training and of the generated images, (n, d) and (m, d)."""
    training, generated = (
        all_vectors(sets.workspace.image_set(f"{sets.name}-{part}").embeddings("efficientnet-lite0"))
        for part in ("training", "generated")
    )  # fmt: skip
    return training[1].astype(np.float64), generated[1].astype(np.float64)


def embedding_distances(vectors: tuple[Float64, Float64]) -> Float64:
    """Return the distances between the vectors of all pairs, (m, n). vectors: of `embeddings`."""
    x, g = vectors
    squared = (g * g).sum(1)[:, None] + (x * x).sum(1) - 2 * g @ x.T
    return np.sqrt(np.maximum(squared, 0))


def feature_distances(training: Images, generated: Images) -> Float64:
    """Return the product's perceptual distance of all pairs, (m, n), the network run on all."""
    embedder = load_lite0("fp32")

    def features(pixels: UInt8) -> Float32:
        previews = [np.repeat(p, 3, axis=2) if p.shape[2] == 1 else p for p in pixels]
        found = embed_previews(embedder, previews)[1]
        assert found is not None  # noqa: S101  # this embedder has features
        return found

    own = features(generated.pixels)
    every = np.tile(np.arange(len(training)), (len(generated), 1))

    def rows_of(rows: Int64) -> Float32:
        return features(training.pixels[rows])

    return pair_distances(own, every, rows_of, squared=True).astype(np.float64)


def random_matrix(m: int, n: int, *, seed: int) -> Float64:
    """Return values that say nothing, (m, n)."""
    return np.random.default_rng(seed).random((m, n))


def same_class(training: Images, generated: Images) -> Float64:
    """Return 1 where a training image has the class that was asked for, (m, n).

    It looks at no image: what a method knows beyond it is what it knows beyond the label.
    """
    return (generated.classes[:, None] == training.classes[None]).astype(np.float64)
