"""Evidence of sets and runs of every form can be checked: nothing that is sound is refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gmv_core import Workspace, add, build, open_run, open_source, value
from gmv_core.audit.checking.verify import Against, verify
from gmv_core.audit.evidence import write_evidence
from gmv_core.settings import CLUSTER, CONVINCING, MatchSettings, RunSettings, ValueSettings
from gmv_core.trust.duplicates import find_clusters
from tests.audit.checking.conftest import answers, told
from tests.built import write_copied_run, write_hostile_run, write_judged_run, write_mosaics
from tests.fakes import draw, fake_embedder, png, write_images

Holds = Callable[..., dict[str, bool | None]]


@pytest.fixture
def holds(tmp_path: Path) -> Holds:
    """Return a function that writes evidence, checks it, and returns the answers."""

    def checked(
        run: str, settings: ValueSettings | None = None, *, previews: bool = True, **folders: object
    ) -> dict[str, bool | None]:
        result = open_run(Workspace(tmp_path / "home"), run, settings=settings)
        write_evidence(result, tmp_path / "e.zip", with_previews=previews)
        sources = {
            name: [open_source(tmp_path / f) for f in str(some).split()]
            for name, some in folders.items()
        }
        pairs = 9 if folders else 0
        against = Against(**sources, pairs=pairs, embedder=fake_embedder())  # type: ignore[arg-type]
        checks = verify(tmp_path / "e.zip", against)
        assert told(checks) == ""
        return answers(checks)

    return checked


def test_rejected_images_and_no_null(holds: Holds, copied: Callable[..., None]) -> None:
    copied(write_mosaics)
    assert holds("run", training="sources", generated="made")["training files"] is True
    holds("run", ValueSettings(k=100))


@pytest.mark.parametrize("weighting", [True, False])
def test_an_image_that_the_metric_could_not_judge(
    holds: Holds, copied: Callable[..., None], tmp_path: Path, weighting: bool
) -> None:
    copied(write_mosaics)
    table = Workspace(tmp_path / "home").run("run").table("quality")
    quality = table.read(["id", "quality"]).to_pandas()
    quality.loc[1, "quality"] = np.nan
    table.write(pa.Table.from_pandas(quality, preserve_index=False))
    holds("run", ValueSettings(quality_weighting=weighting))


def test_held_out_images_and_copies(holds: Holds, copied: Callable[..., None]) -> None:
    copied(write_copied_run)
    assert holds("run", training="train", generated="made")["standings"] is True
    holds("run", ValueSettings(k=3, credit=CONVINCING), previews=False)


@pytest.mark.parametrize("write", [write_hostile_run, write_judged_run])
def test_hostile_names_and_attributes(
    write: Callable[[Path], None], holds: Holds, copied: Callable[..., None]
) -> None:
    copied(write)
    holds("run", training="train", generated="made")


NAMES = ("é.png", unicodedata.normalize("NFD", "ü.png"), "日本.png", "😀.png", "a \u202egnp.png",
         "x" * 200 + ".png")  # fmt: skip


def write_odd(root: Path) -> None:
    """Write a run without labels, of odd names, copies and broken files; and a second source."""
    for folder in ("train", "made"):
        (root / folder).mkdir()
        (root / folder / "broken.png").write_bytes(b"no image")
    names = [*NAMES, *(f"{i}.png" for i in range(12))]
    for seed, name in enumerate(names):
        (root / "train" / name).write_bytes(png(draw(seed)))
    for name in ("copy.png", "copy again.png"):
        (root / "train" / name).write_bytes(png(draw(1)))
    (root / "made" / "one.png").write_bytes(png(draw(100)))
    write_images(root / "more", 6, first_seed=50)
    workspace, fake = Workspace(root / "home"), fake_embedder()
    build(workspace, open_source(root / "train"), name="train", embedder=fake)
    made = open_source(root / "made")
    value(workspace, made, against="train", name="each", embedder=fake)
    find_clusters(workspace, "train", fake)
    settings = RunSettings(MatchSettings(candidates=5), ValueSettings(k=4, duplicates=CLUSTER))
    value(workspace, made, against="train", name="cluster", settings=settings, embedder=fake)


def test_odd_names_copies_and_lists_of_clusters(holds: Holds, copied: Callable[..., None]) -> None:
    copied(write_odd)
    both = {"training": "train", "generated": "made"}
    holds("each", **both)
    holds("each", ValueSettings(k=3, duplicates=CLUSTER), **both)
    holds("cluster", **both)


def test_several_sources(holds: Holds, copied: Callable[..., None], tmp_path: Path) -> None:
    copied(write_odd)
    workspace = Workspace(tmp_path / "home")
    add(workspace, "train", open_source(tmp_path / "more"), embedder=fake_embedder())
    value(workspace, open_source(tmp_path / "made"), against="train", name="both",
          embedder=fake_embedder())  # fmt: skip
    holds("both", training="train more", generated="made")
    half = Against(training=[open_source(tmp_path / "more")])
    assert "21 are in no file" in told(verify(tmp_path / "e.zip", half))
