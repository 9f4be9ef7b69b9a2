"""Peak memory of `python -m gmv_core build` at three sizes: it must not grow with the set.

Each build is a process of its own; its largest resident size is what the system reports when it
ends. The target is a difference of less than 300 MB.

    python -m benchmarks.speed.memory --json
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.kit.datasets import cifar_names, cut_zip
from benchmarks.kit.reporting import Row, finish, parser, print_table


def build_alone(source: Path, folder: Path) -> Row:
    """Build in a new process; return its peak memory and time."""
    command = [
        *(sys.executable, "-m", "gmv_core", "build", str(source), "--name", "measured"),
        *("--embedder", "efficientnet-lite0", "--workspace", str(folder), "--json"),
    ]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the build of {source.name} failed with status {status}")
    return {"peak MB": round(usage.ru_maxrss / 1024, 1),
            "seconds": round(time.perf_counter() - started, 1)}  # fmt: skip


def main() -> None:
    """Measure, print the table and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 50_000])
    options = made.parse_args()
    rows: list[Row] = []
    for size in [200, 1000] if options.quick else options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            names = cifar_names(options.cifar, size, seed=options.seed)
            source = cut_zip(options.cifar, names, Path(folder) / "images.zip")
            rows.append({"images": size, **build_alone(source, Path(folder) / "workspace")})
    peaks = [float(row["peak MB"]) for row in rows]
    difference = round(max(peaks) - min(peaks), 1)
    print_table("Peak memory of a build (target: they differ by less than 300 MB)", rows)
    print(f"\nThey differ by {difference} MB.")
    finish(options, "memory", {"rows": rows, "difference_mb": difference})


if __name__ == "__main__":
    main()
