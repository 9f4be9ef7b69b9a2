"""For a generated image of both results: which contributors it gained and lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gmv_core.errors import WorkspaceError
from gmv_core.matching.contributors import Contributor
from gmv_core.measures.bootstrap import mean_interval
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.compared.pair import ALIKE, Pair
from gmv_core.results.compared.shares import Interval
from gmv_core.results.result import Result
from gmv_core.types import Int64


@dataclass(frozen=True)
class Exchange:
    """The contributors of one generated image in two results, each list nearest first.

    generated, generated_second: its name in either. kept: in both, as the first has them; lost: of
    the first only; gained: of the second only.
    """

    generated: str
    generated_second: str
    kept: tuple[Contributor, ...]
    lost: tuple[Contributor, ...]
    gained: tuple[Contributor, ...]


def exchange(pair: Pair, generated: str) -> Exchange:
    """Return the contributors that a generated image gained and lost.

    generated: its name in the first result. Raises WorkspaceError where the second has not valued
    it.
    """
    row = pair.first.row_of(generated)
    at = np.flatnonzero(pair.generated.first == row)
    if not len(at):
        raise WorkspaceError(
            f"The run {pair.second.run.name!r} has not valued the image {generated!r}, so its "
            "contributors cannot be compared; choose one that both have."
        )
    names = [
        result.generated.images.take(rows, ["name"])["name"].to_pylist()[0]
        for result, rows in (
            (pair.first, np.array([row])),
            (pair.second, pair.generated.second[at[:1]]),
        )
    ]
    before, after = pair.first.contributors(names[0]), pair.second.contributors(names[1])
    one, other = pair.training_numbers()
    of_before, of_after = {int(one[c.row]) for c in before}, {int(other[c.row]) for c in after}
    return Exchange(
        names[0],
        names[1],
        tuple(c for c in before if int(one[c.row]) in of_after),
        tuple(c for c in before if int(one[c.row]) not in of_after),
        tuple(c for c in after if int(other[c.row]) not in of_before),
    )


def exchanges(pair: Pair) -> pd.DataFrame:
    """Return one row a generated image of both results, the one that changed most first.

    Columns: id, id_second (rows), generated, generated_second (names); kept, lost, gained: counts
    of contributors; same_first: whether the nearest one is the same; moved: the part of its credit
    that goes to other training images, in [0, 1] (half the sum of |difference of weights|). Images
    without any contributor in either result are left out.
    """
    found = [_weights(pair, which) for which in (0, 1)]
    m = len(pair.generated)
    both = found[0].merge(
        found[1], on=["place", "training"], how="outer", suffixes=("_first", "_second")
    )
    there = [both[f"weight_{which}"].notna().to_numpy() for which in ("first", "second")]
    place = both["place"].to_numpy(np.int64)
    weights = [both[f"weight_{w}"].fillna(0.0).to_numpy() for w in ("first", "second")]
    nearest = [_nearest(part, m) for part in found]
    table = pd.DataFrame(
        {
            "id": pair.generated.first,
            "id_second": pair.generated.second,
            "generated": _names_of(pair.first, pair.generated.first),
            "generated_second": _names_of(pair.second, pair.generated.second),
            "kept": np.bincount(place[there[0] & there[1]], minlength=m),
            "lost": np.bincount(place[there[0] & ~there[1]], minlength=m),
            "gained": np.bincount(place[~there[0] & there[1]], minlength=m),
            "same_first": nearest[0] == nearest[1],
            "moved": np.bincount(place, np.abs(weights[1] - weights[0]) / 2, minlength=m),
        }
    )
    table = table[(nearest[0] >= 0) & (nearest[1] >= 0)]
    return table.sort_values(["moved", "lost"], ascending=False, kind="stable").reset_index(
        drop=True
    )


@dataclass(frozen=True)
class Exchanged:
    """How the generated images of both results change in the mean, with 95 % intervals.

    images: how many there are. kept: share of the first's contributors that the second has too;
    same_first: share of images whose nearest contributor is the same; moved: part of an image's
    credit that goes to others. Each is value, low and high.
    """

    images: int
    kept: Interval
    same_first: Interval
    moved: Interval

    @property
    def alike(self) -> bool:
        """Whether nothing moved."""
        return self.moved[0] <= ALIKE


def exchanged(table: pd.DataFrame, *, seed: int = 0) -> Exchanged | None:
    """Return the means of what `exchanges` returned, None where it has no row."""
    if table.empty:
        return None
    kept = table["kept"] / (table["kept"] + table["lost"])
    columns = np.stack([kept, table["same_first"], table["moved"]], axis=1).astype(np.float64)
    means = zip(*(part.tolist() for part in mean_interval(columns, seed=seed)), strict=True)
    kept_mean, same_first, moved = means
    return Exchanged(len(table), kept_mean, same_first, moved)


def _weights(pair: Pair, which: int) -> pd.DataFrame:
    """Return place (among the generated images of both), training (its number), rank, weight."""
    result = (pair.first, pair.second)[which]
    rows = (pair.generated.first, pair.generated.second)[which]
    number = pair.training_numbers()[which]
    place = np.full(len(result.generated.images), -1)
    place[rows] = np.arange(len(rows))
    parts, basis = [], result.basis
    for block in blocks(result.run, result.without, basis):
        handed = block.handed_out(result.settings, basis)
        j, i = np.nonzero((handed.contributors >= 0) & (place[block.rows] >= 0)[:, None])
        parts.append(
            pd.DataFrame(
                {"place": place[block.rows[j]], "training": number[handed.contributors[j, i]],
                 "rank": i, "weight": handed.weights[j, i]}
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _nearest(found: pd.DataFrame, m: int) -> Int64:
    """Return the nearest contributor's number of each of m images, −1 for none."""
    nearest: Int64 = np.full(m, -1)
    first = found[found["rank"] == 0]
    nearest[first["place"].to_numpy()] = first["training"].to_numpy()
    return nearest


def _names_of(result: Result, rows: Int64) -> np.ndarray:
    names: np.ndarray = result.generated.images.read(["name"])["name"].to_numpy(
        zero_copy_only=False
    )
    return names[rows]
