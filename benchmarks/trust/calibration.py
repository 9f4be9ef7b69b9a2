"""How often is a standing wrong, and how often is a planted copy or a foreign image found?

The training images of CIFAR-10 and of Fashion-MNIST; in each draw 2,000 of them are held out as if
unseen: 1,000 are the null (or 1,000 others, left out one by one), 1,000 play the generated images.
A held-out image that has a near copy in the rest (trust/near_copies.py) is not counted as a false
near copy. Then 100 of the 1,000 are replaced by copies of training images, each kind by itself, or
by images of the other data set. Rivals find the same copies: a fixed cosine of our vectors, Carlini
and others' ratio, authenticity (Alaa et al. 2022), each at the same share of false discoveries.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.kit.data import available
from benchmarks.kit.datasets import workspace_of
from benchmarks.kit.reporting import Row, finish, parser, print_table
from benchmarks.trust.lists import Lists, OwnNearest, joined, lists_of, own_nearest, sets_of
from benchmarks.trust.rivals import at_same_false_discoveries, rival_scores
from gmv_core import Workspace
from gmv_core.trust import standing as method
from gmv_core.trust.standing import FAR, HELD_OUT, LEFT_OUT, NEAR_COPY, Nearest, Null, standings_of
from gmv_core.types import Int64

DRAWS, QUICK_DRAWS = 100, 5
PLANTED = 0.1  # of the images that play the generated ones
RATIOS = (2, 5, 10, 20)
POWERS = (1, 1.1, 1.2, 1.3, 1.5)  # of the pixels' ratio


def nearest(lists: Lists) -> Nearest:
    """Return the distances as `gmv_core.trust.null.nearest_of` does."""
    again = np.isnan(lists.pixels)
    repeated = np.where(again, lists.candidates, -2)[:, None]
    again_near = (lists.near[:, :, None] == repeated).any(axis=2)
    again_alike = np.isnan(lists.in_pixels)
    gone = ((lists.distance, again), (lists.embedding, again_near),
            (lists.in_pixels, again_alike), (lists.pixels, again))  # fmt: skip
    return Nearest(
        *(np.sort(np.where(out, np.inf, x), axis=1)[:, : method.NEIGHBOURS] for x, out in gone)
    )


def one_draw(parts: dict[str, Lists], seed: int) -> dict[str, Lists]:
    """Hold most of the pool out; return the null's images of each kind, the tested and planted."""
    pool = parts["pool"]
    drawn = _drawn(pool, seed)
    held = pool.rows[drawn]
    null, tested = np.array_split(drawn, 2)
    planted = {name: lists.without(held) for name, lists in parts.items()
               if name not in ("pool", "left out")}  # fmt: skip
    return {
        HELD_OUT: pool.take(null).without(held, copies=True),
        LEFT_OUT: parts["left out"].without(held, copies=True),
        "tested": pool.take(tested).without(held),
        **planted,
    }


def has_copy(lists: Lists) -> np.ndarray:
    """Return which images have a near copy in the set, (m,) bool."""
    copied: np.ndarray = lists.copies.any(axis=1) | lists.alike_copies.any(axis=1)
    return copied


def held_rows(pool: Lists, seed: int) -> Int64:
    """Return the training rows that a draw holds out."""
    return pool.rows[_drawn(pool, seed)]


def _drawn(pool: Lists, seed: int) -> Int64:
    return np.random.default_rng(seed).permutation(len(pool.rows))[: 4 * len(pool.rows) // 5]


def planted_among(draw: dict[str, Lists], kind: str) -> tuple[Lists, np.ndarray]:
    """Replace a share of the tested images by planted ones; return all, and which are planted."""
    tested, planted = draw["tested"], draw[kind]
    m = len(tested.rows)
    count = min(round(PLANTED * m), len(planted.rows))
    some = [tested.take(np.arange(m - count)), planted.take(np.arange(count))]
    return joined(some), np.arange(m) >= m - count


def measure(parts: dict[str, Lists], draws: int) -> list[Row]:
    """Return a row a kind of null and of image: false discoveries and power, means over draws."""
    wrong: dict[tuple[str, str], list[float]] = {}
    power: dict[tuple[str, str], list[float]] = {}
    for seed in range(draws):
        draw = one_draw(parts, seed)
        for null_kind in (HELD_OUT, LEFT_OUT):
            null = Null(nearest(draw[null_kind]), null_kind)
            found = standings_of(nearest(draw["tested"]), null).standing
            copies = has_copy(draw["tested"])
            wrong.setdefault((null_kind, "none: near copies"), []).append(
                float(((found == NEAR_COPY) & ~copies).any()))  # fmt: skip
            wrong.setdefault((null_kind, "none: far images"), []).append(
                float((found == FAR).any())
            )
            for kind in [k for k in draw if k not in (HELD_OUT, LEFT_OUT, "tested")]:
                every, planted = planted_among(draw, kind)
                standing = FAR if kind == "foreign" else NEAR_COPY
                found = standings_of(nearest(every), null).standing == standing
                counted = planted | ~has_copy(every) | (standing == FAR)
                false = (found & ~planted & counted).sum() / max(1, (found & counted).sum())
                wrong.setdefault((null_kind, kind), []).append(float(false))
                power.setdefault((null_kind, kind), []).append(float(found[planted].mean()))
    return [
        {"null": null_kind, "planted": kind,
         "false discoveries, %": round(100 * float(np.mean(shares)), 1),
         "± standard error": round(100 * float(np.std(shares) / np.sqrt(draws)), 1),
         "found": round(float(np.mean(power[null_kind, kind])), 3)
         if (null_kind, kind) in power else ""}
        for (null_kind, kind), shares in wrong.items()
    ]  # fmt: skip


def by_ratio(parts: dict[str, Lists], draws: int) -> list[Row]:
    """Return the power of held-out nulls for each r."""
    usual, rows = method.RATIO, []
    for method.RATIO in RATIOS:
        found = {str(row["planted"]): row["found"] for row in measure(parts, draws)
                 if row["null"] == HELD_OUT and row["found"] != ""}  # fmt: skip
        rows.append({"r": method.RATIO, **found})
    method.RATIO = usual
    return rows


def by_power(parts: dict[str, Lists], draws: int) -> list[Row]:
    """Return the power of both nulls for each power of the pixels' ratio."""
    usual, rows = method.POWERS, []
    for power in POWERS:
        method.POWERS = (*usual[:2], power, usual[3])
        measured = measure(parts, draws)
        for kind in (HELD_OUT, LEFT_OUT):
            found = {str(row["planted"]): row["found"] for row in measured
                     if row["null"] == kind and row["found"] != ""}  # fmt: skip
            rows.append({"power": power, "null": kind, **found})
    method.POWERS = usual
    return rows


def main() -> None:
    options = parser(__doc__ or "").parse_args()
    draws = QUICK_DRAWS if options.quick else DRAWS
    with workspace_of(options) as workspace:
        figures = {data: told(data, options, workspace, draws) for data in available(options)}
    finish(options, "trust.calibration", figures)


def told(
    data: str, options: argparse.Namespace, workspace: Workspace, draws: int
) -> dict[str, list[Row]]:
    """Measure one data set and print its tables."""
    parts = lists_of(data, options, workspace)
    own = own_nearest(sets_of(data, options, workspace)[0], parts)
    found = {
        "standings": measure(parts, draws),
        "by r": by_ratio(parts, max(1, draws // 10)),
        "by power": by_power(parts, max(1, draws // 5)),
        "rivals": rivals(parts, own, max(1, draws // 5)),
    }
    for name, rows in found.items():
        print_table(f"{data}: {name}", rows)
    return found


def rivals(parts: dict[str, Lists], own: OwnNearest, draws: int) -> list[Row]:
    """Return, a row a rival, the share of each kind of copy found at false discoveries of 10 %."""
    found: dict[tuple[str, str], list[float]] = {}
    for seed in range(draws):
        draw, held = one_draw(parts, seed), held_rows(parts["pool"], seed)
        for kind in [k for k in draw if k not in (HELD_OUT, LEFT_OUT, "tested", "foreign")]:
            every, planted = planted_among(draw, kind)
            counted = planted | ~has_copy(every)
            for name, scores in rival_scores(every, nearest(every), own, held).items():
                share = at_same_false_discoveries(scores[counted], planted[counted], method.LEVEL)
                found.setdefault((name, kind), []).append(share)
    names = dict.fromkeys(name for name, _ in found)
    return [{"score": name, **{kind: round(float(np.mean(shares)), 2)
                               for (n, kind), shares in found.items() if n == name}}
            for name in names]  # fmt: skip


if __name__ == "__main__":
    main()
