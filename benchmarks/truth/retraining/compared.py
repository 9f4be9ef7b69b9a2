"""The methods that are held against retraining, each as a matrix (m, n), computed once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.truth.retraining.influence import Checkpoints, Projection, tracin, trak
from benchmarks.truth.retraining.linear import INFLUENCE, linear_matrix
from benchmarks.truth.retraining.methods import (
    DEFAULT,
    Sets,
    build_sets,
    embedding_distances,
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
from benchmarks.truth.retraining.retraining import ensemble
from benchmarks.truth.retraining.setting import Setting, Sizes, write_arrays
from gmv_core import Workspace
from gmv_core.results.result import Result
from gmv_core.settings import ValueSettings
from gmv_core.types import Float64

OURS = "ours"
KERNEL = "Gaussian kernel over the class"
LABEL = "same class (the label alone)"
DEEP_R, DEEP_K = 300, 100  # of the run that a sweep of k and τ reads
NOISE_DRAWS = 4  # of VAE-TracIn
TRAK_DIM = 512


@dataclass(frozen=True)
class Compared:
    """matrices: V (m, n) by method. result: the product's run. deep: one that holds R = 300.

    mean_distance: (n,), breaks ties of value. quality: (m,). features: (m, n) distances.
    """

    matrices: dict[str, Float64]
    result: Result
    deep: Result
    mean_distance: Float64
    quality: Float64
    features: Float64


def compare(setting: Setting, workspace: Workspace, size: Sizes, *, seed: int) -> Compared:
    """Compute all methods, or read what an earlier start kept."""
    sets = build_sets(workspace, setting.training, setting.generated)
    result = run_product(sets, "default", settings_of())
    shared = ValueSettings(k=min(DEEP_K, size.n // 2))
    deep = run_product(sets, "deep", settings_of(candidates=DEEP_R, shared=shared))
    quality = qualities(result)
    features = _kept(setting, "features", lambda: feature_distances(sets.training, sets.generated))
    made = {OURS: product_matrix(result), **_similarity(sets, features, quality)}
    if size.gradients:
        made |= _gradients(setting, size, seed=seed)
    made |= patch_matrices(sets.training, sets.generated, seed=seed)
    made[KERNEL] = kernel_matrix(sets.training, sets.generated)
    made[INFLUENCE] = linear_matrix(sets.training, sets.generated)
    made[LABEL] = same_class(sets.training, sets.generated)
    made["random"] = random_matrix(size.m, size.n, seed=seed)
    return Compared(made, result, deep, mean_distances(result), quality, features)


def _similarity(sets: Sets, features: Float64, quality: Float64) -> dict[str, Float64]:
    pixels, embedding = pixel_distances(sets.training, sets.generated), embedding_distances(sets)
    bare = run_product(sets, "bare", settings_of("none"))
    return {
        "embedding only": product_matrix(bare),
        "pixel L2": nearest_matrix(pixels, DEFAULT, quality),
        "exhaustive re-rank": nearest_matrix(features, DEFAULT, quality),
        "features, all n": -features,
        "embedding, all n": -embedding,
        "pixel L2, all n": -pixels,
    }


def _gradients(setting: Setting, size: Sizes, *, seed: int) -> dict[str, Float64]:
    trained, beta = setting.trained, setting.recipe.beta
    pair = (setting.training, setting.generated)
    projection = Projection(dim=min(TRAK_DIM, size.n // 2))

    def by_tracin() -> Float64:
        checkpoints = Checkpoints.of(trained, setting.recipe)
        return tracin(checkpoints, *pair, draws=NOISE_DRAWS, seed=seed)

    def by_trak(count: int) -> Float64:
        states = [trained.model.state_dict(), *ensemble(setting, count - 1, seed=seed)]
        return trak(trained.model, states, *pair, beta=beta, projection=projection, seed=seed)

    return {
        "VAE-TracIn": _kept(setting, f"tracin {NOISE_DRAWS} {seed}", by_tracin),
        "TRAK, 1 model": _kept(setting, f"trak 1 {projection} {seed}", lambda: by_trak(1)),
        f"TRAK, {size.ensemble} models": _kept(
            setting, f"trak {size.ensemble} {projection} {seed}", lambda: by_trak(size.ensemble)
        ),
    }


def _kept(setting: Setting, name: str, compute: Callable[[], Float64]) -> Float64:
    told = hashlib.sha256(f"{setting.digest} {name}".encode()).hexdigest()[:32]
    path = setting.folder / f"method-{told}.npz"
    if not path.exists():
        write_arrays(path, matrix=compute())
    with np.load(path) as kept:
        return kept["matrix"]
