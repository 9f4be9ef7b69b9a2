"""The stored candidate lists of a run, whole or with some training images left out of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from gmv_core.matching.matcher import Matches
from gmv_core.method.value import HandedOut, hand_out
from gmv_core.settings import ValueSettings
from gmv_core.store.columns import matrix
from gmv_core.store.workspace import Run
from gmv_core.types import Float64, Int64

_LISTS = ("candidates", "recall_rank", "recall_distance", "distance")


@dataclass(frozen=True)
class Block:
    """The stored candidates of m generated images, with their quality.

    rows: (m,) of the generated set. matches: (m, R). quality: (m,), nan for a rejected image.
    """

    rows: Int64
    matches: Matches
    quality: Float64

    def handed_out(self, settings: ValueSettings) -> HandedOut:
        """Return what these images hand out to their contributors."""
        return hand_out(self.matches.candidates, self.matches.distance, self.quality, settings)


def blocks(run: Run, without: Collection[int] = ()) -> Iterator[Block]:
    """Yield the candidate lists of all generated images, in order, without some training rows."""
    quality = run.table("quality").read(["quality"])["quality"].to_numpy()
    for batch in run.table("matches").batches(["id", *_LISTS, "exact"]):
        rows = batch["id"].to_numpy()
        yield leave_out(Block(rows, _matches(batch), quality[rows]), without)


def block_of(run: Run, row: int, without: Collection[int] = ()) -> Block:
    """Return the candidate list of one generated image, without some training rows."""
    at = np.array([row])
    stored = run.table("matches").take(at, [*_LISTS, "exact"])
    quality = run.table("quality").take(at, ["quality"])["quality"].to_numpy()
    return leave_out(Block(at, _matches(stored), quality), without)


def _matches(stored: pa.Table | pa.RecordBatch) -> Matches:
    lists = {name: matrix(stored[name]) for name in _LISTS}
    return Matches(**lists, exact=int(stored["exact"][0].as_py()))


def leave_out(block: Block, without: Collection[int]) -> Block:
    """Return the lists as if some training rows had never been: the others move up.

    The order of those that stay is kept, so the k nearest of them are what a run without the
    others would have found, as long as k are left in the list.
    """
    if not without:
        return block
    matches = block.matches
    gone = np.isin(matches.candidates, np.fromiter(without, np.int64, len(without)))
    order = np.argsort(gone, axis=1, kind="stable")
    end = np.take_along_axis(gone, order, axis=1)

    def moved(lists: np.ndarray, none: float) -> np.ndarray:
        return np.where(end, np.array(none, lists.dtype), np.take_along_axis(lists, order, axis=1))

    lost = int(gone[:, : matches.exact].sum(axis=1).max(initial=0))
    left = Matches(
        candidates=moved(matches.candidates, -1),
        recall_rank=moved(matches.recall_rank, 0),
        recall_distance=moved(matches.recall_distance, np.inf),
        distance=moved(matches.distance, np.inf),
        exact=matches.exact - lost,
    )
    return replace(block, matches=left)
