"""Whether refitting without an owner can say more about the whole set than the product's form does.

Reads what `benchmarks.truth.retraining.lds` and `…owners` kept of each generator in the work
folder. `predicted_change` is the mean over generated images of the share by which the denoisers
get worse. Tried instead: the whole-image denoiser alone with fewer or more directions, and the
change itself, not its share, so that hard images count more. Spearman's correlation over owners
with the measured mean change; the choice with the best mean over generators on every other owner,
and what it reaches on the owners between them.

    python -m benchmarks.choices.owners --work WORK --json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.choices.influence import read
from benchmarks.kit import work
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.retraining.linear import Linear
from benchmarks.truth.retraining.owners import draw_owners
from benchmarks.truth.retraining.rank_scores import resamples, score
from gmv_core.method.denoiser import keeping, left_out, refitted_losses
from gmv_core.types import Float64

PRODUCT = "product"
KEPT = (4.0, 8.0, 16.0, 24.0, 32.0)
DRAWS = 2000


def predictions(linear: Linear, owned: np.ndarray) -> dict[str, Float64]:
    """Return what each form predicts for the whole set, (owners,). owned: (owners, n) bool."""
    (x, codes), (asked, asked_codes) = linear.both
    every = linear.whole.statistics
    rests = [left_out(every, x[own], codes[own]) for own in owned]
    found = {PRODUCT: linear.without(~owned).mean(1), "how many images": owned.sum(1).astype(float)}
    for kept in KEPT:
        made = keeping(linear.whole, kept)
        before = refitted_losses(made, every, asked, asked_codes)
        after = np.stack([refitted_losses(made, rest, asked, asked_codes) for rest in rests])
        found[f"share, {kept:g} directions"] = (after / before - 1).mean(1)
        found[f"change, {kept:g} directions"] = (after - before).mean(1)
    return found


def agreement(predicted: Float64, measured: Float64) -> tuple[float, float, float]:
    """Return Spearman's correlation over owners and its 95 % interval."""
    draws = resamples(len(measured), 1, draws=DRAWS, seed=0)
    found = score(predicted[:, None], measured[:, None], draws)
    return found.value, found.low, found.high


def results_of(folder: Path, path: Path) -> Path:
    """Return where the owners of a generator are told."""
    return folder / path.with_suffix(".json").name.replace("halves", "owners")


def figures_of(folder: Path, path: Path, *, seed: int) -> tuple[dict[str, Float64], Float64]:
    """Return what each form predicts of a generator's owners, and what was measured, (owners,)."""
    told = json.loads(results_of(folder, path).read_text())
    _, _, training, generated = read(path)
    measured = np.array(told["measured"])
    of_a_kind = len(measured) // (2 if "coherent" in told["tables"] else 1)
    owned = draw_owners(training, of_a_kind, seed=seed)[: len(measured)]
    if owned.sum(1).tolist() != told["sizes"]:
        raise ValueError(f"{path.stem}: these are not the owners that were measured")
    return predictions(Linear(training, generated), owned), measured


def chosen_rows(found: dict[str, tuple[dict[str, Float64], Float64]]) -> list[Row]:
    """Choose on every other owner, tell the score on those between; then the other way round."""
    rows: list[Row] = []
    for first in (0, 1):
        mine, other = slice(first, None, 2), slice(1 - first, None, 2)

        def mean(form: str, part: slice) -> float:
            return float(np.mean([
                agreement(predicted[form][part], measured[part])[0]
                for predicted, measured in found.values()
            ]))  # fmt: skip

        forms = list(next(iter(found.values()))[0])
        best = max(forms, key=lambda form: mean(form, mine))
        rows.append({"chosen on half of the owners": best, "there": round(mean(best, mine), 3),
                     "on the others": round(mean(best, other), 3),
                     "the product on the others": round(mean(PRODUCT, other), 3)})  # fmt: skip
    return rows


def main() -> None:
    """Score, print the tables and save the figures."""
    options = work.parser(__doc__).parse_args()
    found = {
        path.stem: figures_of(options.work / "results", path, seed=options.seed)
        for path in sorted((options.work / "retraining").glob("halves*.npz"))
        if results_of(options.work / "results", path).exists()
    }
    rows: list[Row] = [
        {"form": form, **{
            name: "{:.3f}, {:.3f} to {:.3f}".format(*agreement(predicted[form], measured))
            for name, (predicted, measured) in found.items()}}
        for form in next(iter(found.values()))[0]
    ]  # fmt: skip
    print_table("Owners' order by the whole set: Spearman, 95 % interval over owners", rows)
    chosen = chosen_rows(found)
    print_table("Chosen on half of the owners, means over generators", chosen)
    figures: dict[str, Any] = {"rows": rows, "chosen": chosen}
    work.save(options, "owner-choices", figures)


if __name__ == "__main__":
    main()
