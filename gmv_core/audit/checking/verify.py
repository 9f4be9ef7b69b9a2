"""Check an archive of evidence: offline, without a workspace, and without trust in who made it.

What is checked comes in steps, each a row of the answer. Where the bytes or the signature do not
hold, nothing behind them is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from gmv_core.audit.archive import Altered, Archive, canonical, open_archive
from gmv_core.audit.checking import differences, remeasure
from gmv_core.audit.checking.recount import count_again
from gmv_core.audit.checking.remeasure import ALLOWED, EXAMPLES, Held
from gmv_core.audit.checking.tables import Told, read, told
from gmv_core.audit.keys import hex_of, is_signed, public_key, signature_in
from gmv_core.errors import SourceError
from gmv_core.sources.source import Source
from gmv_core.types import Embedder, Int64, UInt8

# What reading a table raises that holds no such numbers, lists or pictures as it should.
ODD = (pa.ArrowException, LookupError, ValueError, TypeError, AttributeError, ArithmeticError,
       MemoryError, RecursionError, OSError)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One thing that was checked. held: None where it was not checked. said: a sentence.

    files: where files were compared, the names of those that are "missing", "changed" or "extra".
    """

    what: str
    held: bool | None
    said: str
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)


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
        said = told(archive)
        tables = {name: read(archive, name) for name in ("training", "generated")}
        sound = _check(step, differences.sets_differing(said, tables), _of_what(said))
        yield sound
        if sound.held is False:
            return
        step = "credit and values"
        yield from _recounted(archive, said, **tables)
        step = "previews"
        wrong = differences.previews_differing(archive, tables)
        if wrong is not None:
            yield _check(step, wrong, "Each preview has the digest that its image's row has.")
        step = "reviews"
        wrong = differences.reviews_differing(archive, tables)
        if wrong is not None:
            yield _check(step, wrong, "What people reviewed are pairs of these lists.")
        step = "files"
        yield from _images_again(archive, said, tables, against)
    except Altered as problem:
        yield Check(step, False, str(problem))
    except ODD as odd:
        # Digests hold over what nobody else could have written: whoever made it made it wrong.
        yield Check(step, False, f"It holds what cannot be ({type(odd).__name__}: {odd}).")


def _of_what(said: Told) -> str:
    generated, training = (said.run.generated, said.run.training)
    return (
        f"{said.run.name}: {generated.images:,} generated images against {training.images:,} "
        "training images."
    )


def _recounted(
    archive: Archive, said: Told, training: pa.Table, generated: pa.Table
) -> Iterator[Check]:
    counted = count_again(archive, said, training, generated)
    wrong = differences.credit_differing(counted, archive, said, generated, training)
    right = (
        "Credit follows from distances and quality, values from credit, and "
        f"Σφ + unattributed = Σq = {counted.quality.sum():.6g}."
    )
    yield _check("credit and values", wrong, right)
    wrong = differences.standings_differing(counted, archive, said, generated, training)
    right = "Standings follow from the distances of unseen real images."
    if said.run.null is None and not wrong:
        yield Check("standings", None, "The run was held against no unseen real images.")
    else:
        yield _check("standings", wrong, right)
    wrong = differences.shares_differing(counted, archive, training)
    yield _check("shares", wrong, "The shares of owners and labels follow from the values, and "
                 "their intervals from drawing the generated images anew.")  # fmt: skip


def _check(what: str, wrong: list[str], right: str) -> Check:
    return Check(what, not wrong, " ".join(wrong) or right)


def _signature(archive: Archive, against: Against) -> Check:
    stamp = dict(archive.stamp)
    signed = stamp.pop("signed", None)
    if stamp.get("root") != archive.root:
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
    signature, public = signature_in(signed)
    if not signature:
        return Check(
            "signature", False, "Its signature is not in the form in which one is written."
        )
    if not is_signed(canonical(stamp), signature, public):
        return Check("signature", False, "Its signature is not that of this evidence.")
    if against.public is None:
        return Check("signature", None, f"It is signed with the key {public}; whose that is can be "
                     "checked with --public-key.")  # fmt: skip
    if hex_of(public_key(against.public)) != public:
        return Check("signature", False, f"It is signed with another key, {public}.")
    return Check("signature", True, f"It is signed with the key in {against.public.name}.")


def _images_again(
    archive: Archive, said: Told, tables: dict[str, pa.Table], against: Against
) -> Iterator[Check]:
    pairs = remeasure.pairs_to_measure(archive, against.pairs, against.seed)
    wanted = {"generated": np.unique(pairs[0]), "training": np.unique(pairs[1])}
    pictures: dict[str, dict[int, UInt8]] = {}
    for name, table in tables.items():
        sources: Sequence[Source] = getattr(against, name)
        if not sources:
            yield Check(f"{name} files", None, "Their source was not given.")
            pictures[name] = _previews(archive, name, wanted[name], against.pairs)
            continue
        ingest = getattr(said, name).ingest
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
    if not any(member.startswith("tables/previews-") for member in archive.members):
        raise SourceError(
            f"To measure distances anew, the {name} images are needed: give their source, or "
            "evidence that was written with --with-previews."
        )
    return remeasure.previews_in(archive, name, wanted)


def _held(name: str, held: Held) -> Check:
    wrong = []
    for names, what in ((held.missing, "are in no file"), (held.changed, "have other bytes")):
        if names:
            more = ", …" if len(names) > EXAMPLES else ""
            wrong.append(f"{len(names):,} {what} ({', '.join(names[:EXAMPLES])}{more}).")
    right = f"{held.agreeing:,} images have the digests of their files."
    if held.extra:
        right += f" {len(held.extra):,} more files are not in the set."
    files = {"missing": held.missing, "changed": held.changed, "extra": held.extra}
    return replace(_check(f"{name} files", wrong, right), files=files)


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
        "checks": [
            {"what": c.what, "held": c.held, "said": c.said}
            | {kind: list(names) for kind, names in c.files.items()}
            for c in checks
        ],
    }
