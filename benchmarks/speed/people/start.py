"""How long people wait for the first answer of the command line: each call is a new process.

Beside each call stands its limit, the same process that only imports the libraries which the call
cannot do without, and the share of it that is reached. Processor time is less moved by other work
than the clock.

    python -m benchmarks.speed.people.start --workspace WORKSPACE --json  # one that `gmv demo` made
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core.demo.make import DEMO_RUN

ROOT = Path(__file__).parents[3]
TERMINAL = "typer, typer.rich_utils"
TABLES = "numpy, pandas, pyarrow, lance"
# call → (arguments of Python, what its limit imports, seconds of the clock that it may take)
CALLS = {
    "import gmv_core": (("-c", "import gmv_core"), "lazy_loader", 0.5),
    "gmv --help": (("-m", "gmv_core", "--help"), TERMINAL, 0.5),
    "gmv list": (("-m", "gmv_core", "list"), f"{TERMINAL}, {TABLES}", 1.0),
    "gmv show RUN": (("-m", "gmv_core", "show", DEMO_RUN), f"{TERMINAL}, {TABLES}", 1.0),
}


def timed(arguments: tuple[str, ...], workspace: Path) -> tuple[float, float]:
    """Return the seconds that a process takes, by the clock and of the processor."""
    before, started = os.times(), time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "GMV_HOME": str(workspace)},
    )  # fmt: skip
    clock, after = time.perf_counter() - started, os.times()
    own = after.children_user - before.children_user
    return clock, own + after.children_system - before.children_system


def main() -> None:
    options = parser(__doc__.split("\n")[0] if __doc__ else "").parse_args()
    if options.workspace is None:
        raise SystemExit("Give --workspace with the demo in it: python -m gmv_core demo")
    rounds = 3 if options.quick else 11
    rows: list[Row] = []
    for call, (arguments, needs, most) in CALLS.items():
        limit = ("-c", f"import {needs}")
        # In turns, so that other work meets both alike; the first of each fills the disk's cache.
        pairs = [[timed(one, options.workspace) for one in (arguments, limit)]
                 for _ in range(rounds + 1)][1:]  # fmt: skip
        (clock, own), (_, least) = (
            [statistics.median(pair[i][j] for pair in pairs) for j in (0, 1)] for i in (0, 1)
        )
        rows.append({
            "call": call, "wanted, s": most, "clock, s": round(clock, 2),
            "processor, s": round(own, 2), "its limit, s": round(least, 2),
            "reached": f"{least / own:.0%}",
        })  # fmt: skip
    print_table("The first answer of a new process", rows)
    finish(options, "start", {"rows": rows, "load": os.getloadavg()[0]})


if __name__ == "__main__":
    main()
