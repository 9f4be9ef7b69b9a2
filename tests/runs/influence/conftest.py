"""A run to predict influence for, the prediction in several blocks, and the same in one go."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, build, open_source, value
from gmv_core.images.area import area_average
from gmv_core.method.denoiser import Denoiser, denoiser, losses, nearest_classes, statistics
from gmv_core.method.influence import influence, probes
from gmv_core.results.influence.tables import InfluenceRecord
from gmv_core.runs import influence as runs_influence
from gmv_core.runs.influence import predict_influence
from gmv_core.sets import pixels as sets_pixels
from gmv_core.settings import InfluenceSettings, MatchSettings, RunSettings
from gmv_core.types import Float64, Int64, Progress, Report, UInt8
from tests.fakes import draw, fake_embedder, png, write_images

SETTINGS = InfluenceSettings(side_px=6, kept_directions=5.0)
TRAINING, GENERATED = 50, 13
BROKEN = 4  # a generated row, and the training row of that number
Predict = Callable[..., InfluenceRecord]


class Killed(Exception):
    pass


def killing(stage: str) -> Report:
    """Return a report that ends a stage after its first eight images, as a kill would."""

    def report(step: Progress) -> None:
        if step.stage == stage and step.done >= 8:
            raise Killed

    return report


def grey(pixels: UInt8) -> UInt8:
    return np.repeat(pixels[..., :1], 3, axis=2)


@pytest.fixture(scope="package", params=["colour", "grey"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run: training images in three classes, generated ones in one of them or
    in one that the training set has not; one of each is broken. The tests work on copies."""
    root = tmp_path_factory.mktemp(request.param)
    write_images(root / "train", TRAINING)
    write_images(root / "made", GENERATED, first_seed=100, labels=2)
    (root / "made" / "class1").rename(root / "made" / "other")
    for path in (*(root / "train").rglob("*.png"), *(root / "made").rglob("*.png")):
        seed = int(path.stem) + (100 if "made" in path.parts else 0)
        pixels = draw(seed) if request.param == "colour" else grey(draw(seed))
        path.write_bytes(png(pixels))
    for folder in ("train", "made"):
        broken = sorted((root / folder).rglob("*.png"))[BROKEN]
        broken.write_bytes(broken.read_bytes()[:60])
    place = Workspace(root / "workspace")
    for name in ("train", "made"):
        build(place, open_source(root / name), name=name, embedder=fake_embedder())
    value(place, "made", against="train", name="run", embedder=fake_embedder(),
          settings=RunSettings(MatchSettings(5, "none", "none")))  # fmt: skip
    return root


@pytest.fixture
def predict(made: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Predict:
    """Predict on a copy of the workspace, in several blocks of everything."""
    shutil.copytree(made / "workspace", workspace.root)
    monkeypatch.setattr(sets_pixels, "COMMIT_ROWS", 8)
    monkeypatch.setattr(runs_influence, "BLOCK", 5)

    def work(**given: object) -> InfluenceRecord:
        return predict_influence(workspace, "run", **{"settings": SETTINGS, **given})

    return work


def arrays(
    made: Path, workspace: Workspace, name: str, side_px: int = SETTINGS.side_px
) -> tuple[Float64, list[str], list[str]]:
    """The small pixels, classes and names of a set's sound images, from its files."""
    table = workspace.image_set(name).images.read(["name", "label", "status"]).to_pylist()
    fine = [row for row in table if row["status"] == "ok"]
    x = []
    for row in fine:
        seed = int(Path(row["name"]).stem) + (100 if name == "made" else 0)
        image = draw(seed) if "colour" in made.name else draw(seed)[..., :1]
        x.append(np.rint(area_average(image, side_px)).reshape(-1).astype(float) / 255)
    return np.stack(x), [row["label"] for row in fine], [row["name"] for row in fine]


def by_hand(made: Path, workspace: Workspace) -> tuple[Denoiser, Float64, Float64, Int64]:
    """The denoiser, all relative pairs (m, n), the losses and the generated classes, in one go."""
    x, labels, _ = arrays(made, workspace, "train")
    g, asked, _ = arrays(made, workspace, "made")
    codes = np.array([int(label[-1]) for label in labels])
    linear = denoiser(statistics([(x, codes)], 3), kept=SETTINGS.kept_directions)
    nearest = nearest_classes(linear.statistics, g)
    own = np.array([0 if label == "class0" else nearest[j] for j, label in enumerate(asked)])
    loss = losses(linear, g, own)
    pairs = influence(linear, probes(linear, g, own), x, codes) / loss[:, None]
    return linear, pairs, loss, own
