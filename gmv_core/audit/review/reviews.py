"""Reviews: pairs of a run that people judge one by one, blind, and what they decided.

A review is drawn once (sampling.py) and kept whole in reviews.sqlite, with the names, ranks and
distances of its pairs: its results can be read when the run is gone. Who judges sees two pictures
and nothing else. A verdict that was undone is kept, too, with the time it was undone.

    review = make_review(workspace, "run", settings=ReviewSettings(pairs=60))
    join_review(workspace, review.id, "Ada")
    while (pair := next_pair(workspace, review.id, "Ada")) is not None:
        decide(workspace, review.id, "Ada", pair.place, "yes")

Everything that writes goes through `database.writing`.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from hashlib import sha256

import msgspec
import numpy as np
import pyarrow as pa

from gmv_core.audit.review import sampling
from gmv_core.audit.review.database import reading, writing
from gmv_core.audit.review.sampling import PAIR, ReviewSettings
from gmv_core.errors import WorkspaceError
from gmv_core.results.opening import open_run
from gmv_core.results.result import Result
from gmv_core.settings import ValueSettings
from gmv_core.store.access import Right
from gmv_core.store.files import now
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import ImageSet, Workspace

BAND_EDGES = (0.25, 0.5, 0.75)  # quantiles of all pairs' distances, between the distance bands


class Stratum(msgspec.Struct, frozen=True):
    """Ranks first…last of the generated images of a standing ("": of all). pairs: how many."""

    first: int
    last: int
    standing: str
    pairs: int


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """What a review was drawn from. stamp: digest of what the run was matched from.

    reach: the distance up to which a match is convincing by the run's null, None without one.
    edges: between the distance bands.
    """

    settings: ReviewSettings
    reading: ValueSettings
    stamp: str
    strata: tuple[Stratum, ...]
    reach: float | None
    edges: tuple[float, ...]


@dataclass(frozen=True)
class Review:
    """A review as it was drawn. places: its pairs with its controls."""

    id: str
    run: str
    created: str
    design: Design
    places: int


def make_review(
    workspace: Workspace,
    run: str,
    *,
    settings: ReviewSettings | None = None,
    reading: ValueSettings | None = None,
) -> Review:
    """Draw a review of a finished run and keep it. reading: how the run is read, else its own way.

    Raises WorkspaceError for a run that cannot be read, SettingsError for a design that does not
    fit it.
    """
    settings = settings or ReviewSettings()
    result = open_run(workspace, run, settings=reading)
    whole = sampling.population(result, settings.strata)
    sample = sampling.draw(whole, settings)
    reach = result.basis.reach
    design = Design(
        settings=settings,
        reading=result.settings,
        stamp=_stamp(result.manifest),
        strata=tuple(
            Stratum(*name, int(size)) for name, size in zip(whole.names, whole.sizes, strict=True)
        ),
        reach=float(reach) if np.isfinite(reach) else None,
        edges=tuple(float(edge) for edge in np.quantile(whole.distance, BAND_EDGES)),
    )
    rows = _rows(result, whole, sample, settings.seed)
    with writing(workspace, Right.EDIT, "making a review", new=True) as db:
        id, created = _free_id(db, run), now()
        text = msgspec.json.encode(design).decode()
        db.execute("INSERT INTO reviews VALUES (?, ?, ?, ?)", (id, run, created, text))
        holes = ", ".join("?" * (1 + len(rows[0])))
        db.executemany(f"INSERT INTO pairs VALUES ({holes})", [(id, *row) for row in rows])
    return Review(id, run, created, design, len(rows))


def _stamp(manifest: RunManifest) -> str:
    parts = (manifest.matching, manifest.training, manifest.generated)
    return sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:16]


def _free_id(db: sqlite3.Connection, run: str) -> str:
    taken = {row[0] for row in db.execute("SELECT id FROM reviews WHERE run = ?", (run,))}
    return next(f"{run}-{i}" for i in range(1, len(taken) + 2) if f"{run}-{i}" not in taken)


def _rows(
    result: Result, whole: sampling.Population, sample: sampling.Sample, seed: int
) -> list[tuple[object, ...]]:
    """Return the rows of the table of pairs, in order, from the column place on."""
    n = len(sample.of)
    generated, training = np.full(n, -1), np.full(n, -1)
    of_run = sample.kind == PAIR
    generated[of_run] = whole.generated[sample.of[of_run]]
    training[of_run] = whole.training[sample.of[of_run]]
    random = np.flatnonzero(sample.kind == sampling.RANDOM)
    for place, (made, known) in zip(
        random, sampling.strangers(result, len(random), seed), strict=True
    ):
        generated[place], training[place] = made, known
    copies = np.flatnonzero(sample.kind == sampling.COPY)
    training[copies] = sampling.known_rows(result, len(copies), seed)
    about = result.training.images.take(training, ["name", "label", "owner"]).to_pylist()
    names = iter(_names(result.generated, generated[generated >= 0]))
    rows: list[tuple[object, ...]] = []
    for i in range(n):
        at, own, known = sample.of[i], bool(of_run[i]), about[i]
        rows.append((
            i, str(sample.kind[i]), int(whole.stratum[at]) if own else None,
            int(sample.seat[i]) if sample.seat[i] >= 0 else None, bool(sample.swapped[i]),
            int(generated[i]) if generated[i] >= 0 else None,
            next(names) if generated[i] >= 0 else None,
            int(training[i]), known["name"], int(whole.rank[at]) if own else None,
            float(whole.distance[at]) if own else None, str(whole.standing[at]) if own else None,
            known["label"] or "", known["owner"] or "",
        ))  # fmt: skip
    return rows


def _names(images: ImageSet, rows: np.ndarray) -> list[str]:
    names: list[str] = images.images.take(rows, ["name"])["name"].to_pylist() if len(rows) else []
    return names


def list_reviews(workspace: Workspace, run: str | None = None) -> list[Review]:
    """Return the reviews of a workspace, or of one run, the newest first; of deleted runs, too."""
    with reading(workspace) as db:
        return [] if db is None else _of_run(db, run)


def open_review(workspace: Workspace, id: str) -> Review:
    """Return a review; raise WorkspaceError where there is none of that id."""
    with reading(workspace) as db:
        if db is not None:
            return review_in(db, id)
    raise _missing(id)


def _of_run(db: sqlite3.Connection, run: str | None) -> list[Review]:
    found = db.execute(_REVIEWS + " ORDER BY created DESC, rowid DESC").fetchall()
    return [_review(row) for row in found if run in (None, row["run"])]


_REVIEWS = "SELECT *, (SELECT COUNT(*) FROM pairs WHERE review = id) AS places FROM reviews"


def review_in(db: sqlite3.Connection, id: str) -> Review:
    """Return a review, read in a block that is open."""
    row = db.execute(_REVIEWS + " WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise _missing(id)
    return _review(row)


def _review(row: sqlite3.Row) -> Review:
    try:
        design = msgspec.json.decode(row["design"], type=Design)
    except msgspec.MsgspecError as error:
        raise WorkspaceError(
            f"The design of the review {row['id']!r} cannot be read ({error}); it was written by "
            "another version, or is damaged."
        ) from error
    return Review(row["id"], row["run"], row["created"], design, row["places"])


def _missing(id: str) -> WorkspaceError:
    return WorkspaceError(
        f"There is no review {id!r} in this workspace; `gmv review list` shows what there is."
    )


def run_of(workspace: Workspace, review: Review) -> Result:
    """Open the run that a review was drawn from, as it was read then.

    Raises WorkspaceError where it is gone, or was matched anew: ranks and pictures may be others.
    """
    result = open_run(workspace, review.run, settings=review.design.reading)
    if _stamp(result.manifest) != review.design.stamp:
        raise WorkspaceError(
            f"The run {review.run!r} was matched anew since the review {review.id!r} was drawn; "
            "its verdicts and results are kept, for more verdicts make another review."
        )
    return result


def delete_review(workspace: Workspace, id: str) -> None:
    """Delete a review with all its verdicts, for good."""
    with writing(workspace, Right.EDIT, "deleting a review") as db:
        review_in(db, id)
        db.execute("DELETE FROM reviews WHERE id = ?", (id,))


def kept_sentence(workspace: Workspace, run: str) -> str:
    """Say what becomes of a run's reviews when it is deleted, "" where it has none.

    They are kept: a person's work, and what an audit rests on, is not deleted by the way, and the
    results need nothing of the run.
    """
    ids = [review.id for review in list_reviews(workspace, run)]
    if not ids:
        return ""
    kept = f"review {ids[0]} is" if len(ids) == 1 else f"{len(ids)} reviews of it are"
    return f"The {kept} kept, with all verdicts; `gmv review delete` deletes a review."


REVIEW_COLUMNS = pa.schema([
    ("review", pa.string()), ("created", pa.string()), ("place", pa.int64()),
    ("kind", pa.string()), ("stratum", pa.int64()), ("pairs_in_stratum", pa.int64()),
    ("generated", pa.string()), ("training", pa.string()), ("rank", pa.int64()),
    ("distance", pa.float64()), ("standing", pa.string()), ("label", pa.string()),
    ("owner", pa.string()), ("reviewer", pa.string()), ("verdict", pa.string()),
    ("note", pa.string()), ("decided", pa.string()), ("undone", pa.string()),
    ("seconds", pa.float64()),
])  # fmt: skip


def reviews_table(workspace: Workspace, run: str) -> pa.Table:
    """Return all reviews of a run as REVIEW_COLUMNS: a row a verdict, undone ones, too.

    A pair that nobody judged has one row without a reviewer. In the order of review, place and
    time; kind is one of sampling's PAIR, RANDOM and COPY, the latter two without a stratum.
    """
    rows: list[dict[str, object]] = []
    with reading(workspace) as db:
        if db is not None:
            for review in reversed(_of_run(db, run)):
                rows += judged_rows(db, review)
    return pa.Table.from_pylist(rows, schema=REVIEW_COLUMNS)


def judged_rows(db: sqlite3.Connection, review: Review) -> list[dict[str, object]]:
    """Return the rows of one review for `reviews_table`, read in a block that is open."""
    found = db.execute(
        "SELECT pairs.*, reviewer, verdict, note, decided, undone, seconds FROM pairs LEFT JOIN "
        "verdicts ON verdicts.review = pairs.review AND verdicts.place = pairs.place "
        "WHERE pairs.review = ? ORDER BY pairs.place, verdicts.id",
        (review.id,),
    )
    sizes = [stratum.pairs for stratum in review.design.strata]
    return [
        {
            **row,
            "created": review.created,
            "pairs_in_stratum": None if row["stratum"] is None else sizes[row["stratum"]],
        }
        for row in map(dict, found)
    ]
