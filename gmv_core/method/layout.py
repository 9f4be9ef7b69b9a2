"""Vectors in two dimensions, for a map: PaCMAP, and what is placed by its neighbours.

PaCMAP: Wang, Huang, Rudin and Shaposhnik, JMLR 22 (2021), by the authors' package `pacmap`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from gmv_core.types import Float32, Float64, Int64

AXES = 100  # principal axes that are kept, as PaCMAP itself keeps
FEWEST = 10  # points that PaCMAP can lay out
NEIGHBOURS = 10  # fitted points that place another one
STEPS = 30  # to their median


@dataclass(frozen=True)
class Axes:
    """Principal axes of vectors. mean: (d,), axes: (d, a)."""

    mean: Float32
    axes: Float32

    def __call__(self, vectors: Float32) -> Float32:
        """(n, d) → (n, a) along the axes."""
        return np.asarray((vectors - self.mean) @ self.axes, np.float32)


def principal_axes(vectors: Float32) -> Axes:
    """Return the axes of largest variance of (n, d) vectors, at most AXES."""
    mean = vectors.mean(axis=0)
    away = vectors.astype(np.float64) - mean
    axes = np.linalg.eigh(away.T @ away)[1]
    return Axes(np.asarray(mean, np.float32), axes[:, ::-1][:, :AXES].astype(np.float32))


def fit_layout(points: Float32, *, seed: int = 0) -> Float32:
    """Lay (n, a) points out in two dimensions, n ≥ FEWEST; return (n, 2), the same for a seed."""
    import faiss

    if not np.ptp(points, axis=0).any():  # PaCMAP would divide by their spread
        return np.zeros((len(points), 2), np.float32)
    # It warns of every seed; and it would leave faiss with one thread.
    logging.getLogger("pacmap").setLevel(logging.ERROR)
    from pacmap import PaCMAP

    threads = faiss.omp_get_max_threads()
    try:
        fitted: Float32 = PaCMAP(random_state=seed, apply_pca=False).fit_transform(points)
    finally:
        faiss.omp_set_num_threads(threads)
    return fitted


def nearest_fitted(fitted: Float32, points: Float32) -> tuple[Float32, Int64]:
    """Return distances and places of the NEIGHBOURS fitted points nearest to others, (m, k) each.

    fitted: (n, a). points: (m, a).
    """
    import faiss

    index = faiss.IndexFlatL2(fitted.shape[1])
    index.add(np.ascontiguousarray(fitted))
    squared, places = index.search(np.ascontiguousarray(points), min(NEIGHBOURS, len(fitted)))
    return np.sqrt(np.maximum(squared, 0)), places


def place(positions: Float32, distances: Float32) -> Float32:
    """Place points at the weighted geometric median of their neighbours' positions, (m, 2).

    By Weiszfeld's iteration. Where the neighbours lie in two places of a map, the mean would lie
    between them, beside images that are like neither: benchmarks/choices/layout.py.

    positions: (m, k, 2), nan for none. distances: (m, k), nearest first, inf for none.
    """
    there = np.isfinite(distances) & np.isfinite(positions).all(axis=2)
    apart = np.maximum(np.where(there, distances, 1), 1e-6)
    nearest = np.where(there, apart, np.inf).min(axis=1, keepdims=True)
    weight = np.where(there, (nearest / apart) ** 2, 0)
    at = np.where(there[..., None], positions, 0).astype(np.float64)
    some = there.any(axis=1)
    found = np.full((len(positions), 2), np.nan)
    found[some] = np.average(at[some], axis=1, weights=np.repeat(weight[some, :, None], 2, axis=2))
    for _ in range(STEPS):
        away = np.linalg.norm(at[some] - found[some, None], axis=2)
        pull = weight[some] / np.maximum(away, 1e-3)
        found[some] = (at[some] * pull[..., None]).sum(axis=1) / pull.sum(axis=1, keepdims=True)
    return found.astype(np.float32)


def inside(points: Float32, polygon: Float64) -> np.ndarray:
    """Return which of (n, 2) points lie inside a polygon of (v, 2) corners, (n,) bool.

    By the number of edges that a ray to the right crosses (Shimrat 1962); nan lies nowhere.
    """
    found = np.zeros(len(points), bool)
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    x, y = points[near, 0].astype(float), points[near, 1].astype(float)
    odd = np.zeros(len(near), bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 <= y) != (y1 <= y)
        odd ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    found[near] = odd
    return found
