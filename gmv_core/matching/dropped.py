"""Images dropped in just now, in no set: read, decoded and matched, each bad one a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gmv_core.images.decode import decode
from gmv_core.matching.contributors import Attribution, attributions
from gmv_core.matching.matcher import Matcher, Matches
from gmv_core.method.recall import Neighbours
from gmv_core.method.value import ALL_EARN, Basis
from gmv_core.settings import IngestSettings, ValueSettings
from gmv_core.sources.labels import labels_for
from gmv_core.sources.source import Source
from gmv_core.store.access import Right, require
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, Float64

MOST = 12  # answered while a person waits; more are a run


@dataclass(frozen=True)
class Dropped:
    """What the models found of some images; `weigh` reads it under any value settings.

    names, previews, labels: of the m images that could be read, "" for no label. matches: (m, R),
    quality: (m,), near: by embedding, see `Matcher.near`; None where m is 0. problems: name → why
    an image could not be read.
    """

    names: list[str]
    previews: list[bytes]
    matches: Matches | None
    quality: Float64 | None
    problems: Mapping[str, str]
    labels: Sequence[str] = ()
    near: Neighbours | None = None


def match_dropped(matcher: Matcher, source: Source, *, ingest: IngestSettings) -> Dropped:
    """Match the first MOST images of a source; more in it are left out.

    ingest: of the training set, so that both are decoded alike. Labels come from the table that
    was given with the source, or lies among its images, and from folders. Raises SourceError where
    a table was given that fits no image.
    """
    require(Right.BRING, "bringing an image")
    names, previews, pixels, labels = [], [], [], []
    table = labels_for(source)
    problems = {}
    for _, image in zip(range(MOST), source.read(), strict=False):
        decoded = None if image.error else decode(image.data, ingest)
        if decoded is not None and decoded.status == OK and decoded.pixels is not None:
            names.append(image.name)
            labels.append((table.labelled(image) if table else image).label)
            previews.append(decoded.preview)
            pixels.append(decoded.pixels)
        else:
            problems[image.name] = image.error if decoded is None else decoded.status
    if not names:
        return Dropped([], [], None, None, problems)
    vectors, features = matcher.embed(pixels)
    matches = matcher.match(vectors, features, pixels)
    quality = matcher.quality(vectors, pixels, np.arange(len(pixels)))
    near = matcher.near(matches, lambda: vectors)
    return Dropped(names, previews, matches, quality, problems, labels, near)


def weigh(
    dropped: Dropped, training: ImageSet, settings: ValueSettings, basis: Basis = ALL_EARN
) -> list[Attribution]:
    """Return the answer for each image that could be read; no model is needed."""
    if dropped.matches is None or dropped.quality is None:
        return []
    return attributions(training, dropped.matches, dropped.quality, settings, basis)
