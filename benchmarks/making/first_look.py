"""assets/demo/first_look.json: the row of images on Start, as the demo's result found it.

python -m benchmarks.making.first_look --workspace WORKSPACE
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from gmv_core import Workspace, open_run
from gmv_core.demo.first_look import FILE
from gmv_core.demo.make import DEMO_RUN, make_demo
from gmv_core.jobs.overview import example

CLOSEST = 5


def main() -> None:
    """Make the demo where it is missing, and write which images are its first look."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--workspace", type=Path, required=True, help="where the demo is, or goes")
    workspace = Workspace(made.parse_args().workspace.absolute())
    make_demo(workspace)
    found = example(open_run(workspace, DEMO_RUN), count=CLOSEST)
    closest = [contributor.training for contributor, _ in found.contributors]
    told = {"generated": found.generated, "closest": closest}
    FILE.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
