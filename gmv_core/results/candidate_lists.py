"""The stored candidate lists of a run, whole or with some training images left out of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from gmv_core.matching.matcher import Matches
from gmv_core.store.columns import matrix
from gmv_core.store.workspace import Run
from gmv_core.types import Float32, Float64, Int64

_LISTS = ("candidates", "recall_rank", "recall_distance", "distance")


@dataclass(frozen=True)
class Block:
    """The stored candidates of m generated images, with their quality (nan: rejected).

    rows: (m,) of the generated set. candidates … distance: (m, R), see `Matches`.
    exact: the first so many distances of every row are exact.
    """

    rows: Int64
    candidates: Int64
    recall_rank: Int64
    recall_distance: Float32
    distance: Float32
    quality: Float64
    exact: int

    @property
    def matches(self) -> Matches:
        return Matches(
            self.candidates, self.recall_rank, self.recall_distance, self.distance, self.exact
        )


def blocks(run: Run, without: Collection[int] = ()) -> Iterator[Block]:
    """Yield the candidate lists of all generated images, in order, without some training rows."""
    quality = run.table("quality").read(["quality"])["quality"].to_numpy()
    for batch in run.table("matches").batches(["id", *_LISTS, "exact"]):
        rows = batch["id"].to_numpy()
        lists = {name: matrix(batch[name]) for name in _LISTS}
        exact = int(batch["exact"][0].as_py())
        yield leave_out(Block(rows=rows, quality=quality[rows], exact=exact, **lists), without)


def block_of(run: Run, row: int, without: Collection[int] = ()) -> Block:
    """Return the candidate list of one generated image, without some training rows."""
    at = np.array([row])
    stored = run.table("matches").take(at, [*_LISTS, "exact"])
    quality = run.table("quality").take(at, ["quality"])["quality"].to_numpy()
    lists = {name: matrix(stored[name]) for name in _LISTS}
    exact = int(stored["exact"][0].as_py())
    return leave_out(Block(rows=at, quality=quality, exact=exact, **lists), without)


def leave_out(block: Block, without: Collection[int]) -> Block:
    """Return the lists as if some training rows had never been: the others move up.

    The order of those that stay is kept, so the k nearest of them are what a run without the
    others would have found, as long as k are left in the list.
    """
    if not without:
        return block
    gone = np.isin(block.candidates, np.fromiter(without, np.int64, len(without)))
    order = np.argsort(gone, axis=1, kind="stable")
    end = np.take_along_axis(gone, order, axis=1)

    def moved(lists: np.ndarray, none: float) -> np.ndarray:
        return np.where(end, np.array(none, lists.dtype), np.take_along_axis(lists, order, axis=1))

    lost = int(gone[:, : block.exact].sum(axis=1).max(initial=0))
    return replace(
        block,
        candidates=moved(block.candidates, -1),
        recall_rank=moved(block.recall_rank, 0),
        recall_distance=moved(block.recall_distance, np.inf),
        distance=moved(block.distance, np.inf),
        exact=block.exact - lost,
    )
