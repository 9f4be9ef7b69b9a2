"""Other ways to tell copies: scores of which small ones say copy, and what they find."""

from __future__ import annotations

import numpy as np

from benchmarks.trust.lists import Lists, OwnNearest
from gmv_core.trust.standing import Nearest, copy_scores
from gmv_core.types import Float64, Int64


def rival_scores(
    lists: Lists, nearest: Nearest, own: OwnNearest, held: Int64
) -> dict[str, Float64]:
    """Return each way's scores, (m,). held: training rows that are held out.

    cosine: of unit vectors, 1 − d²/2, as SSCD is used (Pizzi et al., CVPR 2022), on our vectors.
    ratio: d₁ by the mean of the nearest ones (Carlini et al., USENIX Security 2023), embeddings.
    authenticity: d₁ by the distance of that training image to its own nearest one (Alaa et al.,
    ICML 2022), where below 1 says copied.
    """
    embedding = nearest.embedding.astype(np.float64)
    first = lists.near[:, 0]
    return {
        "ours": copy_scores(nearest),
        "cosine": embedding[:, 0],
        "ratio of 20": embedding[:, 0] / embedding[:, 1:].mean(axis=1),
        "authenticity": lists.embedding[:, 0]
        / np.maximum(own.without(first, held, lists.rows), 1e-6),
        "distance alone": nearest.distance[:, 0].astype(np.float64),
        "pixels alone": nearest.in_pixels[:, 0].astype(np.float64),
    }


def at_same_false_discoveries(scores: Float64, planted: np.ndarray, level: float) -> float:
    """Return the share of planted ones found at the loosest threshold that keeps the level.

    The threshold is chosen with the truth in hand: it flatters every score alike.
    """
    order = np.argsort(scores, kind="stable")
    hits = np.cumsum(planted[order])
    false = np.arange(1, len(order) + 1) - hits
    kept = np.flatnonzero(false / np.arange(1, len(order) + 1) <= level)
    return float(hits[kept[-1]] / planted.sum()) if len(kept) else 0.0
