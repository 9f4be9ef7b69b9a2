"""Check an archive of evidence: offline, without a workspace, and without trust in who made it.

What is checked comes in steps, each a row of the answer. Where the bytes or the signature do not
hold, nothing behind them is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from gmv_core.audit import recount, remeasure
from gmv_core.audit.archive import Altered, Archive, canonical, open_archive
from gmv_core.audit.keys import hex_of, is_signed, public_key
from gmv_core.audit.recount import Told
from gmv_core.audit.remeasure import ALLOWED, EXAMPLES, Held
from gmv_core.errors import SourceError
from gmv_core.settings import IngestSettings
from gmv_core.sources.source import Source
from gmv_core.types import Embedder, Int64, UInt8


@dataclass(frozen=True)
class Check:
    """One thing that was checked. held: None where it was not checked. said: a sentence."""

    what: str
    held: bool | None
    said: str


@dataclass(frozen=True)
class Against:
    """What an archive is held against, besides itself.

    public: the file of the public key that must have signed it. root: that it must have. training,
    generated: the sources of its images. pairs: how many distances are measured anew. embedder:
    where it came from Python. seed: which pairs.
    """

    public: Path | None = None
    root: str = ""
    training: Sequence[Source] = ()
    generated: Sequence[Source] = ()
    pairs: int = 0
    embedder: Embedder | None = None
    seed: int = 0


def verify(path: Path, against: Against | None = None) -> list[Check]:
    """Check an archive and return what was checked, in order; it holds if no check has held False.

    Raises SourceError where there is no such file, a key cannot be read, or pictures are missing
    that `against.pairs` needs.
    """
    return list(_checks(path, against or Against()))


def _checks(path: Path, against: Against) -> Iterator[Check]:
    step = "bytes"
    try:
        archive = open_archive(path)
        yield Check(step, True, f"Each of its {len(archive.members) + 2} files is as it was "
                    f"written; the root of their digests is {archive.root}.")  # fmt: skip
        step = "signature"
        sealed = _signature(archive, against)
        yield sealed
        if sealed.held is False:
            return
        step = "tables"
        said = recount.told(archive)
        training, generated = (_images(archive, said, name) for name in ("training", "generated"))
        yield Check(step, True, f"{said.run.name}: {len(generated):,} generated images against "
                    f"{len(training):,} training images.")  # fmt: skip
        step = "credit and values"
        counted = recount.count_again(archive, said, training, generated)
        wrong = recount.differing(counted, archive, generated)
        wrong += recount.reach_differing(archive, said)
        yield _check(step, wrong, "Credit follows from distances and quality, values from credit, "
                     f"and Σφ + unattributed = Σq = {counted.quality.sum():.6g}.")  # fmt: skip
        step = "shares"
        wrong = recount.shares_differing(archive, training)
        yield _check(step, wrong, "The shares of owners and labels follow from the values.")
        step = "files"
        yield from _images_again(archive, said, training, generated, against)
    except Altered as problem:
        yield Check(step, False, str(problem))
    except (pa.ArrowException, KeyError, ValueError, TypeError, AttributeError, IndexError) as odd:
        # Digests hold over what nobody else could have written: whoever made it made it wrong.
        yield Check(step, False, f"It holds what cannot be ({type(odd).__name__}: {odd}).")


def _check(what: str, wrong: list[str], right: str) -> Check:
    return Check(what, not wrong, " ".join(wrong) or right)


def _signature(archive: Archive, against: Against) -> Check:
    told = dict(archive.stamp)
    signed = told.pop("signed", None)
    if told.get("root") != archive.root:
        return Check("signature", False, "Its stamp is that of other evidence: the roots differ.")
    if against.root and against.root.strip().lower() != archive.root:
        return Check("signature", False, f"Its root is not {against.root}.")
    if signed is None:
        if against.public is not None:
            return Check("signature", False, "It is not signed.")
        if against.root:
            return Check("signature", True, "It is not signed; it has the root that was given.")
        return Check("signature", None, "It is not signed: whoever changes it can make it whole "
                     "again. Hold its root against one from elsewhere with --root.")  # fmt: skip
    if not isinstance(signed, dict) or set(signed) != {"ed25519", "public_key"}:
        return Check(
            "signature", False, "Its signature is not in the form in which one is written."
        )
    signature, public = str(signed["ed25519"]), str(signed["public_key"])
    if not is_signed(canonical(told), signature, public):
        return Check("signature", False, "Its signature is not that of this evidence.")
    if against.public is None:
        return Check("signature", None, f"It is signed with the key {public}; whose that is can be "
                     "checked with --public-key.")  # fmt: skip
    if hex_of(public_key(against.public)) != public:
        return Check("signature", False, f"It is signed with another key, {public}.")
    return Check("signature", True, f"It is signed with the key in {against.public.name}.")


def _images(archive: Archive, said: Told, name: str) -> pa.Table:
    table = recount.read(archive, name)
    part = getattr(said.run, name)
    if len(table) != part.images:
        raise Altered(f"Its table {name} has {len(table):,} rows, and the run {part.images:,}.")
    return table


def _images_again(
    archive: Archive, said: Told, training: pa.Table, generated: pa.Table, against: Against
) -> Iterator[Check]:
    pairs = remeasure.pairs_to_measure(archive, against.pairs, against.seed)
    wanted = {"generated": np.unique(pairs[0]), "training": np.unique(pairs[1])}
    pictures: dict[str, dict[int, UInt8]] = {}
    for name, table, sources in (
        ("training", training, against.training), ("generated", generated, against.generated)
    ):  # fmt: skip
        if not sources:
            yield Check(f"{name} files", None, "Their source was not given.")
            pictures[name] = _previews(archive, name, wanted[name], against.pairs)
            continue
        ingest = msgspec.convert(said.document[name]["ingest"], IngestSettings)
        held = remeasure.hold_against(sources, table, ingest, wanted[name])
        pictures[name] = held.pictures
        yield _held(name, held)
    if not against.pairs:
        yield Check("distances", None, "None was measured anew; --recompute N does.")
        return
    off = remeasure.measured_again(
        said, pairs, pictures["generated"], pictures["training"], against.embedder
    )
    yield _distances(off)


def _previews(archive: Archive, name: str, wanted: Int64, pairs: int) -> dict[int, UInt8]:
    if not pairs:
        return {}
    found = remeasure.previews_in(archive, name, wanted)
    if not found:
        raise SourceError(
            f"To measure distances anew, the {name} images are needed: give their source, or "
            "evidence that was written with --with-previews."
        )
    return found


def _held(name: str, held: Held) -> Check:
    wrong = []
    for names, what in ((held.missing, "are in no file"), (held.changed, "have other bytes")):
        if names:
            more = ", …" if len(names) > EXAMPLES else ""
            wrong.append(f"{len(names):,} {what} ({', '.join(names[:EXAMPLES])}{more}).")
    right = f"{held.agreeing:,} images have the digests of their files."
    if held.extra:
        right += f" {len(held.extra):,} more files are not in the set."
    return _check(f"{name} files", wrong, right)


def _distances(off: np.ndarray) -> Check:
    missing, most = int(np.isnan(off).sum()), float(np.nanmax(off, initial=0.0))
    wrong = []
    if missing:
        wrong.append(f"{missing:,} of {len(off):,} pairs had no picture to measure.")
    if most > ALLOWED:
        wrong.append(f"A distance differs by {most:.3g}, where {ALLOWED} is allowed.")
    return _check("distances", wrong, f"{len(off):,} distances between embeddings, measured anew, "
                  f"differ by at most {most:.2g} ({ALLOWED} is allowed).")  # fmt: skip


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """Return the checks as plain JSON values."""
    return {
        "holds": all(check.held is not False for check in checks),
        "checks": [{"what": c.what, "held": c.held, "said": c.said} for c in checks],
    }
