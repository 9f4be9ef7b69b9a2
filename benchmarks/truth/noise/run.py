"""C3: does low value find noisy training images, where simpler readings do not?

Fashion-MNIST, 10,000 training images of which 5 or 10 % are made noisy (`planting`). On each noisy
set a class-conditional β-VAE is trained, its 1,000 images are valued by the product as it stands
(features, realism, k = 10), and the run is read in several ways (`readings.py`): AUROC with
DeLong's interval and precision at n, the number of noisy images. The same without re-ranking stands
beside it, and a control at 5 % values real test images instead, so that what the generator does can
be told from what the method does. The paper's own kinds of noise and its C3 figures are not known
here; these are not its sets.

    python -m benchmarks.truth.noise.run --work truth
    python -m benchmarks.truth.noise.run --work truth --only foreign   # its conditions alone

What is found of a condition is kept in the work folder and not measured again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kit.data import Images, asked_classes, draw, load, write_images
from benchmarks.kit.datasets import SETTINGS, save_npz
from benchmarks.kit.reporting import print_table
from benchmarks.kit.work import parser, save
from benchmarks.truth.generators.vae import Recipe, sample, train
from benchmarks.truth.noise.planting import KINDS, grey_cifar, plant
from benchmarks.truth.noise.readings import PRODUCT, suspicions
from benchmarks.truth.noise.remembered import RememberingEmbedder
from benchmarks.truth.noise.tables import tables
from gmv_core import MatchSettings, RunSettings, Workspace, build, open_run, open_source, value
from gmv_core.matching.matcher import NETWORK_BATCH, embed_previews
from gmv_core.measures.detection import auroc_interval
from gmv_core.models.embedders.lite0 import load_lite0
from gmv_core.runs.generated import GENERATED
from gmv_core.types import Float64, UInt8

CONTROL_SHARE = 0.05


@dataclass(frozen=True)
class Sizes:
    """training, generated: images. epochs: of the β-VAE. seeds: of draw, planting and VAE."""

    training: int = 10_000
    generated: int = 1000
    epochs: int = 30
    seeds: int = 2
    shares: tuple[float, ...] = (0.05, 0.1)

    def of_one(self) -> dict[str, int]:
        """Return what one condition depends on."""
        return {"training": self.training, "generated": self.generated, "epochs": self.epochs}


# So few images need more epochs: a VAE that learnt nothing makes noise of its own.
QUICK = Sizes(training=300, generated=60, epochs=30, seeds=1, shares=(CONTROL_SHARE,))


@dataclass(frozen=True)
class Clean:
    """What the conditions of one seed share. embedder: knows the clean and the test images."""

    images: Images
    tests: Images
    foreign: UInt8
    embedder: RememberingEmbedder


def clean(options: argparse.Namespace, sizes: Sizes, seed: int) -> Clean:
    """Draw the images of one seed and embed them once."""
    images = draw(load("fashion", options), sizes.training, seed=seed)
    tests = draw(load("fashion", options, split="t10k"), sizes.generated, seed=seed)
    most = round(max(sizes.shares) * sizes.training)
    foreign = images.pixels[:0]
    if options.cifar.exists():
        foreign = grey_cifar(options.cifar, most, images.pixels.shape[1], seed=seed)
    embedder = RememberingEmbedder(load_lite0("fp32"))
    for pixels in (images.pixels, tests.pixels):
        for start in range(0, len(pixels), NETWORK_BATCH):
            embed_previews(embedder, list(np.repeat(pixels[start : start + NETWORK_BATCH], 3, -1)))
    return Clean(images, tests, foreign, embedder)


def measured(
    made: Clean, sizes: Sizes, kind: str, share: float, seed: int, keep: Path
) -> dict[str, Any]:
    """Plant, train, generate, value and read one condition.

    keep: where the readings of every image go, so that another one needs no new run.
    """
    started = time.perf_counter()
    planted = plant(made.images, kind, share, seed=seed, foreign=made.foreign)
    trained = train(planted.images, seed=seed, recipe=Recipe(epochs=sizes.epochs))
    classes = asked_classes(planted.images, sizes.generated)
    shape = planted.images.pixels.shape[1:]
    generated = Images(
        sample(trained.model, classes, shape, seed=seed), classes, planted.images.names
    )
    judged = {"generated": generated}
    if share == CONTROL_SHARE:
        judged["control"] = made.tests
    embedder = made.embedder.fork()
    found: dict[str, Any] = {"kind": kind, "share": share, "seed": seed, "sizes": sizes.of_one()}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "workspace")
        source = save_npz(
            Path(folder) / "training.npz", planted.images.pixels, planted.images.classes
        )
        build(workspace, open_source(source), name="training", settings=SETTINGS, embedder=embedder)
        for name, images in judged.items():
            pictures = write_images(
                Path(folder) / name, images.pixels, images.classes.tolist(), images.names
            )
            value(workspace, open_source(pictures), against="training", name=name,
                  embedder=embedder)  # fmt: skip
        value(workspace, f"generated{GENERATED}", against="training", name="embedding",
              settings=RunSettings(MatchSettings(distance="none")), embedder=embedder)  # fmt: skip
        for name in (*judged, "embedding"):
            read = suspicions(workspace, name, seed=seed)
            found[name] = {
                **_standing(workspace, name, planted.noisy),
                "readings": _judged(read, planted.noisy),
            }
            if name == "generated":
                np.savez_compressed(keep, noisy=planted.noisy, **read)
    return {**found, "seconds": round(time.perf_counter() - started, 1)}


def _judged(read: dict[str, Float64], noisy: np.ndarray) -> dict[str, Any]:
    """Return AUROC, its interval and precision at n of every reading."""
    n = int(noisy.sum())
    told = {}
    for name, suspicion in read.items():
        auroc, low, high = auroc_interval(suspicion, noisy)
        first = np.argsort(-suspicion, kind="stable")[:n]
        told[name] = {"auroc": auroc, "low": low, "high": high,
                      "precision": float(noisy[first].mean())}  # fmt: skip
    return told


def _standing(workspace: Workspace, run: str, noisy: np.ndarray) -> dict[str, float]:
    """Return how many images have no value and how many were never recalled, and the quality."""
    result = open_run(workspace, run)
    table = result.values_table(("value", "times_candidate"))
    values = table["value"].to_numpy()
    at_zero = values == 0
    unseen = table["times_candidate"].to_numpy() == 0
    quality = float(result.generated_table(("quality",))["quality"].mean())
    return {
        "noisy": int(noisy.sum()),
        "clean at zero": float(at_zero[~noisy].mean()),
        "noisy at zero": float(at_zero[noisy].mean()),
        "clean never candidate": float(unseen[~noisy].mean()),
        "noisy never candidate": float(unseen[noisy].mean()),
        "value to noise": float(values[noisy].sum() / values.sum()),
        "mean quality": quality,
    }


def run(options: argparse.Namespace, only: Sequence[str] = tuple(KINDS)) -> dict[str, Any]:
    """Measure what the work folder lacks, print the tables of `only`, return all figures."""
    sizes = QUICK if options.quick else Sizes()
    folder = options.work / "results" / ("noise-quick" if options.quick else "noise")
    folder.mkdir(parents=True, exist_ok=True)
    if not options.cifar.exists():
        print(f"{options.cifar} is not here: foreign images are left out", file=sys.stderr)
        only = [kind for kind in only if kind != "foreign"]
    findings = []
    for seed in range(options.seed, options.seed + sizes.seeds):
        made: Clean | None = None
        for kind in only:
            for share in sizes.shares:
                file = folder / f"{kind}-{round(100 * share)}pct-{seed}.json"
                found = _known(file, sizes)
                if found is None:
                    made = made or clean(options, sizes, seed)
                    found = measured(made, sizes, kind, share, seed, file.with_suffix(".npz"))
                    file.write_text(json.dumps(found, indent=1) + "\n")
                    auroc = found["generated"]["readings"][PRODUCT]["auroc"]
                    print(f"{file.stem}: {auroc:.3f}, {found['seconds']} s", file=sys.stderr)
                findings.append(found)
    told = tables(findings)
    for title, rows in told.items():
        print_table(title, rows)
    return {"sizes": asdict(sizes), "tables": told, "findings": findings}


def _known(file: Path, sizes: Sizes) -> dict[str, Any] | None:
    """Return what was found of a condition with the same sizes, None where it was not."""
    if not file.exists():
        return None
    found: dict[str, Any] = json.loads(file.read_text())
    return found if found["sizes"] == sizes.of_one() else None


def main() -> None:
    """Measure, print the tables and the figures."""
    made = parser(__doc__)
    made.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS),
                      help="the kinds of noise to measure")  # fmt: skip
    options = made.parse_args()
    save(options, "noise", run(options, options.only))


if __name__ == "__main__":
    main()
