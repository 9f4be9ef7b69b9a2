"""Fast, deterministic stand-ins: an embedder without a network, and folders of drawn images."""

from __future__ import annotations

import io
import json
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from gmv_core.cluster.workers import Held, Item, Result
from gmv_core.models.embedders.embedder import NetworkEmbedder, from_callable, stack, unit_rows
from gmv_core.runs import valuation
from gmv_core.sets import filling
from gmv_core.settings import IngestSettings, ValueSettings
from gmv_core.store.files import write_json
from gmv_core.store.manifests import (
    EmbedderEntry,
    Inputs,
    Judging,
    Matching,
    Part,
    RunManifest,
    SetManifest,
    SourceEntry,
)
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Run
from gmv_core.trust import null
from gmv_core.types import Embedder, Float32, UInt8

FAKE = "fake"
SIDE_PX = 8
DIM = 24
NORM_SQUARED = 5.0  # of the features
FEATURES_DIM = 5000  # more than a sketch has entries, so that folding is used


@lru_cache(maxsize=1)
def _projections() -> tuple[Float32, Float32]:
    rng = np.random.default_rng(7)
    pixels = SIDE_PX * SIDE_PX * 3
    return (
        rng.normal(size=(pixels, DIM)).astype(np.float32),
        rng.normal(size=(pixels, FEATURES_DIM)).astype(np.float32),
    )


def fake_vectors(pixels: UInt8) -> tuple[Float32, Float32]:
    """Project pixels (n, 8, 8, 3) at random to vectors (n, 24) and features (n, 5000).

    The squared norm of features is NORM_SQUARED. Row by row, so that the batch size changes no bit.
    """
    narrow, wide = _projections()
    rows = [(image.reshape(-1) / 127.5 - 0.95).astype(np.float32) for image in pixels]
    vectors = np.stack([row @ narrow for row in rows])
    features = unit_rows(np.stack([row @ wide for row in rows]))
    return unit_rows(vectors), features * np.float32(NORM_SQUARED**0.5)


def fake_embedder(*, features: bool = True) -> Embedder:
    """Return an embedder with or without feature maps; both give the same vectors."""
    if features:
        return NetworkEmbedder(FAKE, SIDE_PX, DIM, NORM_SQUARED, fake_vectors)
    return from_callable(lambda p: fake_vectors(p)[0], key=FAKE, side_px=SIDE_PX, dim=DIM)


def draw(seed: int, *, low: int = 0, high: int = 255) -> UInt8:
    """Return a smooth random colour image, 24 × 24, the same for the same seed."""
    small = np.random.default_rng(seed).integers(low, high + 1, (4, 4, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((24, 24), Image.Resampling.BILINEAR))


def png(pixels: UInt8) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def lossless(pixels: UInt8) -> bytes:
    """The same pixels as `png` gives, in other bytes."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=0)
    return file.getvalue()


def lighter(pixels: UInt8) -> UInt8:
    return np.clip(pixels.astype(float) * 1.03, 0, 255).astype(np.uint8)


def write_images(folder: Path, count: int, *, first_seed: int = 0, labels: int = 3) -> Path:
    """Write `count` images as <folder>/<label>/<number>.png, labels in turn."""
    for i in range(count):
        path = folder / f"class{i % labels}" / f"{i:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(draw(first_seed + i)))
    return folder


def embed_one(pixels: UInt8) -> Float32:
    """Return the fake vector of one image as a set stores it: from half precision."""
    stored = fake_vectors(stack([pixels], SIDE_PX))[0].astype(np.float16)
    vector: Float32 = stored[0].astype(np.float32)
    return vector


def rows_of(table: Table) -> pa.Table:
    """Return everything a table holds, in its own order."""
    dataset = table.open()
    assert dataset is not None, table.path
    return dataset.to_table().combine_chunks()


def assert_same_set(one: ImageSet, other: ImageSet, embedder: str = FAKE) -> None:
    assert rows_of(one.images).equals(rows_of(other.images))
    assert rows_of(one.embeddings(embedder)).equals(rows_of(other.embeddings(embedder)))
    a, b = one.manifest(), other.manifest()
    for key in ("counts", "typical", "index", "state"):
        assert getattr(a, key) == getattr(b, key), key


def assert_same_run(one: Run, other: Run) -> None:
    for name in ("matches", "quality", "identical", "generated", "values"):
        assert rows_of(one.table(name)).equals(rows_of(other.table(name))), name
    assert one.manifest().totals == other.manifest().totals
    nulls = [run.manifest().null for run in (one, other)]
    assert nulls[0] is not None and nulls[1] is not None
    assert nulls[0].images == nulls[1].images > 0


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file below a folder, by its place there."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(f.relative_to(folder)): sha256(f.read_bytes()).hexdigest() for f in files}


def set_manifest(name: str, **fields: Any) -> SetManifest:  # noqa: ANN401  (any field)
    """Return the manifest of a set without images, with some of its fields."""
    usual: dict[str, Any] = {
        "created": "2026-01-01T00:00:00.000+00:00",
        "ingest": IngestSettings(),
        "embedder": EmbedderEntry(FAKE, "own"),
        "precisions": {FAKE: "own"},
        "sources": (SourceEntry("folder", "/images", "0" * 32),),
        "state": "building",
    }
    return SetManifest(name=name, **{**usual, **fields})


def run_manifest(name: str, training: Part, generated: Part, **fields: Any) -> RunManifest:  # noqa: ANN401
    """Return the manifest of a run of two sets, with some of its fields."""
    usual: dict[str, Any] = {
        "created": "2026-01-01T00:00:00.000+00:00",
        "inputs": Inputs(Matching(distance="none"), Judging(quality="none")),
        "value": ValueSettings(),
        "state": "running",
    }
    return RunManifest(name=name, training=training, generated=generated, **{**usual, **fields})


def change_json(record: ImageSet | Run, **fields: object) -> None:
    """Write other values into a manifest's file, past all that checks them."""
    path = record.folder / "manifest.json"
    write_json(path, {**json.loads(path.read_text(encoding="utf-8")), **fields})


def strict_json(text: str) -> Any:  # noqa: ANN401  (any JSON)
    """Parse exactly one JSON document; NaN and Infinity are no JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    return json.loads(text, parse_constant=refuse)


def shrink_commits(patch: pytest.MonkeyPatch) -> None:
    """Commit every 8 images, of a set and of a run."""
    patch.setattr(filling, "COMMIT_ROWS", 8)
    patch.setattr(filling, "TASK_IMAGES", 4)
    patch.setattr(valuation, "BLOCK", 8)
    patch.setattr(null, "BLOCK", 8)


class OneByOne:
    """Workers of this process, which take batches as they come out of pickling."""

    def __init__(self) -> None:
        self.batches = 0

    def in_order(
        self,
        load: Callable[[], Held],
        work: Callable[[Held, Item], Result],
        items: Iterable[Item],
    ) -> Iterator[Result]:
        held = load()
        for item in items:
            self.batches += 1
            yield pickle.loads(pickle.dumps(work(held, pickle.loads(pickle.dumps(item)))))


def count_opened(patch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each Lance table is opened from now on, by path."""
    import lance

    opened, dataset = Counter[str](), lance.dataset

    def counted(path: str, **given: Any) -> Any:  # noqa: ANN401  (Lance's)
        opened[path] += 1
        return dataset(path, **given)

    patch.setattr(lance, "dataset", counted)
    return opened
