"""Sets and runs that several tests need, written by hand or built with the fake embedder.

Tests get copies of the built ones by the fixture `copied`; each is built once in a process.
"""

from __future__ import annotations

import csv
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from gmv_core import Result, Workspace, build, labels_for, open_run, open_source, value
from gmv_core.matching.matcher import Matches
from gmv_core.runs.stages import match_rows, write_values
from gmv_core.settings import MatchSettings, RunSettings, ValueSettings
from gmv_core.sources.labels import Labels
from gmv_core.sources.source import Source
from gmv_core.store.columns import IMAGES, embedding_rows
from gmv_core.store.files import write_json
from gmv_core.store.manifests import Part
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Float32
from tests.fakes import (
    FAKE,
    change_json,
    draw,
    fake_embedder,
    png,
    run_manifest,
    set_manifest,
    write_images,
)
from tests.mosaics import demo_pixels, mosaic_of

LOG2, LOG3 = math.log(2), math.log(3)
TRAINING = ("cat/a.png", "cat/b.png", "dog/c.png", "dog/d.png", "broken.png", "dog/e.png")
GENERATED = ("x/one.png", "x/two.png", "y/two.png", "y/broken.png")
MOSAICS = 3
VECTORS = np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [0, 0], [0.6, 0.8]], np.float32)


def write_set(images: ImageSet, names: tuple[str, ...], vectors: Float32) -> None:
    """Write a set of images of which those with a zero vector are rejected."""
    rows = [
        {
            "id": i,
            "name": name,
            "status": "ok" if vectors[i].any() else "not an image",
            "label": name.rpartition("/")[0],
            "owner": "Ada" if i % 2 else "",
            "attributes": json.dumps({"noise": "Yes" if i in (2, 3) else "no"}),
        }
        for i, name in enumerate(names)
    ]
    empty = {f.name: None for f in IMAGES}
    images.images.append(pa.Table.from_pylist([{**empty, **r} for r in rows], schema=IMAGES))
    table = images.embeddings("hand")
    table.path.parent.mkdir(parents=True)
    table.append(embedding_rows(0, vectors, None))
    images.write_manifest(set_manifest(images.name, state="ready"))


def run_by_hand(workspace: Workspace) -> Result:
    """Write a run of which every number can be worked out by hand, at k = 2.

    one: e^-d of 0, 1, 2 are 1, 1/2, 1/3; q = 0.5. x/two: 1 and 5 at the same distance; q = 0.9.
    y/two: has one candidate only; q = 0.2. y/broken was rejected.
    """
    training, generated = workspace.image_set("train"), workspace.image_set("made")
    write_set(training, TRAINING, VECTORS)
    made = np.array([[1, 0], [0, 1], [0.8, 0.6], [0, 0]], np.float32)
    write_set(generated, GENERATED, made)
    run = workspace.run("run")
    inf = np.inf
    matches = Matches(
        candidates=np.array([[0, 1, 2], [1, 5, 0], [5, -1, -1], [-1, -1, -1]]),
        recall_rank=np.array([[2, 1, 3], [1, 2, 3], [1, 2, 3], [0, 0, 0]]),
        recall_distance=np.array(
            [[0.4, 0.3, 0.5], [0, 0.6, 1], [0.2, inf, inf], [inf] * 3], np.float32
        ),
        distance=np.array([[0, LOG2, LOG3], [7, 7, 9], [4, inf, inf], [inf] * 3], np.float32),
        exact=1,
    )  # fmt: skip
    run.table("matches").append(match_rows(np.arange(4), matches))
    run.table("quality").append(pa.table({"id": range(4), "quality": [0.5, 0.9, 0.2, np.nan]}))
    settings = ValueSettings(k=2)
    totals = write_values(run, training, generated, "hand", settings)
    run.write_manifest(
        run_manifest(
            "run", Part("train", 6), Part("made", 4), state="ready", value=settings, totals=totals
        )
    )
    return open_run(workspace, "run")


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def write_run(root: Path, name: str, generated: int) -> None:
    """Write a run of some generated images against 24 training images of two owners.

    The workspace is root/home, in which the set is <name>-set; the images lie in root/<name>.
    """
    workspace, images = Workspace(root / "home"), root / name
    source = open_source(write_images(images / "train", 24))
    owners = [[n, "Ada" if i % 3 else "Ben"] for i, n in enumerate(source.names or [])]
    write_csv(images / "owners.csv", [["name", "owner"], *owners])
    labels = labels_for(source, images / "owners.csv")
    build(workspace, source, name=f"{name}-set", labels=labels, embedder=fake_embedder())
    made = open_source(write_images(images / "made", generated, first_seed=100))
    value(workspace, made, against=f"{name}-set", name=name, embedder=fake_embedder())


def write_shared_copies(root: Path) -> None:
    """Write a run of 12 generated images against eight training images, some of them copies.

    Ada's first image is Ben's, too; her next two are one; Cy's first is one without an owner. The
    workspace is root/home; near copies were not looked for.
    """
    owners = ["Ada", "Ada", "Ada", "Ben", "Ben", "Cy", "Cy", ""]
    copies = {3: 0, 2: 1, 7: 5}
    (root / "train").mkdir()
    for i in range(len(owners)):
        (root / "train" / f"{i}.png").write_bytes(png(draw(copies.get(i, i))))
    rows = [[f"{i}.png", owner] for i, owner in enumerate(owners)]
    write_csv(root / "owners.csv", [["name", "owner"], *rows])
    source, workspace = open_source(root / "train"), Workspace(root / "home")
    labels = labels_for(source, root / "owners.csv")
    build(workspace, source, name="train", labels=labels, embedder=fake_embedder())
    made = open_source(write_images(root / "made", 12, first_seed=100))
    value(workspace, made, against="train", name="run", embedder=fake_embedder())


def value_sets(workspace: Workspace, sets: Mapping[str, tuple[Source, Labels | None]]) -> None:
    """Build the set "train" and value "made" against it as "run"; k = 4, R = 12."""
    (train, labels), (made, of_made) = sets["train"], sets["made"]
    build(workspace, train, name="train", labels=labels, embedder=fake_embedder())
    value(
        workspace, made, against="train", name="run", labels=of_made,
        settings=RunSettings(MatchSettings(candidates=12), ValueSettings(k=4)),
        embedder=fake_embedder(),
    )  # fmt: skip


def write_judged_run(root: Path) -> None:
    """Write a run of 6 generated images against 24 training images in three classes.

    k = 4, R = 12. Every fourth training image wears a hat and is "noisy"; of the generated ones two
    do. The workspace is root/home, in which the sets are train and run-generated.
    """
    sets = {}
    for name, count, seed in (("train", 24, 0), ("made", 6, 100)):
        source = open_source(write_images(root / name, count, first_seed=seed))
        names = list(source.names or [])
        hats = ["Yes" if i % 4 == 0 else "no" for i in range(count)]
        noise = [["noise", *hats]] if name == "train" else []
        columns = [["name", *names], ["hat", *hats], *noise]
        write_csv(root / f"{name}.csv", list(zip(*columns, strict=True)))
        sets[name] = (source, labels_for(source, root / f"{name}.csv"))
    value_sets(Workspace(root / "home"), sets)


def write_mosaics(root: Path) -> None:
    """Write a run of mosaics of the training images, and one that is broken, without influence.

    The training images are the 60 of tests/mosaics.py and one broken; owners in turn. The mosaic
    <seed>.png is `mosaic_of(…, seed=seed)`. The workspace is root/home.
    """
    owners = [["name", "owner", "label"]]
    for folder in ("sources", "made"):
        (root / folder).mkdir()
        (root / folder / "broken.png").write_bytes(b"no image")
    for i, pixels in enumerate(demo_pixels()):
        (root / "sources" / f"{i:02d}.png").write_bytes(png(pixels))
        owners.append([f"{i:02d}.png", "Ada" if i % 2 else "Ben", f"class{i % 3}"])
    for seed in range(MOSAICS):
        pixels = mosaic_of(demo_pixels(), seed=seed)[0]
        (root / "made" / f"{seed}.png").write_bytes(png(pixels))
    write_csv(root / "owners.csv", owners)
    workspace, source = Workspace(root / "home"), open_source(root / "sources")
    build(workspace, source, name="train", labels=labels_for(source, root / "owners.csv"),
          embedder=fake_embedder())  # fmt: skip
    value(workspace, open_source(root / "made"), against="train", name="run",
          settings=RunSettings(MatchSettings(5, "none", "none")),
          embedder=fake_embedder())  # fmt: skip


# What a browser would fetch, follow or draw if anything read it as Markdown or HTML.
HOSTILE = (
    "![x](http://evil.example/a.png) [l](http://evil.example) <http://evil.example> "
    "www.evil.example me@evil.example http://evil.example/b :material/home: :smile: :red[r] "
    '<img src="http://evil.example/c.png"> <a href="http://evil.example">d</a> $x$ %{y} \u202egnp'
)


def write_hostile_run(root: Path) -> None:
    """Write a run whose names, labels, owners, attributes, reasons and jobs are all hostile.

    The workspace is root/home, with the sets "train" and "run-generated", a run "run", a set and a
    run that cannot be read, and a failed job.
    """
    sets = {}
    for name, count, seed in (("train", 24, 0), ("made", 6, 100)):
        folder = root / name
        folder.mkdir()
        rows = [["name", "label", "owner", "hat " + HOSTILE, "noise"]]
        for i in range(count):
            file = f"{i:02d} {HOSTILE.replace('/', '∕')[:60]}.png"
            (folder / file).write_bytes(png(draw(seed + i)))
            rows.append([file, f"{i % 2} {HOSTILE}", f"{i % 3} {HOSTILE}", "yes" if i % 2 else "no",
                         "yes" if i % 4 == 0 else "no"])  # fmt: skip
        (folder / "08 broken.png").write_bytes(png(draw(1))[:60])
        (folder / f"{HOSTILE.replace('/', '∕')[:60]}.heic").write_bytes(b"x")
        write_csv(root / f"{name}.csv", rows)
        source = open_source(folder)
        sets[name] = (source, labels_for(source, root / f"{name}.csv"))
    workspace = Workspace(root / "home")
    value_sets(workspace, sets)
    train, run = workspace.image_set("train"), workspace.run("run")
    told = {"key": FAKE, "precision": "own", "reason": HOSTILE, "dim": 24, "has_features": True}
    change_json(train, embedder=told, notes={HOSTILE: 2})
    reasons = {step: HOSTILE for step in ("distance", "quality", "embedder")}
    change_json(run, reasons=reasons, shifts=[HOSTILE], warnings=[HOSTILE])
    for kind in ("sets", "runs"):
        write_json(
            workspace.root / kind / "www.evil.example" / "manifest.json", {"format": HOSTILE}
        )
    job = workspace.root / "jobs" / "20200101-000000-000000-abcd"
    request = {"title": HOSTILE, "target": HOSTILE, "arguments": ["build", HOSTILE], "pid": 0}
    write_json(job / "job.json", request)
    write_json(job / "outcome.json", {"state": "failed", "message": HOSTILE, "ended": "2020"})


def write_copied_run(root: Path) -> None:
    """Write a run of which six generated images have the pixels of training images, and six not.

    The workspace is root/home, in which the training set is train; 40 images are held out.
    """
    train = write_images(root / "train", 40)
    copied = root / "made" / "copied"
    copied.mkdir(parents=True)
    for i, path in enumerate(sorted(train.rglob("*.png"))[:6]):
        shutil.copy(path, copied / f"{i}.png")
    write_images(root / "made", 6, first_seed=100)
    workspace = Workspace(root / "home")
    build(workspace, open_source(train), name="train", embedder=fake_embedder())
    held_out = open_source(write_images(root / "held", 40, first_seed=500))
    value(
        workspace, open_source(root / "made"), against="train", name="run", held_out=held_out,
        settings=RunSettings(MatchSettings(distance="none")), embedder=fake_embedder(),
    )  # fmt: skip


def write_runs_to_compare(root: Path) -> None:
    """Write the run of `write_run` and three to hold beside it, in the same workspace.

    "other": three of its six generated images and three more, against the same set. "cleaned": its
    generated images against "clean", 16 of the 24 training images. "foreign": the same against
    "far", a set of other images. Each has its owners.
    """
    write_run(root, "run", 6)
    workspace, images = Workspace(root / "home"), root / "run"
    made = sorted((images / "made").rglob("*.png"))
    write_images(root / "other", 3, first_seed=200)
    for path in made[::2]:
        shutil.copy(path, root / "other" / f"again-{path.parent.name}-{path.name}")
    value(workspace, open_source(root / "other"), against="run-set", name="other",
          embedder=fake_embedder())  # fmt: skip
    train = sorted((images / "train").rglob("*.png"))
    for path in train[:16]:
        place = root / "clean" / path.relative_to(images / "train")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    write_images(root / "far", 12, first_seed=700)
    for name, run in (("clean", "cleaned"), ("far", "foreign")):
        source = open_source(root / name)
        labels = labels_for(source, images / "owners.csv")
        build(workspace, source, name=name, labels=labels, embedder=fake_embedder())
        value(workspace, "run-generated", against=name, name=run, embedder=fake_embedder())
