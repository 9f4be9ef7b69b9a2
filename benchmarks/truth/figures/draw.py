"""Draw the plots of docs/results.md from the figures that the truth scripts saved.

Measures nothing. A plot whose script has not run is left out.

    python -m benchmarks.truth.figures.draw --work WORK --to docs/figures
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.kit.plot_style import Told, plt
from benchmarks.kit.work import parser
from benchmarks.truth.figures.retraining import datamodeling, removal, temperature
from benchmarks.truth.figures.similarity import class_share, noise, settling

DPI = 200  # 9 inches wide: 10 pt are 14 px where a page shows the plot at 900 px
PLOTS: dict[str, tuple[str, Callable[[Told], Figure]]] = {
    "truth-class-share": ("class_share", class_share),
    "truth-noise": ("noise", noise),
    "truth-lds": ("lds", datamodeling),
    "truth-temperature": ("lds", temperature),
    "truth-removal": ("removal", removal),
    "truth-settling": ("ablations", settling),
}


def draw(results: Path, to: Path) -> list[Path]:
    """Draw every plot whose figures lie in `results`, and return the files."""
    to.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name, (script, plot) in PLOTS.items():
        source = results / f"{script}.json"
        if not source.exists():
            print(f"{name}: {source} is not there, left out", file=sys.stderr)
            continue
        figure = plot(json.loads(source.read_text()))
        figure.set_layout_engine("constrained")
        figure.savefig(to / f"{name}.png", dpi=DPI)
        plt.close(figure)
        drawn.append(to / f"{name}.png")
    return drawn


def main() -> None:
    """Draw what there is and say where it lies."""
    made = parser(__doc__)
    made.add_argument("--to", type=Path, default=Path("docs/figures"))
    options = made.parse_args()
    for path in draw(options.work / "results", options.to):
        print(path)


if __name__ == "__main__":
    main()
