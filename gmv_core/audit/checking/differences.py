"""What of an archive of evidence is not what follows from the rest of it, in sentences."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.audit.archive import Archive
from gmv_core.audit.checking.recount import TOLERANCE, Counted, qualities, same
from gmv_core.audit.checking.tables import Told, batches, lists_of, read
from gmv_core.audit.form import GROUPED
from gmv_core.audit.review.judging import VERDICTS
from gmv_core.audit.review.sampling import PAIR
from gmv_core.results.shares import shares_of
from gmv_core.results.totals import totals_of
from gmv_core.sets.describe import counts_of
from gmv_core.settings import CLUSTER, CONVINCING
from gmv_core.store.manifests import Part, SetManifest
from gmv_core.trust.credit import reach_of
from gmv_core.trust.duplicates import clusters_digest
from gmv_core.trust.intervals import value_bounds
from gmv_core.trust.null import LISTS as NEAREST
from gmv_core.trust.standing import Nearest, Null, copied_rows, standings_of
from gmv_core.types import OK, Float64

INTERVALS = 1e-6  # of quantiles, which other versions of scipy may find in another way


def sets_differing(said: Told, tables: dict[str, pa.Table]) -> list[str]:
    """Say where training or generated images are not those of the sets that the run names."""
    wrong = []
    for name, table in tables.items():
        manifest: SetManifest = getattr(said, name)
        part: Part = getattr(said.run, name)
        stamp = getattr(said.run.matching, name)
        if len(table) != part.images:
            wrong.append(f"Its table {name} has {len(table):,} rows, and the run {part.images:,}.")
        if part.name != manifest.name or (stamp is not None and stamp != manifest.stamp):
            wrong.append(f"Its {name} set is not the one of its run.")
        if manifest.counts is not None and manifest.counts != counts_of(table.to_batches()):
            wrong.append(f"Its table {name} has other images than its set counts.")
        if not np.array_equal(table["id"].to_numpy(), np.arange(len(table))):
            wrong.append(f"The rows of its table {name} are not numbered in order.")
        if len(pc.unique(table["name"])) != len(table):
            wrong.append(f"Two images of its table {name} have one name.")
    return wrong or _clusters_differing(said, tables["training"])


def _clusters_differing(said: Told, training: pa.Table) -> list[str]:
    """Say where clusters are not named by their first rows, or are others than the run's."""
    digest, needed = said.run.matching.clusters, said.settings.duplicates == CLUSTER
    if training["cluster"].null_count == len(training) and not needed:
        return []
    of = training["cluster"].to_numpy().astype(float)
    rows = np.arange(len(of))
    if not ((of >= 0) & (of <= rows)).all() or not np.array_equal(of[of.astype(int)], of):
        return ["A cluster of near copies is not named by its first image."]
    fine = training.filter(pc.equal(training["status"], OK))
    of_digest = pa.table({"sha256": fine["sha256"], "cluster": fine["cluster"]})
    if len(of_digest.group_by(["sha256", "cluster"]).aggregate([])) > len(
        pc.unique(fine["sha256"])
    ):
        return ["Images of equal bytes are not in one cluster of near copies."]
    if digest is not None and clusters_digest(of.astype(np.int64)) != digest:
        return ["Its clusters of near copies are not those of its run."]
    return []


def credit_differing(
    counted: Counted, archive: Archive, said: Told, generated: pa.Table, training: pa.Table
) -> list[str]:
    """Say where credit, values and totals are not what follows from the candidate lists."""
    wrong = [f"The {column} of its matches is not what follows from the lists."
             for column in counted.matches_differing]  # fmt: skip
    for column, numbers in counted.of_generated.items():
        if not same(generated[column], numbers.astype(generated[column].type.to_pandas_dtype())):
            wrong.append(
                f"The {column} of its generated images is not what follows from the lists."
            )
    values = read(archive, "values").to_pandas()
    ids = np.flatnonzero(np.array(pc.equal(training["status"], OK)))
    if not np.array_equal(values["id"], ids):
        return [*wrong, "Its values are not those of its training images, each once, in order."]
    for column in ("value", "times_contributor", "times_candidate"):
        if not same(values[column], getattr(counted.values, column)[ids]):
            wrong.append(f"The {column} of its values is not what follows from the matches.")
    bounds = value_bounds(counted.credits.training, counted.credits.value, len(training))
    for column, bound in zip(("value_low", "value_high"), bounds, strict=True):
        if not np.allclose(values[column], bound[ids], rtol=INTERVALS, atol=INTERVALS * TOLERANCE):
            wrong.append(f"The {column} of its values is not what follows from the matches.")
    left = counted.of_generated["unattributed"].sum()
    total = counted.values.value.sum() + left - counted.quality.sum()
    if abs(total) > TOLERANCE * max(len(counted.quality), 1):
        wrong.append("Σφ + unattributed is not Σq.")
    return wrong + _totals_differing(counted, said, generated, len(ids))


def _totals_differing(counted: Counted, said: Told, generated: pa.Table, kept: int) -> list[str]:
    rows = pa.table({**counted.of_generated, "quality": qualities(generated)})
    counts = msgspec.structs.asdict(totals_of(counted.values, rows, kept))
    stored = msgspec.structs.asdict(said.run.totals) if said.run.totals else {}
    wrong = [name for name in counts if not same(stored.get(name, np.nan), counts[name])]
    return [f"The totals of its run are others ({', '.join(wrong)})."] if wrong else []


def standings_differing(
    counted: Counted, archive: Archive, said: Told, generated: pa.Table, training: pa.Table
) -> list[str]:
    """Say where standings, or the reach of convincing matches, do not follow from the null."""
    columns = ("standing", "p_copy", "p_far", "nearer_than")
    if said.run.null is None:
        told = [c for c in columns[1:] if np.isfinite(generated[c].to_numpy()).any()]
        told += [c for c in ("standing", "copy_of") if any(generated[c].to_pylist())]
        if told or np.isfinite(said.reach):
            return ["It says how images stand, and has nothing to hold them against."]
        return ["It needs a null and has none."] if said.settings.credit == CONVINCING else []
    stored = read(archive, "null")
    nearest = Nearest(*(lists_of(stored[column]) for column in NEAREST))
    if len(stored) != said.run.null.images or nearest.distance.shape != nearest.embedding.shape:
        return [f"Its null has {len(stored):,} images, and its run {said.run.null.images:,}."]
    wrong, null = [], Null(nearest, said.run.null.kind)
    reach = reach_of(null)
    if not same(said.reach, reach):
        wrong.append(f"The reach of convincing matches is {said.reach}, and {reach} by its null.")
    found = standings_of(counted.nearest, null)
    for column in columns:
        if not same(generated[column], pa.chunked_array([getattr(found, column)])):
            wrong.append(f"The {column} of its generated images is not what follows from the null.")
    rows = copied_rows(found, counted.first)
    of = np.where(rows >= 0, training["name"].to_numpy()[rows], "")
    if generated["copy_of"].to_pylist() != of.tolist():
        wrong.append("The copy_of of its generated images is not what follows from the lists.")
    return wrong


def shares_differing(counted: Counted, archive: Archive, training: pa.Table) -> list[str]:
    """Say where the shares are not what follows from the values, their intervals drawn anew."""
    stored = read(archive, "shares").to_pandas()
    ids = np.flatnonzero(np.array(pc.equal(training["status"], OK)))
    values = pd.DataFrame({"id": ids, "value": counted.values.value[ids]})
    wrong = [] if set(stored["by"]) <= set(GROUPED) else ["It has shares by more columns."]
    for by in GROUPED:
        groups = np.array([text or "" for text in training[by].take(ids).to_pylist()], object)
        due = shares_of(values, groups, counted.credits).set_index("group")
        told = stored[stored["by"] == by].set_index("group")
        if set(told.index) != set(due.index) or not told.index.is_unique:
            wrong.append(f"Its shares by {by} are of other {by}s than its training images.")
            continue
        due = due.reindex(told.index)
        # Rounded up: the order of sums can show in it.
        needed = (due.pop("images_needed") - told["images_needed"]).abs().max() > 1
        differing = [c for c in due.columns if not same(told[c], due[c])]
        wrong += [f"The {column} by {by} is not what follows from the values."
                  for column in [*differing, *(["images_needed"] if needed else [])]]  # fmt: skip
    return wrong


def previews_differing(archive: Archive, tables: dict[str, pa.Table]) -> list[str] | None:
    """Say where stored previews have not the digests of their images; None if none are stored."""
    if not any(member.startswith("tables/previews-") for member in archive.members):
        return None
    wrong = []
    for name, table in tables.items():
        digests, done = table["preview_sha256"], 0
        for file in batches(archive, f"previews-{name}"):
            found = [sha256(p).hexdigest() if p else "" for p in file["preview"].to_pylist()]
            rows = np.arange(done, done + len(file))
            if not np.array_equal(file["id"].to_numpy(), rows) or (
                digests.slice(done, len(file)).to_pylist() != found
            ):
                wrong.append(f"A preview of its {name} images is not the one of its digest.")
                break
            done += len(file)
        else:
            if done != len(table):
                wrong.append(f"It has {done:,} previews of its {len(table):,} {name} images.")
    return wrong


def reviews_differing(archive: Archive, tables: dict[str, pa.Table]) -> list[str] | None:
    """Say where reviewed pairs are not of these images and lists; None if nothing was reviewed."""
    if not any(member.startswith("tables/reviews/") for member in archive.members):
        return None
    reviews = read(archive, "reviews").to_pandas()
    rows = {kind: pd.Series(np.arange(len(t)), t["name"].to_pylist()) for kind, t in tables.items()}
    at = {kind: rows[kind].reindex(reviews[kind]).to_numpy() for kind in rows}
    given = reviews["generated"].notna().to_numpy()
    if np.isnan(at["training"]).any() or np.isnan(at["generated"][given]).any():
        return ["Its reviews show images that it has not."]
    known = tables["training"].take(at["training"].astype(np.int64))
    wrong = [
        f"The {column} of its reviewed images is another than in its training set."
        for column in GROUPED
        if [v or "" for v in known[column].to_pylist()] != list(reviews[column].fillna(""))
    ]
    pairs = (reviews["kind"] == PAIR).to_numpy()
    found = _distances(archive, at["generated"][pairs], at["training"][pairs])
    if not same(reviews["distance"].to_numpy(float)[pairs], found):
        wrong.append("The distance of its reviewed pairs is not what the lists say.")
    judged = reviews[reviews["reviewer"].notna()]
    if not set(judged["verdict"]) <= set(VERDICTS):
        wrong.append("A verdict of its reviews is none.")
    standing = judged[judged["undone"].isna()]
    if standing.duplicated(["review", "place", "reviewer"]).any():
        wrong.append("A reviewer judged a pair twice.")
    return wrong


def _distances(archive: Archive, generated: Float64, training: Float64) -> Float64:
    """Return the stored distance of pairs of rows, nan where the lists have not the pair."""
    found = np.full(len(generated), np.nan)
    for table in batches(archive, "candidates"):
        first = int(table["id"][0].as_py()) if len(table) else 0
        here = np.flatnonzero((generated >= first) & (generated < first + len(table)))
        lists, distance = lists_of(table["candidates"]), lists_of(table["distance"])
        rows = generated[here].astype(np.int64) - first
        hit = lists[rows] == training[here, None]
        if len(here):
            found[here] = np.where(hit.any(axis=1), distance[rows, hit.argmax(axis=1)], np.nan)
    return found
