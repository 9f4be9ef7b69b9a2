"""The stored candidate lists of a run, whole or with some training images left out of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from gmv_core.matching.lists import gathered, without_those
from gmv_core.matching.matcher import Matches
from gmv_core.method.value import ALL_EARN, Basis, HandedOut, hand_out
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

    def handed_out(self, settings: ValueSettings, basis: Basis = ALL_EARN) -> HandedOut:
        """Return what these images hand out to their contributors.

        basis: the one that the block was read with.
        """
        lists = self.matches
        return hand_out(lists.candidates, lists.distance, self.quality, settings, basis)


def blocks(run: Run, without: Collection[int] = (), basis: Basis = ALL_EARN) -> Iterator[Block]:
    """Yield the candidate lists of all generated images, in order, without some training rows.

    basis: where it has clusters, one candidate stays of each.
    """
    quality = run.table("quality").read(["quality"])["quality"].to_numpy()
    for batch in run.table("matches").batches(["id", *_LISTS, "exact"]):
        rows = batch["id"].to_numpy()
        whole = Block(rows, _matches(batch), quality[rows])
        yield _gathered(leave_out(whole, without), basis)


def block_of(run: Run, row: int, without: Collection[int] = (), basis: Basis = ALL_EARN) -> Block:
    """Return the candidate list of one generated image, without some training rows."""
    at = np.array([row])
    stored = run.table("matches").take(at, [*_LISTS, "exact"])
    quality = run.table("quality").take(at, ["quality"])["quality"].to_numpy()
    return _gathered(leave_out(Block(at, _matches(stored), quality), without), basis)


def _gathered(block: Block, basis: Basis) -> Block:
    return replace(block, matches=gathered(block.matches, basis.clusters))


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
    gone = np.isin(block.matches.candidates, np.fromiter(without, np.int64, len(without)))
    return replace(block, matches=without_those(block.matches, gone))
