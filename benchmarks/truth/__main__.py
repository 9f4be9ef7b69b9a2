"""Run every truth script in the order in which one needs what another made.

python -m benchmarks.truth --quick    # minutes
python -m benchmarks.truth --workspace WORKSPACE --work WORK    # hours
"""

from __future__ import annotations

import sys
import time
from importlib import import_module

from benchmarks.kit.work import parser, save

SCRIPTS = {
    "generators": "generators.train",
    "class_share": "ablations.class_share",
    "noise": "noise.run",
    "baselines": "retraining.baselines",
    "removal": "retraining.removal",
    "lds": "retraining.lds",
    "owners": "retraining.owners",
    "ablations": "ablations.run",
}


def main() -> None:
    """Run the scripts; the sets that they build are shared, in the work folder if not elsewhere."""
    options = parser(__doc__).parse_args()
    if options.workspace is None:
        options.workspace = options.work / "workspace"
    for name, module in SCRIPTS.items():
        started = time.perf_counter()
        print(f"\n# {name}", flush=True)
        script = import_module(f"benchmarks.truth.{module}")  # lazily: its libraries are its own
        save(options, name, script.run(options))
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
