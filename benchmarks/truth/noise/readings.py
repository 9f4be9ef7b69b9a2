"""Suspicions: every way in which one run can be read to find noisy training images.

A suspicion is (n,) float64, higher for an image that is more likely noise; equal ones are ties.
"""

from __future__ import annotations

import numpy as np

from gmv_core import Result, ValueSettings, Workspace, open_run
from gmv_core.method.recall import exact_search
from gmv_core.method.value import rank_from_bottom
from gmv_core.results.shares import credits_of
from gmv_core.store.columns import all_vectors, labels_of
from gmv_core.types import Float32, Float64

PRODUCT, PRODUCT_100 = "product", "product, k=100"
PRODUCT_EVEN = "product, no quality"
VALUE, VALUE_100, VALUE_EVEN = "value", "value, k=100", "value, no quality"
RANDOM, MEAN, LEAST = "random", "mean distance", "nearest distance"
OWN, TWIN = "own neighbours", "has a twin"
OTHER_CLASS, OWN_CLASS = "neighbours of another class", "value by own class"
NEAR_MEAN = "value of near matches, mean distance"
NEAR_MIN = "value of near matches, nearest distance"
BETTER = "value of the better half, nearest distance"
TIES = {
    "mean distance": "then mean distance",
    "own neighbours": "then own neighbours",
    "candidate, mean": "then times candidate, mean distance",
    "candidate, min": "then times candidate, nearest distance",
    "value 100, mean": "then value at k=100, mean distance",
    "value 100, min": "then value at k=100, nearest distance",
}
NEIGHBOURS = 10
NEAR = 0.95  # a near match is no farther than this share of training images from their nearest
_COLUMNS = ("value", "times_candidate", "mean_distance", "nearest_distance")


def suspicions(workspace: Workspace, run: str, *, seed: int) -> dict[str, Float64]:
    """Return all readings of a finished run whose sets have classes and no rejected images."""
    result = open_run(workspace, run)
    table = result.values_table(_COLUMNS)
    value, candidate, mean, least = (table[c].to_numpy(np.float64) for c in _COLUMNS)
    even = _values(workspace, run, ValueSettings(quality_weighting=False))
    deep = _values(workspace, run, ValueSettings(k=100))
    alone, twin, other_class = _neighbourhood(result)
    near = near_value(result, float(np.quantile(twin, NEAR)))
    return {
        PRODUCT: _ranked(value, least),
        PRODUCT_EVEN: _ranked(even, least),
        PRODUCT_100: _ranked(deep, least),
        VALUE: -value,
        VALUE_EVEN: -even,
        VALUE_100: -deep,
        RANDOM: np.random.default_rng(seed).random(len(value)),
        MEAN: mean,
        LEAST: least,
        OWN: alone,
        TWIN: -twin,
        OTHER_CLASS: other_class,
        OWN_CLASS: _by_own_class(result),
        NEAR_MEAN: first_by(-near, mean),
        NEAR_MIN: first_by(-near, least),
        BETTER: first_by(-better_value(result), least),
        TIES["mean distance"]: first_by(-value, mean),
        TIES["own neighbours"]: first_by(-value, alone),
        TIES["candidate, mean"]: first_by(-value, -candidate, mean),
        TIES["candidate, min"]: first_by(-value, -candidate, least),
        TIES["value 100, mean"]: first_by(-value, -deep, mean),
        TIES["value 100, min"]: first_by(-value, -deep, least),
    }


def first_by(*suspicions: Float64) -> Float64:
    """Return one suspicion that goes by the first, its ties by the second, and so on."""
    _, places = np.unique(np.stack(suspicions, axis=1), axis=0, return_inverse=True)
    return places.ravel().astype(np.float64)


def _ranked(value: Float64, distance: Float64) -> Float64:
    """Return the product's own ranking from the bottom as a suspicion."""
    suspicion = np.empty(len(value))
    suspicion[rank_from_bottom(value, distance)] = np.arange(len(value), 0, -1)
    return suspicion


def _values(workspace: Workspace, run: str, settings: ValueSettings) -> Float64:
    return open_run(workspace, run, settings=settings).values_table(("value",))["value"].to_numpy()


def _vectors(result: Result) -> tuple[Float32, Float32]:
    """Return the vectors of training and generated images, (n, d) and (m, d)."""
    key = result.manifest.matching.embedder
    trained, made = (
        all_vectors(images.embeddings(key))[1] for images in (result.training, result.generated)
    )
    return trained, made


def _neighbourhood(result: Result) -> tuple[Float64, Float64, Float64]:
    """Return what the training set says of itself, without generated images, each (n,).

    Mean distance to the NEIGHBOURS nearest other training images, distance to the nearest, and
    which share of them has another class.
    """
    vectors, labels = _vectors(result)[0], labels_of(result.training)
    n = len(vectors)
    k = min(NEIGHBOURS, n - 1)
    found = exact_search(vectors, [(np.arange(n), vectors)], k=k + 1)
    other = found.ids != np.arange(n)[:, None]
    other[other.all(axis=1), -1] = False  # more than k exact twins: itself is not among them
    ids = found.ids[other].reshape(n, k)
    distances = found.distances[other].reshape(n, k).astype(np.float64)
    foreign = (labels[ids] != labels[:, None]).mean(axis=1)
    return distances.mean(axis=1), distances[:, 0], foreign


def near_value(result: Result, reach: float) -> Float64:
    """Return the value that comes from matches within reach, an embedding distance; (n,).

    The method hands out all of a generated image's quality, also where nothing is near.
    """
    (trained, made), credits = _vectors(result), credits_of(result)
    cosine = np.einsum("cd,cd->c", trained[credits.training], made[credits.generated])
    near = np.sqrt(np.maximum(2 - 2 * cosine, 0)) <= reach
    return np.bincount(credits.training[near], weights=credits.value[near], minlength=len(trained))


def better_value(result: Result) -> Float64:
    """Return the value that comes from the half of the generated images with the best quality."""
    credits = credits_of(result)
    quality = result.generated_table(("quality",))["quality"].to_numpy()
    good = quality[credits.generated] >= np.median(quality)
    return np.bincount(
        credits.training[good],
        weights=credits.value[good],
        minlength=len(result.training.images),
    )


def _by_own_class(result: Result) -> Float64:
    """Return a ranking where an image is held against the generated images of its class alone.

    By the value that they give it, ties by its mean distance to them.
    """
    (trained, made), credits = _vectors(result), credits_of(result)
    labels, asked = labels_of(result.training), labels_of(result.generated)
    mine = asked[credits.generated] == labels[credits.training]
    value = np.bincount(credits.training[mine], weights=credits.value[mine], minlength=len(trained))
    mean = np.full(len(trained), np.inf)
    for label in np.unique(asked):
        rows = np.flatnonzero(labels == label)
        squared = 2 - 2 * (trained[rows] @ made[asked == label].T)  # unit rows
        mean[rows] = np.sqrt(np.maximum(squared, 0)).mean(axis=1)
    return _ranked(value, mean)
