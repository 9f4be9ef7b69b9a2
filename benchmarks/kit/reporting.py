"""What the scripts share for telling: options, timing by medians, a table, one JSON line."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Cell = str | int | float
Row = Mapping[str, Cell]


def parser(what: str) -> argparse.ArgumentParser:
    """Return a parser with the options that every script has."""
    made = argparse.ArgumentParser(description=what)
    made.add_argument("--quick", action="store_true", help="a small size that shows it still runs")
    made.add_argument("--json", action="store_true", help="print one JSON line last")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument(
        "--cifar",
        type=Path,
        default=Path("../shared/data/cifar10-train.zip"),
        help="zip of CIFAR-10's training images in class folders",
    )
    made.add_argument(
        "--fashion",
        type=Path,
        default=Path("/usr/share/datasets/fashion-mnist"),
        help="folder of Fashion-MNIST's IDX files",
    )
    made.add_argument(
        "--workspace", type=Path, default=None, help="keep the built sets here and use them again"
    )
    return made  # fmt: skip


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_seconds(work: Callable[[], object], runs: int) -> float:
    """Return the median time of `runs` calls, after one that is not counted."""
    work()
    return statistics.median(seconds_of(work) for _ in range(runs))


def has_bf16() -> bool:
    """Return whether this processor computes in bf16."""
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def print_table(title: str, rows: Sequence[Row]) -> None:
    """Print rows under their keys as a Markdown table; floats must come rounded."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [columns] + [[_text(row.get(column, "")) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    print(f"\n{title}\n")
    for number, line in enumerate(lines):
        cells = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        print(f"| {' | '.join(cells)} |")
        if number == 0:
            print(f"|{'|'.join('-' * (width + 2) for width in widths)}|")


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.4g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def finish(options: argparse.Namespace, script: str, figures: Mapping[str, Any]) -> None:
    """Print the figures as one JSON line if it was asked for."""
    if options.json:
        machine = {"machine": platform.machine(), "cores": os.cpu_count(),
                   "python": platform.python_version()}  # fmt: skip
        told = {"script": script, "quick": options.quick, **machine, **figures}
        print(json.dumps(told, default=float))
