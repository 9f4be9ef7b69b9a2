"""The methods that are held against retraining, each as a matrix (m, n), computed once and kept."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.truth.gradients.matrices import gradient_matrices
from benchmarks.truth.retraining.linear import INFLUENCE, linear_matrix
from benchmarks.truth.retraining.methods import (
    DEFAULT,
    Sets,
    build_sets,
    embedding_distances,
    embeddings,
    feature_distances,
    kernel_matrix,
    mean_distances,
    nearest_matrix,
    pixel_distances,
    product_matrix,
    qualities,
    random_matrix,
    run_product,
    same_class,
    settings_of,
)
from benchmarks.truth.retraining.patches import patch_matrices
from benchmarks.truth.retraining.setting import Setting, Sizes, kept
from gmv_core import Workspace
from gmv_core.results.result import Result
from gmv_core.settings import ValueSettings
from gmv_core.types import Float64

OURS = "ours"
KERNEL = "Gaussian kernel over the class"
LABEL = "same class (the label alone)"
DEEP_R, DEEP_K = 300, 100  # of the run that a sweep of k and τ reads


@dataclass(frozen=True)
class Compared:
    """matrices: V (m, n) by method. result: the product's run. deep: one that holds R = 300.

    mean_distance: (n,), breaks ties of value. quality: (m,). features: (m, n) distances.
    vectors: embeddings, (n, d) of the training and (m, d) of the generated images.
    """

    matrices: dict[str, Float64]
    result: Result
    deep: Result
    mean_distance: Float64
    quality: Float64
    features: Float64
    vectors: tuple[Float64, Float64]


def compare(setting: Setting, workspace: Workspace, size: Sizes, *, seed: int) -> Compared:
    """Compute all methods, or read what an earlier start kept."""
    sets = build_sets(workspace, setting.training, setting.generated)
    result = run_product(sets, "default", settings_of())
    shared = ValueSettings(k=min(DEEP_K, size.n // 2))
    deep = run_product(sets, "deep", settings_of(candidates=DEEP_R, shared=shared))
    quality = qualities(result)
    features = kept(setting, "features", lambda: feature_distances(sets.training, sets.generated))
    vectors = embeddings(sets)
    made = {OURS: product_matrix(result), **_similarity(sets, features, vectors, quality)}
    if size.gradients:
        made |= gradient_matrices(setting, size, seed=seed)
    made |= patch_matrices(sets.training, sets.generated, seed=seed)
    made[KERNEL] = kernel_matrix(sets.training, sets.generated)
    made[INFLUENCE] = linear_matrix(sets.training, sets.generated)
    made[LABEL] = same_class(sets.training, sets.generated)
    made["random"] = random_matrix(size.m, size.n, seed=seed)
    return Compared(made, result, deep, mean_distances(result), quality, features, vectors)


def _similarity(
    sets: Sets, features: Float64, vectors: tuple[Float64, Float64], quality: Float64
) -> dict[str, Float64]:
    pixels = pixel_distances(sets.training, sets.generated)
    bare = run_product(sets, "bare", settings_of("none"))
    return {
        "embedding only": product_matrix(bare),
        "pixel L2": nearest_matrix(pixels, DEFAULT, quality),
        "exhaustive re-rank": nearest_matrix(features, DEFAULT, quality),
        "features, all n": -features,
        "embedding, all n": -embedding_distances(vectors),
        "pixel L2, all n": -pixels,
    }
