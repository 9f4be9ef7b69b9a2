"""The tables of C3, from what was found of every condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.kit.reporting import Row
from benchmarks.truth.noise.readings import (
    BETTER,
    LEAST,
    MEAN,
    NEAR_MEAN,
    NEAR_MIN,
    OTHER_CLASS,
    OWN,
    OWN_CLASS,
    PRODUCT,
    PRODUCT_100,
    PRODUCT_EVEN,
    RANDOM,
    TIES,
    TWIN,
    VALUE,
    VALUE_100,
    VALUE_EVEN,
)

Findings = Sequence[Mapping[str, Any]]
MAIN = (PRODUCT_EVEN, VALUE, VALUE_EVEN, PRODUCT_100, VALUE_100, RANDOM, MEAN, LEAST, OWN)
OTHERS = (PRODUCT, NEAR_MEAN, NEAR_MIN, BETTER, OWN_CLASS, TWIN, OTHER_CLASS)
EMBEDDING = (PRODUCT, VALUE, VALUE_100, TIES["mean distance"], NEAR_MIN)
CONTROL = (PRODUCT, VALUE, VALUE_100, MEAN, LEAST, TIES["mean distance"], NEAR_MIN)
PRECISION = (PRODUCT, PRODUCT_EVEN, MEAN, LEAST, OWN, RANDOM)


def tables(findings: Findings) -> dict[str, list[Row]]:
    """Return the tables by their titles; figures are means over the seeds."""
    conditions = list(dict.fromkeys((f["kind"], f["share"]) for f in findings))
    grouped = [
        (kind, share, [f for f in findings if (f["kind"], f["share"]) == (kind, share)])
        for kind, share in conditions
    ]
    seeds = len({f["seed"] for f in findings})
    told: dict[str, list[Row]] = {
        f"C3: AUROC, mean over seeds ({seeds}), in brackets the ends of their 95 % intervals": [],
        "Precision at n": [],
        "AUROC of other readings": [],
        "AUROC by the rule for ties in value": [],
        "Where the images stand, %": [],
        "The embedding's order, without re-ranking, AUROC": [],
        "Control: real test images in place of generated ones, AUROC": [],
    }
    main, precision, others, ties, standing, embedding, control = told.values()
    for kind, share, group in grouped:
        head: Row = {"noise": kind, "share %": round(100 * share)}
        made = [f["generated"] for f in group]
        main.append({**head, PRODUCT: _with_interval(made), **_means(made, MAIN)})
        precision.append({**head, **_means(made, PRECISION, "precision")})
        others.append({**head, **_means(made, OTHERS)})
        ties.append({**head, **_means(made, (PRODUCT, *TIES.values()))})
        columns = [name for name in made[0] if name not in ("noisy", "readings")]
        where = {c: round(100 * float(np.mean([one[c] for one in made])), 1) for c in columns}
        standing.append({**head, **where})
        embedding.append({**head, **_means([f["embedding"] for f in group], EMBEDDING)})
        real = [f["control"] for f in group if "control" in f]
        if real:
            control.append({**head, **_means(real, CONTROL)})
    told["Other rankings against the product's, generated images, AUROC"] = _against(
        [f["generated"] for f in findings]
    )
    told["Other rankings against the product's, real test images, AUROC"] = _against(
        [f["control"] for f in findings if "control" in f]
    )
    return told


def _of(runs: Findings, reading: str, figure: str = "auroc") -> list[float]:
    return [run["readings"][reading][figure] for run in runs]


def _means(runs: Findings, readings: Sequence[str], figure: str = "auroc") -> Row:
    return {name: round(float(np.mean(_of(runs, name, figure))), 3) for name in readings}


def _with_interval(runs: Findings) -> str:
    low, high = min(_of(runs, PRODUCT, "low")), max(_of(runs, PRODUCT, "high"))
    return f"{np.mean(_of(runs, PRODUCT)):.3f} [{low:.3f}, {high:.3f}]"


def _against(runs: Findings) -> list[Row]:
    """Return one row a ranking: its differences to the product's over all conditions and seeds."""
    rows: list[Row] = []
    present = np.array(_of(runs, PRODUCT))
    for name in (PRODUCT, VALUE, MEAN, LEAST, OWN, *OTHERS[1:5], *TIES.values()):
        auroc = np.array(_of(runs, name))
        gain = auroc - present
        rows.append({
            "ranking": f"value, {name}" if name in TIES.values() else name,
            "mean AUROC": round(float(auroc.mean()), 3), "mean gain": round(float(gain.mean()), 3),
            "worst": round(float(gain.min()), 3), "best": round(float(gain.max()), 3),
            "better in": f"{int((gain > 0).sum())} of {len(gain)}",
        })  # fmt: skip
    return rows
