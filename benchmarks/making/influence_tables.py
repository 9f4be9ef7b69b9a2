"""The tables of docs/influence.md, from what benchmarks.truth.retraining kept in the work folder.

Each table of the page that stands below a line `<!-- table NAME -->` is written anew from
`results/lds*.json` of the four generators; what was not measured has a dash.

    python -m benchmarks.making.influence_tables docs/influence.md --work WORK
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Told = dict[str, Any]
GENERATORS = {
    "lds": "β-VAE, Fashion-MNIST",
    "lds-vae-cifar10": "β-VAE, CIFAR-10",
    "lds-flow-fashion": "flow, Fashion-MNIST",
    "lds-flow-cifar10": "flow, CIFAR-10",
}
OWN = "predicted influence"
NAMES = {
    OWN: f"**{OWN}**",
    "Gaussian kernel over the class":
        "Gaussian kernel, every image of the class (the paper's form with k = all)",
    "pixel L2": "pixel distance, k = 10",
    "pixel L2, all n": "pixel distance of all n",
    "ours": "the paper's credit",
    "patch posterior": "patch posterior (2510.14269)",
    "nearest patches, no softmax": "nearest patches, no softmax",
    "whole image softmax": "softmax over whole images",
    "features, all n": "feature distance of all n",
    "embedding only": "credit without re-ranking",
    "same class (the label alone)": "same class, no image looked at",
    "random": "random",
}  # fmt: skip
CHOICES = (
    OWN, "whole image alone, 8 directions", "whole image alone, 16 directions",
    "whole image alone, 24 directions", "blocks alone", "directions alone", "spread alone",
    "the class's mean alone", "directions and mean", "directions and spread", "mean and spread",
    "one mean, no labels", "refit on each half",
)  # fmt: skip
BANDS = (OWN, "Gaussian kernel over the class", "pixel L2", "patch posterior", "ours", "TracIn",
         "TRAK", "D-TRAK")  # fmt: skip
SUMMED = (OWN, "Gaussian kernel over the class", "pixel L2, all n", "ours")
EMBEDDED = 8.0  # directions of embeddings that are shown: the best of those tried, or near it
SIGMAS = (0.5, 0.7, 1.0, 2.0)
SIDES_PX, KEPT = (8, 12, 24, 28), "tr D = 16"
NONE = "–"


def spaced(interval: str) -> str:
    """Return "0.1 … 0.2" as "0.1 to 0.2", with a minus sign."""
    return signed(interval.replace("…", "to"))


def signed(text: str) -> str:
    return text.replace("-0", "−0")


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    lines = ["|".join(f" {cell} " if cell else " " for cell in line) for line in (columns, *rows)]
    return [f"|{line}|" for line in (lines[0], "|".join(["---"] * len(columns)), *lines[1:])]


def row_of(rows: Sequence[Told], method: str) -> Told | None:
    return next((row for row in rows if row["method"] == method), None)


def methods_table(told: Sequence[Told]) -> list[str]:
    """Every method that does not see the model: score and interval of each generator."""
    rows = []
    for method, name in NAMES.items():
        cells = [name]
        for one in told:
            found = row_of(one["methods"], method)
            cells += [NONE, NONE] if found is None else [_score(found), spaced(found["95 %"])]
        rows.append(cells)
    tops = [(f"{one['ceiling'][0]['highest LDS to expect']:.3f}", "") for one in told]
    rows.append(["highest score to expect", *(cell for pair in tops for cell in pair)])
    columns = ["method", *(cell for name in GENERATORS.values() for cell in (name, ""))]
    return markdown(columns, rows)


def gradients_table(told: Sequence[Told]) -> list[str]:
    """Every method that sees the model: score, interval, and the paired difference."""
    asked = {
        "TracIn": "TracIn",
        "TRAK, 1 model": "TRAK, 1 model",
        "TRAK": "TRAK (of so many models)",
        "D-TRAK": "D-TRAK (of so many models)",
    }
    rows = [
        [name, *(_paired(_most(one["influence"], method)) for one in told)]
        for method, name in asked.items()
    ]
    return markdown(["method", *GENERATORS.values()], rows)


def _most(rows: Sequence[Told], method: str) -> Told | None:
    """Return the row of a method, of as many models as it was measured with."""
    found = [row for row in rows if row["method"] == method]
    found += [row for row in rows if row["method"].startswith(f"{method}, ")]
    return max(found, key=lambda row: _models(row["method"]), default=None)


def _models(name: str) -> int:
    """Return how many models "TRAK, 5 models" has, 0 where none are named."""
    count = re.search(r", (\d+) model", name)
    return int(count[1]) if count else 0


def _paired(row: Told | None) -> str:
    if row is None:
        return NONE
    models = f" ({_models(row['method'])})" if _models(row["method"]) > 1 else ""
    less = signed(row[f"less {OWN}"]).replace("…", "to")
    return f"{_score(row)}{models}, {spaced(row['95 %'])}; {less}"


def bands_table(told: Sequence[Told]) -> list[str]:
    """The flows by thirds of their levels of noise."""
    flows = [
        (name, one)
        for name, one in zip(GENERATORS.values(), told, strict=True)
        if len(one["ceiling"]) > 2
    ]
    thirds = ("low noise", "middle", "high noise")
    rows = []
    for method in BANDS:
        found = [_most(one["bands"], method) for _, one in flows]
        if any(found):
            cells = [NONE if row is None else _first(row[third]) for row in found
                     for third in thirds]  # fmt: skip
            rows.append([NAMES.get(method, method), *cells])
    tops = [
        f"{_where(one['ceiling'], 'level', f'image, {third}')['highest LDS to expect']:.3f}"
        for _, one in flows
        for third in thirds
    ]
    columns = [f"{name.removeprefix('flow, ')}, {third}" for name, _ in flows for third in thirds]
    return markdown(["", *columns], [*rows, ["highest to expect", *tops]])


def choices_table(told: Sequence[Told]) -> list[str]:
    """The product's form, its parts and its numbers, one varied at a time."""
    rows: list[list[str]] = [
        [NAMES.get(method, method), *(_cell(row_of(one["influence"], method)) for one in told)]
        for method in CHOICES
    ]
    rows[0][1:] = [f"**{cell}**" for cell in rows[0][1:]]
    for sigma in SIGMAS:
        found = [_where(one["influence_sigmas"], "σ", sigma) for one in told]
        kept = " and ".join(map(str, sorted({row["tr D"] for row in found})))
        told_as = f"whole image alone, σ = {sigma:g} ({kept} directions)"
        rows.append([told_as, *map(_cell, found)])
    for side in SIDES_PX:
        found = [_where(one["influence_sides"], "side, px", side) for one in told]
        rows.append([f"whole image alone, 16 directions, {side} px",
                     *(f"{row[KEPT]:.3f}" for row in found)])  # fmt: skip
    found = [_where(one["influence_embedded"], "tr D of embeddings", EMBEDDED) for one in told]
    rows.append([f"on embeddings instead of pixels, {EMBEDDED:g} directions", *map(_cell, found)])
    return markdown(["", *GENERATORS.values()], rows)


def contributors_table(told: Sequence[Told]) -> list[str]:
    """The paper's credit by the number of contributors."""
    rows = []
    for k in ("1", "10", "30", "100", "all"):
        cells = [one["cells"][f"τ=1.0 k={k}"] for one in told]
        rows.append([k, *(signed(f"{c['lds']:.3f}, {c['low']:.3f} to {c['high']:.3f}")
                          for c in cells)])  # fmt: skip
    return markdown(["contributors", *GENERATORS.values()], rows)


def summed_table(told: Sequence[Told]) -> list[str]:
    """Scores of sums over all generated images."""
    rows = []
    for method in SUMMED:
        found = [row_of(one["methods"], method) for one in told]
        rows.append([NAMES[method], *(
            NONE if row is None else f"{signed(format(row['set level'], '.3f'))}, "
            f"{spaced(row['set level 95 %'])}" for row in found)])  # fmt: skip
    tops = [f"{one['ceiling'][1]['highest LDS to expect']:.3f}" for one in told]
    return markdown(["summed over the set", *GENERATORS.values()],
                    [*rows, ["highest to expect", *tops]])  # fmt: skip


TABLES: dict[str, Callable[[Sequence[Told]], list[str]]] = {
    "methods": methods_table, "gradients": gradients_table, "bands": bands_table,
    "choices": choices_table, "contributors": contributors_table, "summed": summed_table,
}  # fmt: skip


def _score(row: Told) -> str:
    return signed(f"{row['LDS']:.3f}")


def _cell(row: Told | None) -> str:
    return NONE if row is None else _score(row)


def _first(interval: str) -> str:
    """Return the value of "+0.123 (…)" without its sign, where that is a plus."""
    return signed(interval.split(" ")[0].removeprefix("+"))


def _where(rows: Sequence[Told], key: str, value: float | str) -> Told:
    return next(row for row in rows if row[key] == value)


def written(page: str, told: Sequence[Told]) -> str:
    """Return the page with each marked table in the place of the one that stood there."""

    def table(found: re.Match[str]) -> str:
        return f"{found[1]}\n\n" + "\n".join(TABLES[found[2]](told)) + "\n"

    return re.sub(r"(<!-- table (\w+) -->)\n\n(?:\|.*\n)*", table, page)


def main() -> None:
    """Write the tables of a page."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("page", type=Path)
    made.add_argument("--work", type=Path, default=Path("truth"))
    options = made.parse_args()
    told = [json.loads((options.work / "results" / f"{name}.json").read_text())
            for name in GENERATORS]  # fmt: skip
    options.page.write_text(written(options.page.read_text(), told))


if __name__ == "__main__":
    main()
