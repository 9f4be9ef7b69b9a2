"""What Ray adds to a build: time an image and memory of each worker, beside this process alone.

Every build is measured at two sizes. The time an image, of the clock and of the processors, is the
slope between them, so that starting Ray and loading the network in each process are told apart from
it. The workers' memory is the
largest that one of them held for itself (its unique set size), at each size.

    python -m benchmarks.speed.large.cluster --json
"""

from __future__ import annotations

import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.kit.datasets import cifar_names
from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core import BuildSettings, EmbedSettings, Workspace, build, open_source, ray_workers
from gmv_core.cluster.workers import Workers
from gmv_core.types import Progress

ALONE = "this process"


def worker_memory_mb() -> float:
    """Return what the largest of Ray's workers below this process holds for itself."""
    largest = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if process.name() in ("ray::_worked", "ray::IDLE"):
                largest = max(largest, process.memory_full_info().uss / 1e6)
        except psutil.Error:  # it has ended
            continue
    return largest


def processor_seconds() -> float:
    """Return the processor time of this process and all below it, Ray's own among them."""
    total = 0.0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        try:
            times = process.cpu_times()
            total += times.user + times.system
        except psutil.Error:  # it has ended
            continue
    return total


def measured(source: Path, folder: Path, workers: Workers | None) -> dict[str, float]:
    """Build once; return the seconds of the stage that is shared, of clock and processors, and the
    workers' memory."""
    memory, started = [0.0], processor_seconds()

    def report(step: Progress) -> None:
        if workers is not None and step.stage == "embed":
            memory.append(worker_memory_mb())

    settings = BuildSettings(embed=EmbedSettings("efficientnet-lite0", "fp32"))
    manifest = build(Workspace(folder), open_source(source), name="measured", settings=settings,
                     report=report, workers=workers)  # fmt: skip
    return {
        "seconds": manifest.seconds["embed"],
        "processor": processor_seconds() - started,
        "worker MB": max(memory),
    }


@contextmanager
def _workers(count: int) -> Iterator[Workers | None]:
    if not count:
        yield None
        return
    with ray_workers(machine_cpus=count) as workers:
        yield workers


def main() -> None:
    """Measure, print the table and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--sizes", type=int, nargs=2, default=[2000, 8000])
    made.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = made.parse_args()
    small, large = [128, 640] if options.quick else options.sizes
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in (small, large):
            with zipfile.ZipFile(options.cifar) as archive:
                names = cifar_names(options.cifar, size, seed=options.seed)
                archive.extractall(Path(folder) / str(size), names)
        for count in (0, *options.workers):
            started = time.perf_counter()
            with _workers(count) as workers:
                start = time.perf_counter() - started if count else 0.0
                found = {
                    size: measured(
                        Path(folder) / str(size), Path(folder) / f"{count}-{size}", workers
                    )
                    for size in (small, large)
                }
            clock, processor = (
                1000 * (found[large][kind] - found[small][kind]) / (large - small)
                for kind in ("seconds", "processor")
            )
            rows.append({
                "work by": f"{count} of Ray's workers" if count else ALONE,
                "start s": round(start, 1),
                f"{small:,} images s": round(found[small]["seconds"], 1),
                f"{large:,} images s": round(found[large]["seconds"], 1),
                "ms an image": round(clock, 2),
                "processor ms an image": round(processor, 2),
                f"worker MB at {small:,}": round(found[small]["worker MB"]),
                f"worker MB at {large:,}": round(found[large]["worker MB"]),
            })  # fmt: skip
    print_table("A build of small images by this process and by workers of Ray", rows)
    finish(options, "cluster", {"rows": rows})


if __name__ == "__main__":
    main()
