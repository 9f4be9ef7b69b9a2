"""How well the realism metric tells clean images from corrupted copies.

Training images are the reference (`--references`, several sizes side by side); 200 held-out ones
are judged clean and corrupted (Gaussian noise of standard deviation σ on a scale of 0…1, Gaussian
blur of a radius in pixels). AUROC of "lower is corrupted", for the raw score and for q, which is
capped at 1: ties count one half.

    python -m benchmarks.choices.quality_corruption --workspace WORKSPACE --json
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter
from scipy.stats import rankdata

from benchmarks.kit.datasets import (
    BuiltSet,
    Queries,
    cifar_set,
    fashion_set,
    fashion_test,
    held_out,
    workspace_of,
)
from benchmarks.kit.reporting import Row, finish, parser, print_table, seconds_of
from gmv_core.matching.matcher import embed_previews
from gmv_core.method.realism import make_reference, realism, realism_quality
from gmv_core.types import UInt8


def lower_is(clean: np.ndarray, corrupted: np.ndarray) -> float:
    """Return the AUROC of "lower is corrupted"; ties count one half."""
    ranks = rankdata(np.concatenate([corrupted, clean]))
    n = len(corrupted)
    return float(1 - (ranks[:n].sum() - n * (n + 1) / 2) / (n * len(clean)))


def noisy(sigma: float, *, seed: int, grey: bool) -> Callable[[UInt8], UInt8]:
    """Return a function that adds noise; one channel's noise for grey images."""
    rng = np.random.default_rng(seed)

    def add(pixels: UInt8) -> UInt8:
        noise = rng.normal(0, 255 * sigma, (*pixels.shape[:2], 1 if grey else 3))
        return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)

    return add


def blurred(radius_px: float) -> Callable[[UInt8], UInt8]:
    """Return a function that blurs."""
    blur = ImageFilter.GaussianBlur(radius_px)
    return lambda pixels: np.asarray(Image.fromarray(pixels).filter(blur))


def judge(name: str, made: BuiltSet, asked: Queries, references: int, seed: int) -> list[Row]:
    """Return the AUROC of every corruption for one data set."""
    rng = np.random.default_rng(seed)
    free = np.setdiff1d(np.arange(len(made.vectors)), asked.rows)
    reference_vectors = made.vectors[np.sort(rng.permutation(free)[:references])]
    reference = make_reference(reference_vectors)
    corruptions = {
        **{f"noise σ {s}": noisy(s, seed=seed, grey=name != "CIFAR-10") for s in (0.1, 0.2, 0.4)},
        **{f"blur {r} px": blurred(r) for r in (1, 2, 4)},
    }
    clean = realism(asked.vectors, reference)
    q = realism_quality(clean, reference)
    seconds = seconds_of(lambda: make_reference(reference_vectors))
    raw: dict[str, str | float] = {"set": name, "references": references, "score": "realism"}
    mapped: dict[str, str | float] = {"set": name, "references": references, "score": "q"}
    for title, corrupt in corruptions.items():
        vectors = embed_previews(made.embedder, [corrupt(p) for p in asked.previews])[0]
        scores = realism(vectors, reference)
        raw[title] = round(lower_is(clean, scores), 3)
        mapped[title] = round(lower_is(q, realism_quality(scores, reference)), 3)
    mapped["median q, clean"] = round(float(np.median(q)), 3)
    mapped["s to make"] = round(seconds, 1)
    return [raw, mapped]


def main() -> None:
    """Measure, print the table and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--references", type=int, nargs="+", default=[3000])
    options = made.parse_args()
    sizes, count = ([500], 50) if options.quick else (options.references, 200)
    with workspace_of(options) as workspace:
        cifar = cifar_set(options, workspace, 1000 if options.quick else 50_000)
        fashion = fashion_set(options, workspace, 1000 if options.quick else 60_000)
        test = fashion_test(fashion, options.fashion, count, seed=options.seed)
        sets = (("CIFAR-10", cifar, held_out(cifar, count, seed=options.seed)),
                ("Fashion-MNIST", fashion, test))  # fmt: skip
        rows = [row for size in sizes for one in sets for row in judge(*one, size, options.seed)]
    print_table("AUROC of clean against corrupted (0.5 is chance)", rows)
    finish(options, "quality_corruption", {"rows": rows})


if __name__ == "__main__":
    main()
