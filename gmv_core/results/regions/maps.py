"""Which regions: three maps of a generated image and a training image, each with its sentence.

Alike: where the two look alike, by the feature distance. Influence: where the pair's predicted
influence comes from. Sources: which training image explains each region best (patch posterior).
None of them says that an image was used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.errors import WorkspaceError
from gmv_core.matching.regions import Explained, RegionMatcher, load_regions
from gmv_core.method.locations import influence_by_pixel
from gmv_core.method.scales import relative_probes
from gmv_core.results.influence.fitted import fitted
from gmv_core.results.influence.tables import has_influence
from gmv_core.results.regions.words import (
    InfluenceMap,
    Source,
    alike_words,
    influence_words,
    source_words,
)
from gmv_core.results.result import Result
from gmv_core.sets.linear import LinearModel
from gmv_core.sets.pixels import pixels_of_rows, small_pixels
from gmv_core.store.columns import labels_of, previews_of, statuses
from gmv_core.types import OK, Embedder, Float64, Int64, Progress, Report, UInt8, silent


@dataclass(frozen=True)
class Regions:
    """The three maps, each a square over the whole image, and their sentences in that order.

    pixels: (h, w, 3), of the generated image. against: the training image of the first two maps.
    alike: (32, 32), adds up to the feature distance. influence: None where the run has no predicted
    influence. sources: (16, 16), the training row that explains each region best; certainty: its
    posterior. explained: those rows and those of highest score, by share, then score. recalled:
    training images that took part.
    """

    generated: str
    pixels: UInt8
    against: str
    alike: Float64
    influence: InfluenceMap | None
    sources: Int64
    certainty: Float64
    explained: tuple[Source, ...]
    recalled: int
    sentences: tuple[str, str, str]


@dataclass(frozen=True)
class RegionReader:
    """What answers for one run, loaded once.

    model: of the run's predicted influence; one_mean: the same without classes, for images of no
    set. Both None where the run has none, or it is out of date.
    """

    result: Result
    matcher: RegionMatcher
    model: LinearModel | None
    one_mean: LinearModel | None


def open_regions(result: Result, *, embedder: Embedder | None = None) -> RegionReader:
    """Load what regions need of a run's training set.

    embedder: as for `load_regions`, which raises WorkspaceError where small pixels are missing.
    """
    matcher = load_regions(result.training, embedder=embedder)
    if not has_influence(result.run):
        return RegionReader(result, matcher, None, None)
    model = fitted(result)
    one_mean = fitted(result, one_mean=True) if len(model.labels) > 1 else model
    return RegionReader(result, matcher, model, one_mean)


def regions(reader: RegionReader, generated: str, against: str | None = None) -> Regions:
    """Return the maps of a run's generated image and a training image.

    generated, against: names, or file names where those are unique. Without `against` it is the
    training image that explains most regions. Raises WorkspaceError for a name that is not there
    and for a rejected image.
    """
    images = reader.result.generated
    row = np.array([reader.result.row_of(generated)])
    about = images.images.take(row, ["name", "status"]).to_pylist()[0]
    if about["status"] != OK:
        raise WorkspaceError(f"{about['name']!r} was rejected ({about['status']}); name another.")
    (pixels,) = previews_of(images, row)
    name, label = about["name"], str(labels_of(images)[row[0]])
    return _regions(reader, reader.model, pixels, against, name=name, label=label)


def regions_of_pixels(
    reader: RegionReader, pixels: UInt8, against: str | None = None, *, name: str = ""
) -> Regions:
    """Return the maps of an image that is in no set, whose class is not known.

    pixels: (h, w, 3) uint8, a preview. name: what the sentences call it.
    """
    return _regions(reader, reader.one_mean, pixels, against, name=name, label="")


def _regions(
    reader: RegionReader, model: LinearModel | None, pixels: UInt8, against: str | None, *,
    name: str, label: str,
) -> Regions:  # fmt: skip
    training = reader.result.training
    found = reader.matcher.explain(pixels, reader.result.without)
    explained = sources_of(reader, found)
    row = explained[0].row if against is None else reader.result.row_of(against, "training")
    about = training.images.take(np.array([row]), ["name", "status"]).to_pylist()[0]
    if about["status"] != OK:
        raise WorkspaceError(f"{about['name']!r} was rejected ({about['status']}); name another.")
    (other,) = previews_of(training, np.array([row]))
    alike = reader.matcher.alike(pixels, other)
    influence = influence_map(model, pixels, row, label=label) if model else None
    image = name or "the image"
    sentences = (
        alike_words(image, about["name"], alike),
        influence_words(reader.result.run.name, image, about["name"], influence),
        source_words(image, explained, found.certainty, found.recalled),
    )
    return Regions(name, pixels, about["name"], alike, influence, found.sources, found.certainty,
                   explained, found.recalled, sentences)  # fmt: skip


def sources_of(reader: RegionReader, found: Explained, *, more: int = 10) -> tuple[Source, ...]:
    """Return every training image that explains a region best, and the `more` of highest score."""
    best, regions = np.unique(found.sources, return_counts=True)
    rows = np.union1d(best, found.rows[np.argsort(-found.score, kind="stable")[:more]])
    share = np.zeros(len(rows))
    share[np.searchsorted(rows, best)] = regions / found.sources.size
    score = found.score[np.searchsorted(found.rows, rows)]
    order = np.lexsort((rows, -score, -share))
    about = reader.result.training.images.take(rows[order], ["name", "label", "owner"]).to_pylist()
    return tuple(
        Source(rank, image["name"], int(rows[i]), float(share[i]), float(score[i]),
               image["label"] or "", image["owner"] or "")
        for rank, (i, image) in enumerate(zip(order, about, strict=True), 1)
    )  # fmt: skip


def influence_map(model: LinearModel, pixels: UInt8, row: int, *, label: str) -> InfluenceMap:
    """Return the influence of a training row on an image by pixel. pixels: (h, w, 3) uint8."""
    x = small_pixels(pixels, model.form)[None] / 255
    codes = model.classes_of(x, np.array([label], object))
    asked = relative_probes(model.scales, x, codes)
    own = pixels_of_rows(model.training, model.form, np.array([row]))
    (found,) = influence_by_pixel(model.scales, asked, own, model.codes[[row]])
    side = model.form.side_px
    by_pixel = found.by_pixel.reshape(side, side, -1).sum(axis=2)
    return InfluenceMap(by_pixel, found.alone)


def region_totals(reader: RegionReader, report: Report = silent) -> pd.DataFrame:
    """Return one row a training image that explains a region of any generated image best.

    Columns: training, share (of the regions of all generated images), score (summed over them),
    images (of which it has a region), label, owner; most share first. Rejected ones are left out.
    """
    images, without = reader.result.generated, reader.result.without
    rows = np.flatnonzero(statuses(images))
    n = len(reader.result.training.images)
    share, score, times = np.zeros(n), np.zeros(n), np.zeros(n, np.int64)
    for done, row in enumerate(rows, 1):
        (pixels,) = previews_of(images, np.array([row]))
        found = reader.matcher.explain(pixels, without)
        best, regions = np.unique(found.sources, return_counts=True)
        share[best] += regions / (found.sources.size * len(rows))
        times[best] += 1
        score[found.rows] += found.score
        report(Progress("regions", done, len(rows)))
    order = np.lexsort((-score, -share))[: np.count_nonzero(share)]
    about = reader.result.training.images.take(order, ["name", "label", "owner"]).to_pandas()
    numbers = {"share": share[order], "score": score[order], "images": times[order]}
    table = about.rename(columns={"name": "training"}).assign(**numbers)
    return table[["training", "share", "score", "images", "label", "owner"]]
