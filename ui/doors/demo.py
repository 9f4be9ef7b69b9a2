"""A cached door to the images that the repository carries for the demo."""

from __future__ import annotations

from gmv_core.demo.plan import generated_folder
from ui.doors.cached import data


@data(max_entries=1)
def examples() -> dict[str, bytes]:
    """Return an image of each kind that the demo's generator made, by what it shows."""
    kinds = sorted(folder for folder in generated_folder().iterdir() if folder.is_dir())
    return {kind.name: min(kind.glob("*.png")).read_bytes() for kind in kinds}
