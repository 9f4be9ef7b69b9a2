"""What an archive of evidence says of files and distances, held against the images themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gmv_core.audit.archive import Archive
from gmv_core.audit.checking.tables import Told, batches, lists_of
from gmv_core.images.decode import decode, pixels_of
from gmv_core.matching.matcher import embed_previews
from gmv_core.models.choice import reload_embedder
from gmv_core.settings import IngestSettings
from gmv_core.sources.source import Source, storable
from gmv_core.types import OK, Embedder, Float32, Int64, UInt8

ALLOWED = 0.02  # between a stored distance and one measured anew: vectors are stored in 16 bits
EXAMPLES = 3
PREVIEW = IngestSettings(max_pixels=1 << 24)


@dataclass(frozen=True)
class Held:
    """How files agree with the digests of a set: how many do, and the names that do not.

    missing: images that no file has. changed: files of an image's name with other bytes.
    extra: files that the set has not; these change nothing. pictures: row → pixels, of those asked.
    """

    agreeing: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    extra: tuple[str, ...]
    pictures: dict[int, UInt8]


def hold_against(
    sources: Sequence[Source], images: pa.Table, ingest: IngestSettings, wanted: Int64
) -> Held:
    """Read sources to their end and hold each file's SHA-256 against those of a set's table.

    wanted: rows whose pixels are kept.
    """
    digests = np.array(images["sha256"].to_pylist(), object)
    names = images["name"].to_pylist()
    row_of = {name: row for row, name in enumerate(names)}
    rows_with: dict[str, list[int]] = {}
    for row, digest in enumerate(digests):
        if digest:
            rows_with.setdefault(digest, []).append(row)
    asked = {digests[row]: row for row in wanted}
    seen, changed, extra = set[str](), list[str](), list[str]()
    pictures: dict[int, UInt8] = {}
    for source in sources:
        for image in source.read():
            if image.error:
                continue
            decoded = decode(image.data, ingest)
            if decoded.sha256 in rows_with:
                seen.add(decoded.sha256)
                if decoded.sha256 in asked and decoded.pixels is not None:
                    for row in rows_with[decoded.sha256]:
                        pictures[row] = decoded.pixels
            elif storable(image.name) in row_of:
                changed.append(image.name)
            else:
                extra.append(image.name)
    unseen = [row for digest, rows in rows_with.items() if digest not in seen for row in rows]
    missing = tuple(names[row] for row in unseen if names[row] not in changed)
    agreeing = sum(len(rows) for digest, rows in rows_with.items() if digest in seen)
    return Held(agreeing, missing, tuple(changed), tuple(extra), pictures)


def pairs_to_measure(archive: Archive, count: int, seed: int) -> tuple[Int64, Int64, Float32]:
    """Draw candidates of the archive's lists: generated and training rows, stored distances."""
    rng, kept = np.random.default_rng(seed), list[tuple[Int64, Int64, Float32]]()
    tables = list(batches(archive, "candidates"))
    share = -(-count // max(len(tables), 1))
    for table in tables:
        candidates, distance = lists_of(table["candidates"]), lists_of(table["recall_distance"])
        j, i = np.nonzero((candidates >= 0) & np.isfinite(distance))
        some = rng.choice(len(j), min(share, len(j)), replace=False)
        rows = table["id"].to_numpy()[j[some]]
        kept.append((rows, candidates[j[some], i[some]], distance[j[some], i[some]]))
    if not kept:
        empty = np.zeros(0, np.int64)
        return empty, empty, empty.astype(np.float32)
    joined = [np.concatenate([part[k] for part in kept])[:count] for k in range(3)]
    return joined[0], joined[1], joined[2]


def previews_in(archive: Archive, name: str, wanted: Int64) -> dict[int, UInt8]:
    """Return the pixels of rows whose previews lie in the archive."""
    asked, found = set(wanted.tolist()), dict[int, UInt8]()
    for table in batches(archive, f"previews-{name}"):
        for row, preview in zip(table["id"].to_pylist(), table["preview"].to_pylist(), strict=True):
            # Measured before: a picture of a few bytes can ask for gigabytes.
            if row in asked and preview and decode(preview, PREVIEW).status == OK:
                found[row] = pixels_of(preview)
    return found


def measured_again(
    said: Told,
    pairs: tuple[Int64, Int64, Float32],
    generated: dict[int, UInt8],
    training: dict[int, UInt8],
    given: Embedder | None,
) -> Float32:
    """Embed the pictures of pairs and return how far each distance is from the stored one.

    nan where a picture is missing. given: the embedder, where it came from Python.
    """
    matching = said.run.matching
    embedder = reload_embedder(matching.embedder, matching.precision, given)
    rows, others, stored = pairs
    vectors = [
        _vectors(embedder, found, np.unique(which))
        for found, which in ((generated, rows), (training, others))
    ]
    off = np.full(len(stored), np.nan, np.float32)
    for place, (j, i) in enumerate(zip(rows, others, strict=True)):
        if j in vectors[0] and i in vectors[1]:
            distance = np.linalg.norm(vectors[0][j] - vectors[1][i])
            off[place] = abs(float(distance) - float(stored[place]))
    return off


def _vectors(embedder: Embedder, found: dict[int, UInt8], rows: Int64) -> dict[int, Float32]:
    there = [int(row) for row in rows if int(row) in found]
    if not there:
        return {}
    return dict(zip(there, embed_previews(embedder, [found[row] for row in there])[0], strict=True))
