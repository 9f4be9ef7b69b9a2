"""A step of a script in a process of its own: what it printed, and what it took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def run_alone(module: str, arguments: Sequence[str]) -> tuple[str, dict[str, float]]:
    """Run `python -m module` to its end; return its output, and seconds, processor s and peak MB.

    Raises SystemExit where it fails.
    """
    command = [sys.executable, "-m", module, *arguments]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed with status {status}")
    return output, {
        "seconds": round(time.perf_counter() - started, 1),
        "processor s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak MB": round(usage.ru_maxrss / 1024),
    }
