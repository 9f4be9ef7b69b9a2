"""The contributors of generated images: of a stored run, or of images dropped in just now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmv_core.matching.matcher import Matcher, Matches
from gmv_core.method.value import contributor_weights
from gmv_core.settings import ValueSettings
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float64, Int64, UInt8


@dataclass(frozen=True)
class Contributor:
    """One training image's part in a generated image. exact: false for an estimated distance."""

    training: str
    row: int
    rank: int
    recall_rank: int
    distance: float
    weight: float
    value: float
    label: str
    owner: str
    exact: bool


@dataclass(frozen=True)
class Contribution:
    """A training image's part in one generated image, seen from the training image."""

    generated: str
    row: int
    rank: int
    recall_rank: int
    distance: float
    weight: float
    value: float
    exact: bool


@dataclass(frozen=True)
class Attribution:
    """One dropped image's answer. nearest_distance: between embeddings."""

    quality: float
    nearest_distance: float
    effective_contributors: float
    contributors: list[Contributor]


def contributors_of(
    training: ImageSet, matches: Matches, quality: Float64, settings: ValueSettings
) -> list[list[Contributor]]:
    """Return the k contributors of each of m generated images, nearest first.

    matches: (m, R). quality: (m,), 0 for a rejected image.
    """
    k = min(settings.k, matches.candidates.shape[1])
    weights = contributor_weights(matches.distance[:, :k], settings.temperature).weights
    q = quality if settings.quality_weighting else np.ones(len(quality))
    found = []
    for j, rows in enumerate(matches.candidates[:, :k]):
        rows = rows[rows >= 0]
        about = training.images.take(rows, ["name", "label", "owner"]).to_pylist()
        found.append(
            [
                Contributor(
                    training=about[i]["name"],
                    row=int(row),
                    rank=i + 1,
                    recall_rank=int(matches.recall_rank[j, i]),
                    distance=float(matches.distance[j, i]),
                    weight=float(weights[j, i]),
                    value=float(q[j] * weights[j, i]),
                    label=about[i]["label"],
                    owner=about[i]["owner"],
                    exact=i < matches.exact,
                )
                for i, row in enumerate(rows)
            ]
        )
    return found


def contributions_of(
    training: int,
    matches: Matches,
    quality: Float64,
    settings: ValueSettings,
    *,
    rows: Int64,
    names: Sequence[str],
) -> list[Contribution]:
    """Return the part of training row `training` in those of m images that it contributes to.

    matches: (m, R). quality: (m,), 0 for a rejected image. rows: (m,) rows of the generated set,
    whose images are called `names`.
    """
    k = min(settings.k, matches.candidates.shape[1])
    j, i = np.nonzero(matches.candidates[:, :k] == training)
    weights = contributor_weights(matches.distance[j, :k], settings.temperature).weights
    q = quality if settings.quality_weighting else np.ones(len(quality))
    return [
        Contribution(
            generated=names[int(rows[image])],
            row=int(rows[image]),
            rank=int(place) + 1,
            recall_rank=int(matches.recall_rank[image, place]),
            distance=float(matches.distance[image, place]),
            weight=float(own[place]),
            value=float(q[image] * own[place]),
            exact=bool(place < matches.exact),
        )
        for image, place, own in zip(j, i, weights, strict=True)
    ]


def attribute(
    matcher: Matcher, images: Sequence[UInt8], settings: ValueSettings
) -> list[Attribution]:
    """Answer for images that are in no set: embed, recall, re-rank, judge and weigh them.

    matcher: loaded once, see `load_matcher`. images: previews (h, w, 3) uint8, from `decode`.
    """
    matches, quality = match_images(matcher, images)
    return attributions(matcher.training, matches, quality, settings)


def match_images(matcher: Matcher, images: Sequence[UInt8]) -> tuple[Matches, Float64]:
    """Return the candidates of images that are in no set, and their quality: what needs models."""
    vectors, features = matcher.embed(images)
    matches = matcher.match(vectors, features, images)
    return matches, matcher.quality(vectors, images, np.arange(len(images)))


def attributions(
    training: ImageSet, matches: Matches, quality: Float64, settings: ValueSettings
) -> list[Attribution]:
    """Weigh what `match_images` found; k, temperature and weighting can change without a model."""
    k = min(settings.k, matches.candidates.shape[1])
    shares = contributor_weights(matches.distance[:, :k], settings.temperature)
    found = contributors_of(training, matches, np.nan_to_num(quality), settings)
    return [
        Attribution(float(q), float(nearest), float(effective), contributors)
        for q, nearest, effective, contributors in zip(
            quality,
            matches.recall_distance.min(axis=1),
            shares.effective,
            found,
            strict=True,
        )
    ]
