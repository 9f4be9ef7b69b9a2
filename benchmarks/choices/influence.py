"""Why predicted influence keeps 24 to 8 directions and has blocks of 2 px.

Reads what `benchmarks.truth.retraining.lds` kept of its generators in the work folder (--generator
vae and flow, --data fashion and cifar10), scores each choice of the numbers of method/scales.py on
one half of the retrainings of all of them, and shows the best with their scores on the other half.

    python -m benchmarks.choices.influence --work WORK --json
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kit import work
from benchmarks.kit.data import Images
from benchmarks.kit.reporting import Row, print_table
from benchmarks.truth.retraining.linear import Linear
from benchmarks.truth.retraining.linear_choices import choice_scores

BEST = 5  # choices shown of each half
PRODUCT = {"broad": 24.0, "with detail": 8.0, "block, px": 2, "of a block": 4.0}


def read(path: Path) -> tuple[np.ndarray, np.ndarray, Images, Images]:
    """Return the halves, the mean outputs (halves, m), the training and the generated images."""
    with np.load(path) as kept:
        classes = (kept["training_classes"], kept["generated_classes"])
        names = tuple(map(str, range(int(classes[0].max()) + 1)))
        training = Images(kept["training"], classes[0], names)
        generated = Images(kept["generated"], classes[1], names)
        return kept["chosen"].astype(float), kept["outputs"].mean((0, 2)), training, generated


def chosen_rows(scores: dict[str, list[dict[str, float]]], mine: str, other: str) -> list[Row]:
    """Return the best choices by the mean over generators on one half, with both halves' scores."""
    cells = zip(*scores.values(), strict=True)
    ranked = sorted(cells, key=lambda cell: -np.mean([one[mine] for one in cell]))
    keys = tuple(PRODUCT)
    product = [cell for cell in ranked if all(cell[0][key] == PRODUCT[key] for key in keys)]
    return [
        {**{key: cell[0][key] for key in keys},
         **{f"{name}: chosen on, other half": f"{one[mine]:.3f}, {one[other]:.3f}"
            for name, one in zip(scores, cell, strict=True)}}
        for cell in [*ranked[:BEST], *product]
    ]  # fmt: skip


def main() -> None:
    """Score, print the tables and save the figures."""
    options = work.parser(__doc__).parse_args()
    scores: dict[str, list[dict[str, float]]] = {}
    details: list[Row] = []
    for path in sorted((options.work / "retraining").glob("halves*.npz")):
        chosen, outputs, training, generated = read(path)
        middle = len(chosen) // 2
        parts = {"first": slice(None, middle), "second": slice(middle, None)}
        split = {name: (chosen[part], outputs[part]) for name, part in parts.items()}
        scores[path.stem] = choice_scores(split, training, generated)
        details.append({"generator": path.stem,
                        "detail": round(Linear(training, generated).detail, 3)})  # fmt: skip
    figures: dict[str, Any] = {"details": details}
    print_table("Fine detail of the generated images", details)
    for mine, other in (("first", "second"), ("second", "first")):
        figures[mine] = chosen_rows(scores, mine, other)
        title = f"Chosen on the {mine} half of the retrainings; last: the product"
        print_table(title, figures[mine])
    work.save(options, "influence-choices", figures)


if __name__ == "__main__":
    main()
