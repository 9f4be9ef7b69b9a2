"""Do the bootstrap intervals of shares and values hold, and what do a million values cost?

The pool of benchmarks/trust/lists.py plays the generated images of one model: 2,500 real images
whose contributors are known. Sets of 1,000 are drawn from it with replacement, so that the pool is
the truth; their 95 % intervals should hold its shares, and its values times 1,000.
"""

from __future__ import annotations

import resource
import time

import numpy as np

from benchmarks.kit.data import available
from benchmarks.kit.datasets import BuiltSet, workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.trust.lists import Lists, lists_of, sets_of
from gmv_core.measures.bootstrap import rank_intervals, resampled_intervals, share_intervals
from gmv_core.method.value import hand_out
from gmv_core.settings import ValueSettings
from gmv_core.trust.intervals import share_bounds, value_bounds
from gmv_core.types import Float64, Int64

TOP = 100
OWNERS, SMALL_OWNERS = 20, 5000


def drawn_credits(pool: Lists, drawn: Int64) -> tuple[Int64, Int64, Float64]:
    """Return (generated, training, credit) of each contribution to the images drawn."""
    lists = pool.take(drawn)
    handed = hand_out(lists.candidates, lists.distance, np.ones(len(drawn)), ValueSettings())
    j, i = np.nonzero(handed.contributors >= 0)
    return j, handed.contributors[j, i], handed.credit[j, i]


def coverage(pool: Lists, built: BuiltSet, *, m: int, draws: int, seed: int) -> list[Row]:
    """Return how often the intervals hold the pool's shares by class and by owner, and its values.

    Owners are drawn at random, as the data have none.
    """
    n, rng = int(built.stored[0][-1]) + 1, np.random.default_rng(seed)
    classes = np.unique(built.labels, return_inverse=True)[1]
    groups = {"a class": classes, **{f"an owner, one of {count:,}": rng.integers(0, count, n)
                                   for count in (OWNERS, SMALL_OWNERS)}}  # fmt: skip
    every = np.arange(len(pool.rows))
    _, training, credit = drawn_credits(pool, every)
    value = np.bincount(training, credit, n) * m / len(every)
    top = np.argsort(-value, kind="stable")[:TOP]
    held: dict[str, list[float]] = {}
    for draw in range(draws):
        made, training, credit = drawn_credits(pool, rng.choice(every, m))
        for name, group in groups.items():
            count = int(group.max()) + 1
            truth = np.bincount(group, value, count) / value.sum()
            drawn = (made, group[training], credit)
            for bounds, how in ((share_bounds, ""), (share_intervals, ", by bootstrap alone")):
                low, high = bounds(*drawn, groups=count, seed=draw)
                held.setdefault(f"share of {name}{how}", []).append(_share(low, truth, high))
        low, high = value_bounds(training, credit, n)
        held.setdefault(f"value of the {TOP} largest", []).append(
            _share(low[top], value[top], high[top])
        )
        rows, group = np.unique(np.concatenate([training, top]), return_inverse=True)
        group, at = group[: len(training)], np.searchsorted(rows, top)
        low, high = resampled_intervals(made, group, credit, len(rows), 200, draw, of_total=False)
        held.setdefault("the same, by bootstrap", []).append(_share(low[at], value[top], high[at]))
    return [{"interval of the": name, "images": m, "holds, %": round(100 * float(np.mean(s)), 1),
             "± standard error": round(100 * float(np.std(s) / np.sqrt(draws)), 1)}
            for name, s in held.items()]  # fmt: skip


def _share(low: Float64, truth: Float64, high: Float64) -> float:
    return float(((low <= truth) & (truth <= high)).mean())


def cost(n: int, m: int, k: int) -> Row:
    """Return the processor time and memory of all intervals and ranks of n training images."""
    rng = np.random.default_rng(0)
    generated, training = np.repeat(np.arange(m), k), rng.integers(0, n, m * k)
    credit = rng.random(m * k)
    rows, group = np.unique(training, return_inverse=True)
    started = time.process_time()
    value_bounds(training, credit, n)
    intervals = time.process_time() - started
    rank_intervals(generated, group, credit, groups=len(rows), top=TOP)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"training images": n, "with value": len(rows), "generated images": m,
            "processor seconds, intervals": round(intervals, 2),
            "processor seconds, ranks": round(time.process_time() - started - intervals, 2),
            "memory, MB": round(memory)}  # fmt: skip


def main() -> None:
    """Measure and print the tables."""
    options = parser(__doc__ or "").parse_args()
    draws = 5 if options.quick else 100
    costs = [cost(20_000, 1_000, 10) if options.quick else cost(1_000_000, 100_000, 10)]
    print_table("cost", costs)
    found = {"cost": costs}
    with workspace_of(options) as workspace:
        for data in available(options):
            pool = lists_of(data, options, workspace)["pool"]
            built = sets_of(data, options, workspace)[0]
            m = 50 if options.quick else 1000
            found[data] = coverage(pool, built, m=m, draws=draws, seed=options.seed)
            print_table(data, found[data])
    finish(options, "trust.intervals", found)


if __name__ == "__main__":
    main()
