"""A result whose training images are grouped by a column: what all answers follow from, read once.

"Owner" stands for any group of training images: the values of the columns owner and label, and of
any attribute (a licence, a source, a collection).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property

import numpy as np
import pandas as pd

from gmv_core.errors import SettingsError
from gmv_core.results.result import Result
from gmv_core.results.shares import credits_of, group_shares, value_intervals
from gmv_core.settings import CLUSTER
from gmv_core.store.columns import attributes, groups_of
from gmv_core.trust.duplicates import has_clusters, read_clusters
from gmv_core.types import Float64, Int64

OWNER = "owner"
NAMED = 10  # groups that an error lists
COLUMNS = ("id", "training", "value", "times_contributor", "label", "owner")
GIVEN = ("generated", "id", "standing", "nearer_than", "quality", "effective_contributors")


@dataclass(frozen=True)
class Grouped:
    """A result, grouped by a column; for the answers of many groups. Made anew it reads anew."""

    result: Result
    by: str = OWNER

    @cached_property
    def table(self) -> pd.DataFrame:
        """COLUMNS of the training images that were not rejected, by row."""
        return self.result.values_table(COLUMNS).set_index("id", drop=False)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """What `group_shares` returns."""
        return group_shares(self.result, self.by)

    @cached_property
    def names(self) -> list[str]:
        """The groups, the most valuable first."""
        return [name for name in self.shares[self.by] if name]

    @cached_property
    def given(self) -> pd.DataFrame:
        """GIVEN of the generated images."""
        return self.result.generated_table(GIVEN)

    @cached_property
    def unattributed(self) -> float:
        """What of all credit goes to nobody, in [0, 1]."""
        totals = self.result.totals()
        whole = totals.unattributed + totals.value
        return totals.unattributed / whole if whole > 0 else 0.0

    @cached_property
    def intervals(self) -> tuple[Float64, Float64]:
        """What `value_intervals` returns."""
        return value_intervals(self.result)

    @cached_property
    def elsewhere(self) -> np.ndarray | None:
        """Whether each row's near copies are of more than one group, None where not looked for."""
        if not has_clusters(self.result.training):
            return None
        of, (codes, names) = read_clusters(self.result.training).of, self._codes
        known = np.flatnonzero(codes >= 0)
        pairs = np.unique(of[known] * len(names) + codes[known])
        several: np.ndarray = np.bincount(pairs // max(len(names), 1), minlength=len(of))[of] > 1
        return several

    @cached_property
    def as_one(self) -> dict[str, float] | None:
        """Each group's share where near copies count as one image.

        None where none were looked for, or where they do so already.
        """
        result = self.result
        if result.settings.duplicates == CLUSTER or not has_clusters(result.training):
            return None
        one = replace(result, settings=replace(result.settings, duplicates=CLUSTER))
        table, (codes, names) = one.values_table(("id", "value")), self._codes
        ours = table[codes[table["id"]] >= 0]
        value = np.bincount(codes[ours["id"]], weights=ours["value"], minlength=len(names))
        total = float(table["value"].sum())
        return dict(zip(names, (value / total if total > 0 else value).tolist(), strict=True))

    @cached_property
    def _codes(self) -> tuple[Int64, list[str]]:
        """The group of every row as a number, −1 for none and for a rejected image; their names."""
        ids = self.table["id"].to_numpy()
        groups = groups_of(self.result.training, self.by)
        codes = np.full(len(groups), -1)
        known = ids[groups[ids] != ""]
        codes[known], names = pd.factorize(groups[known])
        return codes, [str(name) for name in names]

    @cached_property
    def _members(self) -> dict[str, Int64]:
        codes, names = self._codes
        order = np.argsort(codes, kind="stable")
        parts = np.split(order, np.searchsorted(codes[order], np.arange(len(names))))[1:]
        return dict(zip(names, parts, strict=True))

    @cached_property
    def _credits(self) -> tuple[pd.DataFrame, dict[str, Int64], Float64]:
        """All credit given, the places of each group's, and what each generated image gives."""
        credits, (codes, names) = credits_of(self.result), self._codes
        table = pd.DataFrame({"id": credits.generated, "training_id": credits.training,
                              "credit": credits.value})  # fmt: skip
        given = np.bincount(
            credits.generated, weights=credits.value, minlength=len(self.given)
        ).astype(np.float64)
        to = np.where(credits.value > 0, codes[credits.training], -1)
        order = np.argsort(to, kind="stable")
        parts = np.split(order, np.searchsorted(to[order], np.arange(len(names))))[1:]
        return table, dict(zip(names, parts, strict=True)), given

    def rows(self, name: str) -> Int64:
        """Return the rows of a group's images that were not rejected.

        Raises SettingsError for a group that has none.
        """
        rows = self._members.get(name)
        if rows is None:
            raise SettingsError(
                f"No training image has the {self.by} {name!r}; {_choose(name, self._codes[1])}"
            )
        return rows

    def members_of(self, rows: Int64) -> pd.DataFrame:
        """Return the images of all groups in the clusters of near copies of some rows.

        Columns: cluster, id, group. Near copies must have been looked for.
        """
        of, (codes, names) = read_clusters(self.result.training).of, self._codes
        ids = np.flatnonzero((codes >= 0) & np.isin(of, of[rows]))
        groups = np.array(names, object)[codes[ids]]
        return pd.DataFrame({"cluster": of[ids], "id": ids, "group": groups})

    def credits(self, name: str) -> tuple[pd.DataFrame, Float64]:
        """Return what generated images give a group, (id, training_id, credit), and all they give.

        The second is (m,), by generated row.
        """
        table, places, given = self._credits
        return table.iloc[places[name]], given


def columns_of(result: Result) -> list[str]:
    """Return the columns by which training images can be grouped: those that hold anything."""
    counts = result.training.manifest().counts
    known = [by for by in ("owner", "label") if counts and getattr(counts, f"{by}s")]
    return [*known, *attributes(result.training)]


def _choose(name: str, known: list[str]) -> str:
    """Say which groups there are, those of a similar name if any."""
    folded = {one.strip().casefold(): one for one in sorted(known, reverse=True)}
    close = [folded[one] for one in get_close_matches(name.strip().casefold(), folded)]
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    some = ", ".join(sorted(known)[:NAMED]) + (", …" if len(known) > NAMED else "")
    return f"choose one of: {some}." if known else "no image of the set has one."
