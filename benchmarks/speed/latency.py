"""One dropped image against a built set of 50,000, everything loaded: the parts in milliseconds.

Beside it the authors' way: at each request the quantizer (IVF256, 8 bytes) is trained on the same
vectors, filled and searched. The dropped image is a training image mirrored and encoded anew.

    python -m benchmarks.speed.latency --workspace WORKSPACE --json
"""

from __future__ import annotations

import io
import statistics
import time
from dataclasses import dataclass, replace

import faiss
import numpy as np
from PIL import Image

from benchmarks.kit.datasets import BuiltSet, cifar_set, workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table, seconds_of
from gmv_core import IngestSettings, MatchSettings, ValueSettings
from gmv_core.images.decode import decode
from gmv_core.matching.loading import load_matcher
from gmv_core.matching.matcher import Matcher
from gmv_core.matching.thumbnails import ensure_thumbnails
from gmv_core.method.recall import Neighbours
from gmv_core.method.value import add_values, hand_out, no_values
from gmv_core.types import Float32

CANDIDATES = 100


@dataclass(frozen=True)
class Found:
    """An index that has been searched already, so that re-ranking can be timed alone."""

    rows: int
    neighbours: Neighbours

    def __len__(self) -> int:
        return self.rows

    def search(self, _: Float32, k: int) -> Neighbours:
        return self.neighbours


def dropped(made: BuiltSet, row: int) -> bytes:
    """Return a new JPEG."""
    mirrored = Image.fromarray(made.previews(np.array([row]))[0][:, ::-1])
    file = io.BytesIO()
    mirrored.save(file, "JPEG", quality=90)
    return file.getvalue()


def parts_of(data: bytes, matcher: Matcher, vectors: int) -> dict[str, float]:
    """Attribute one image and return the milliseconds of each part."""
    marks = [time.perf_counter()]
    pixels = decode(data, IngestSettings()).pixels
    if pixels is None:
        raise ValueError("the dropped image could not be decoded")
    vector, features = matcher.embed([pixels])
    marks.append(time.perf_counter())
    found = matcher.index.search(vector, CANDIDATES)
    marks.append(time.perf_counter())
    searched = replace(matcher, index=Found(len(matcher.index), found))
    matches = searched.match(vector, features, [pixels])
    marks.append(time.perf_counter())
    quality = matcher.quality(vector, [pixels], np.array([0]))
    marks.append(time.perf_counter())
    handed = hand_out(matches.candidates, matches.distance, quality, ValueSettings())
    add_values(no_values(vectors), matches.candidates, handed)
    marks.append(time.perf_counter())
    names = ("decode + embed", "recall", "re-rank", "quality", "value")
    return dict(zip(names, 1000 * np.diff(marks), strict=True))


def authors_way(vectors: Float32) -> None:
    """Train, fill and search the quantizer, as the published code does for a request."""
    index = faiss.index_factory(vectors.shape[1], "IVF256,PQ8x8")
    index.train(vectors)
    index.add(vectors)
    index.search(vectors[:1], CANDIDATES)


def main() -> None:
    """Measure, print the table and the figures."""
    options = parser(__doc__ or "").parse_args()
    times = 3 if options.quick else 20
    with workspace_of(options) as workspace:
        made = cifar_set(options, workspace, 1000 if options.quick else 50_000)
        manifest = made.training.manifest()
        ensure_thumbnails(made.training)
        matcher = load_matcher(
            made.training, manifest, settings=MatchSettings(CANDIDATES, "features", "realism"),
            value=ValueSettings(), side_px=32,
        )  # fmt: skip
        n = len(made.vectors)
        chosen = np.random.default_rng(options.seed).integers(0, n, times + 2)
        taken = [parts_of(dropped(made, int(row)), matcher, n) for row in chosen][2:]
        theirs = statistics.median(
            seconds_of(lambda: authors_way(made.vectors)) for _ in range(1 if options.quick else 3)
        )
    parts = {part: statistics.median(t[part] for t in taken) for part in taken[0]}
    parts["together"] = statistics.median(sum(t.values()) for t in taken)
    rows: list[Row] = [{"part": part, "ms": round(ms, 2)} for part, ms in parts.items()]
    rows.append({"part": "authors' way: train, fill, search (recall only)",
                 "ms": round(1000 * theirs)})  # fmt: skip
    print_table(f"One dropped image against {n:,}, median of {times}", rows)
    finish(options, "latency", {"images": n, "rows": rows})


if __name__ == "__main__":
    main()
