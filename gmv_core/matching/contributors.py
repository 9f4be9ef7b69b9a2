"""The contributors of generated images: of a stored run, or of images dropped in just now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gmv_core.errors import WorkspaceError
from gmv_core.images.strip import Picture, strip_html
from gmv_core.matching.lists import gathered
from gmv_core.matching.matcher import Matcher, Matches
from gmv_core.method.value import ALL_EARN, Basis, HandedOut, hand_out
from gmv_core.settings import ValueSettings
from gmv_core.store.columns import previews
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float64, Int64, UInt8
from gmv_core.words import number


@dataclass(frozen=True)
class Contributor:
    """One training image's part in one generated image.

    row, label, owner: of the training image. weight: its share of the generated image's quality;
    value: the quality that it gets. exact: false for a distance that is estimated, or that of a
    near copy left out. convincing: no farther than unseen real images reach. shared_by: near copies
    that get as much, itself among them. generated, generated_row: the generated image; "" and None
    for one that is in no set.
    """

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
    convincing: bool = True
    shared_by: int = 1
    generated: str = ""
    generated_row: int | None = None


class Contributors(list[Contributor]):
    """The contributors of one generated image, nearest first; a notebook shows their pictures.

    training: the set that they are of.
    """

    def __init__(self, found: Iterable[Contributor], training: ImageSet) -> None:
        super().__init__(found)
        self.training = training

    def _repr_html_(self) -> str:
        try:
            images = previews(self.training, np.array([one.row for one in self], np.int64))
        except WorkspaceError:  # the set has been deleted since: the words are still true
            images = [b""] * len(self)
        pictures = [
            Picture(image, (f"{one.rank}. {one.training}", f"weight {number(one.weight)}",
                            f"{number(one.distance)} away", one.owner or ""))
            for image, one in zip(images, self, strict=True)
        ]  # fmt: skip
        if not self:
            return strip_html("No contributors: the image was rejected, or all are left out.", [])
        of = f" of {self[0].generated}" if self[0].generated else ""
        return strip_html(f"Closest training images (contributors){of}", pictures)


@dataclass(frozen=True)
class Attribution:
    """One dropped image's answer. nearest_distance: between embeddings."""

    quality: float
    nearest_distance: float
    effective_contributors: float
    contributors: Contributors


def contributors_of(
    training: ImageSet,
    matches: Matches,
    quality: Float64,
    settings: ValueSettings,
    basis: Basis = ALL_EARN,
) -> list[Contributors]:
    """Return the k contributors of each of m generated images, nearest first.

    matches: (m, R). quality: (m,), nan for a rejected image.
    """
    matches = gathered(matches, basis.clusters)
    handed = hand_out(matches.candidates, matches.distance, quality, settings, basis)
    found = []
    for j, rows in enumerate(handed.contributors):
        rows = rows[rows >= 0]
        about = training.images.take(rows, ["name", "label", "owner"]).to_pylist()
        found.append(
            Contributors(
                (
                    _contributor(matches, handed, basis, j, i, row=int(row), about=about[i])
                    for i, row in enumerate(rows)
                ),
                training,
            )
        )
    return found


def contributions_of(
    training: ImageSet,
    row: int,
    matches: Matches,
    quality: Float64,
    settings: ValueSettings,
    *,
    generated_rows: Int64,
    names: Sequence[str],
    basis: Basis = ALL_EARN,
) -> list[Contributor]:
    """Return the part of the training image `row` in those of m images that it contributes to.

    matches: (m, R). quality: (m,), nan for a rejected image. generated_rows: (m,) rows of the
    generated set, whose images are called `names`. Where the basis has clusters, what the first
    of its near copies gets is shared with it.
    """
    matches = gathered(matches, basis.clusters)
    handed = hand_out(matches.candidates, matches.distance, quality, settings, basis)
    (about,) = training.images.take(np.array([row]), ["name", "label", "owner"]).to_pylist()
    found = []
    mine = handed.contributors == row
    if basis.clusters is not None:
        mine = (handed.contributors >= 0) & (basis.clusters[handed.contributors] ==
                                             basis.clusters[row])  # fmt: skip
    for j, i in zip(*np.nonzero(mine), strict=True):
        one = _contributor(matches, handed, basis, j, i, row=row, about=about)
        at = int(generated_rows[j])
        found.append(replace(one, generated=names[at], generated_row=at))
    return found


def _contributor(
    matches: Matches,
    handed: HandedOut,
    basis: Basis,
    j: int,
    i: int,
    *,
    row: int,
    about: dict[str, str],
) -> Contributor:
    """Return the contributor at place i of the j-th of the generated images."""
    shared_by = 1 if basis.members is None else int(basis.members[row])
    stands_in = matches.stand_ins
    return Contributor(
        training=about["name"],
        row=row,
        rank=int(i) + 1,
        recall_rank=int(matches.recall_rank[j, i]),
        distance=float(matches.distance[j, i]),
        weight=float(handed.weights[j, i]) / shared_by,
        value=float(handed.credit[j, i]) / shared_by,
        label=about["label"],
        owner=about["owner"],
        exact=bool(i < matches.exact and not (stands_in is not None and stands_in[j, i])),
        convincing=bool(matches.distance[j, i] <= basis.reach),
        shared_by=shared_by,
    )


def attribute(
    matcher: Matcher,
    images: Sequence[UInt8],
    settings: ValueSettings,
    basis: Basis = ALL_EARN,
) -> list[Attribution]:
    """Answer for images that are in no set: embed, recall, re-rank, judge and weigh them.

    matcher: loaded once, see `load_matcher`; as a run answers by `open_matcher`, with its settings
    and basis. images: previews (h, w, 3) uint8, from `decode`.
    """
    vectors, features = matcher.embed(images)
    matches = matcher.match(vectors, features, images)
    quality = matcher.quality(vectors, images, np.arange(len(images)))
    return attributions(matcher.training, matches, quality, settings, basis)


def attributions(
    training: ImageSet,
    matches: Matches,
    quality: Float64,
    settings: ValueSettings,
    basis: Basis = ALL_EARN,
) -> list[Attribution]:
    """Weigh what `Matcher.match` found; k, temperature and weighting can change without a model."""
    lists = gathered(matches, basis.clusters)
    handed = hand_out(lists.candidates, lists.distance, quality, settings, basis)
    found = contributors_of(training, matches, quality, settings, basis)
    return [
        Attribution(float(q), float(nearest), float(effective), contributors)
        for q, nearest, effective, contributors in zip(
            quality,
            matches.recall_distance.min(axis=1),
            handed.effective,
            found,
            strict=True,
        )
    ]
