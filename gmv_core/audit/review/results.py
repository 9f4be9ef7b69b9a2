"""What a review comes to: precision by rank, parts, controls, agreement, and where yes ends.

All from reviews.sqlite, so that it can be read when the run is gone. A pair counts as yes, 1, or
not, 0: an unsure verdict is not a yes, and its share is told. Where several judged a pair, it
counts as the share of them who said yes. Controls count in nothing but their own table; they are
easy on both sides, so no precision is corrected by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from gmv_core.audit.review.database import reading
from gmv_core.audit.review.judging import NO, UNSURE, VERDICTS, YES
from gmv_core.audit.review.people import EVERYONE, Reviewer, find_reviewer, reviewers
from gmv_core.audit.review.reviews import Review, Stratum, judged_rows, open_review
from gmv_core.audit.review.sampling import COPY, DEPTHS, PAIR, RANDOM
from gmv_core.errors import unknown_choice
from gmv_core.measures.half_point import HalfPoint, half_point
from gmv_core.measures.kappa import cohen_kappa
from gmv_core.measures.stratified import Share, stratified_share, weighted_share, wilson
from gmv_core.store.workspace import Workspace
from gmv_core.types import Float64, Int64
from gmv_core.words import number

PARTS = ("label", "owner", "standing", "distance")
EXPECTED = {RANDOM: NO, COPY: YES}


@dataclass(frozen=True)
class ReviewResults:
    """precision: reviewer, k, share, low, high, unsure, pairs; EVERYONE first.

    parts: for each of PARTS a table of its parts, at the largest k. controls: reviewer, control,
    expected, passed, of, share, low, high. agreement: first, second, pairs, share, kappa, low,
    high. disagreements: place, the names of both images and each reviewer's verdict and note. half:
    where half of the verdicts are yes; reach: up to where a match is convincing by the null.
    """

    review: Review
    reviewers: tuple[Reviewer, ...]
    precision: pd.DataFrame
    parts: dict[str, pd.DataFrame]
    controls: pd.DataFrame
    agreement: pd.DataFrame
    disagreements: pd.DataFrame
    half: HalfPoint | None
    reach: float | None


def review_results(workspace: Workspace, id: str, *, reviewer: str | None = None) -> ReviewResults:
    """Return what a review comes to so far.

    reviewer: whose verdicts alone are counted; None: everyone's. Raises WorkspaceError for an
    unknown review, SettingsError for someone who takes no part in it.
    """
    review, people = open_review(workspace, id), reviewers(workspace, id)
    if reviewer is not None:
        known = find_reviewer(workspace, id, reviewer)
        if known is None:
            raise unknown_choice("reviewer", reviewer, [one.name for one in people])
        people = [one for one in people if one.name == known.name]
    people = [one for one in people if one.done]
    table = verdict_table(workspace, review)
    table = table[table["reviewer"].isin([one.name for one in people])]
    pairs = table[table["kind"] == PAIR]
    pooled = _pooled(pairs, review)
    of = {EVERYONE: pooled} if len(people) != 1 else {}
    of |= {one.name: _pooled(pairs[pairs["reviewer"] == one.name], review) for one in people}
    agreement, disagreements = _agreement(pairs)
    answers = pairs[pairs["distance"].notna()]
    return ReviewResults(
        review,
        tuple(people),
        pd.DataFrame(
            [row for who, judged in of.items() for row in _precision(who, judged, review)]
        ),
        {part: _by(pooled, part) for part in PARTS},
        _controls(table),
        agreement,
        disagreements,
        half_point(
            answers["distance"].to_numpy(float), (answers["verdict"] == YES).to_numpy(float)
        ),
        review.design.reach,
    )


def verdict_table(workspace: Workspace, review: Review) -> pd.DataFrame:
    """Return the verdicts that stand, a row each, with what is known of their pairs."""
    with reading(workspace) as db:
        rows = [] if db is None else judged_rows(db, review)
    table = pd.DataFrame(rows).astype(
        dict.fromkeys(("stratum", "pairs_in_stratum", "rank"), "Int64")
    )
    return table[table["reviewer"].notna() & table["undone"].isna()].reset_index(drop=True)


def _pooled(pairs: pd.DataFrame, review: Review) -> pd.DataFrame:
    """Return a row a pair: the shares of its verdicts that are yes and unsure, and its weight."""
    table = pairs.assign(
        yes=(pairs["verdict"] == YES).astype(float),
        unsure=(pairs["verdict"] == UNSURE).astype(float),
    )
    kept = ["place", "stratum", "rank", "distance", "label", "owner", "standing"]
    table = table.groupby(kept, dropna=False, sort=True)[["yes", "unsure"]].mean().reset_index()
    stratum = table["stratum"].to_numpy(np.int64)
    sizes = np.array([one.pairs for one in review.design.strata])
    drawn = np.bincount(stratum, minlength=len(sizes))
    edges = np.array(review.design.edges)
    band = np.searchsorted(edges, table["distance"].to_numpy(float), side="left")
    between = [f"{number(a)} to {number(b)}" for a, b in pairwise(edges)]
    names = [f"up to {number(edges[0])}", *between, f"above {number(edges[-1])}"]
    weight = sizes[stratum] / drawn[stratum]
    return table.assign(weight=weight, distance=[names[i] for i in band], band=band)


def _precision(who: str, judged: pd.DataFrame, review: Review) -> list[dict[str, object]]:
    rows = []
    strata, stratum = review.design.strata, judged["stratum"].to_numpy(np.int64)
    for k in DEPTHS:
        if all(one.first > k for one in strata):
            continue
        found, unsure = (
            precision_at(k, strata, stratum, judged[answer].to_numpy(float))
            for answer in (YES, UNSURE)
        )
        rows.append({"reviewer": who, "k": k, **_told(found), "unsure": unsure.share,
                     "pairs": found.count})  # fmt: skip
    return rows


def precision_at(k: int, strata: Sequence[Stratum], stratum: Int64, yes: Float64) -> Share:
    """Return the share of yes among all pairs of rank 1…k of a run.

    strata: of the design. stratum: (n,) of each pair that was judged; yes: (n,) in 0…1.
    """
    inside = np.array([one.last <= k for one in strata])
    sizes = np.array([one.pairs for one in strata])
    drawn = np.bincount(stratum, minlength=len(sizes))
    said = np.bincount(stratum, weights=yes, minlength=len(sizes))
    return stratified_share(sizes[inside], drawn[inside], said[inside])


def _told(found: Share) -> dict[str, float]:
    return {"share": found.share, "low": found.low, "high": found.high}


def _by(pooled: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return the share of yes of each label, owner, standing or distance band."""
    order = "band" if part == "distance" else part
    rows = [
        {part: group[part].iloc[0] or "none",
         **_told(found := weighted_share(group["yes"].to_numpy(), group["weight"].to_numpy())),
         "pairs": found.count}
        for _, group in pooled.groupby(order, sort=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[part, "share", "low", "high", "pairs"])


def _controls(table: pd.DataFrame) -> pd.DataFrame:
    """Return how often each reviewer gave the expected answer to each kind of control."""
    columns = ["reviewer", "control", "expected", "passed", "of", "share", "low", "high"]
    rows = []
    controls = table[table["kind"] != PAIR]
    for (who, kind), group in controls.groupby(["reviewer", "kind"], sort=True):
        expected = EXPECTED[str(kind)]
        passed, of = int((group["verdict"] == expected).sum()), len(group)
        rows.append((who, kind, expected, passed, of, passed / of, *wilson(passed / of, of)))
    return pd.DataFrame(rows, columns=columns)


def _agreement(pairs: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return κ of each two reviewers, and the pairs that not all judged alike."""
    by = pairs.pivot(index="place", columns="reviewer", values="verdict")
    rows = []
    for a, b in combinations(by.columns, 2):
        both = by[[a, b]].dropna()
        one, other = (both[who].map(VERDICTS.index).to_numpy(np.int64) for who in (a, b))
        found = cohen_kappa(one, other, categories=len(VERDICTS))
        rows.append((a, b, found.count, found.share, found.kappa, found.low, found.high))
    columns = ["first", "second", "pairs", "share", "kappa", "low", "high"]
    split = by.index[by.nunique(axis=1) > 1]
    told = pairs[pairs["place"].isin(split)].sort_values(["place", "reviewer"])
    kept = ["place", "generated", "training", "rank", "distance", "reviewer", "verdict", "note"]
    return pd.DataFrame(rows, columns=columns), told[kept].reset_index(drop=True)
