"""What predicted influence does where labels are missing: one mean, clusters, or guessed classes.

Reads what `benchmarks.truth.retraining.lds` kept of its generators in the work folder. The
whole-image denoiser alone at 16 directions, its class means those of the labels, of all images, or
of clusters (faiss.Kmeans, three starts, the mean of their scores) of the embeddings or the pixels,
a generated image's the nearest; or the labels of the training images alone, the generated image's
class guessed. Score on all halves, and less that of one mean, paired, with 95 % intervals.

    python -m benchmarks.choices.classes --work WORK --json
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from benchmarks.choices.influence import read
from benchmarks.kit import work
from benchmarks.kit.data import Images
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.retraining.lds import DRAWS
from benchmarks.truth.retraining.linear import Linear
from benchmarks.truth.retraining.rank_scores import Score, resamples, score
from gmv_core.matching.matcher import embed_previews
from gmv_core.method.denoiser import denoiser, nearest_classes, statistics
from gmv_core.method.scales import Scale, relative_influence, relative_probes
from gmv_core.models.embedders.lite0 import load_lite0
from gmv_core.types import Float64, Int64

KEPT = 16.0
OF_EMBEDDINGS, OF_PIXELS = (2, 5, 10, 20, 50), (2, 10)
STARTS = 3
ONE_MEAN = "one mean"
Classes = tuple[Int64, Int64]  # of the training and of the generated images


def clusters(x: Float64, asked: Float64, count: int, *, seed: int) -> Classes:
    """Return the cluster of each row of x (n, d) and of asked (m, d): the nearest centre."""
    found = faiss.Kmeans(x.shape[1], count, niter=25, seed=seed, min_points_per_centroid=1)
    found.train(np.ascontiguousarray(x, np.float32))
    mine, other = (
        found.index.search(np.ascontiguousarray(each, np.float32), 1)[1][:, 0]
        for each in (x, asked)
    )
    return mine, other


def embedded(images: Images) -> Float64:
    """Return the embeddings of images, (n, d)."""
    previews = [np.repeat(p, 3, axis=2) if p.shape[2] == 1 else p for p in images.pixels]
    return embed_previews(load_lite0("fp32"), previews)[0].astype(np.float64)


def ways(training: Images, generated: Images, linear: Linear) -> Iterator[tuple[str, Classes]]:
    """Yield the classes that the means are taken of, by name, several of a name."""
    (x, labels), (asked, own) = linear.both
    yield "labels of both", (labels, own)
    yield ONE_MEAN, (np.zeros_like(labels), np.zeros_like(own))
    vectors = embedded(training), embedded(generated)
    for kind, pair, counts in (
        ("embeddings", vectors, OF_EMBEDDINGS),
        ("pixels", (x, asked), OF_PIXELS),
    ):
        for count in counts:
            for start in range(STARTS):
                yield f"{count} clusters of the {kind}", clusters(*pair, count, seed=start)
    guessed = nearest_classes(linear.whole.statistics, asked)
    yield "training labels, the nearest mean for the generated image", (labels, guessed)


def matrix(x: Float64, asked: Float64, classes: Classes) -> Float64:
    """Return the relative influence of all pairs with the means of some classes, (m, n)."""
    mine, other = classes
    made = denoiser(statistics([(x, mine)], int(max(mine.max(), other.max())) + 1), kept=KEPT)
    scales = (Scale(made, 1.0),)
    found = relative_influence(scales, relative_probes(scales, asked, other), x, mine)
    return np.asarray(found, np.float64)


def scores_of(path: Path) -> dict[str, Score]:
    """Score every way on one generator's retrainings."""
    chosen, outputs, training, generated = read(path)
    linear = Linear(training, generated)
    (x, _), (asked, _) = linear.both
    draws = resamples(*outputs.shape, draws=DRAWS, seed=0)
    found: dict[str, list[Score]] = {}
    for name, classes in ways(training, generated, linear):
        predicted = chosen @ matrix(x, asked, classes).T
        found.setdefault(name, []).append(score(predicted, outputs, draws))
    return {name: _mean(some) for name, some in found.items()}


def _mean(some: list[Score]) -> Score:
    return Score(
        float(np.mean([one.value for one in some])), np.mean([one.draws for one in some], axis=0)
    )


def main() -> None:
    """Score, print the table and save the figures."""
    options = work.parser(__doc__).parse_args()
    paths = sorted((options.work / "retraining").glob("halves*.npz"))
    found = {path.stem: scores_of(path) for path in paths}
    rows: list[Row] = [
        {"classes": name, **{
            stem: f"{scores[name].value:.3f}; {scores[name].less(scores[ONE_MEAN]).told()}"
            for stem, scores in found.items()}}
        for name in next(iter(found.values()))
    ]  # fmt: skip
    print_table("Score, and less that of one mean, by what the class means are of", rows)
    figures: dict[str, Any] = {"rows": rows}
    work.save(options, "class-choices", figures)


if __name__ == "__main__":
    main()
