"""One screenshot of each page on the demo, 1440 px wide, light.

python -m benchmarks.making.screenshots docs/screenshots --workspace WORKSPACE
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.kit.app_server import Visit, launch, running
from gmv_core import Workspace
from gmv_core.demo.make import DEMO_SET, make_demo
from gmv_core.sets.layout import make_layout

PAGES = {
    "start": "",
    **{page: page for page in ("training_set", "contributors", "map", "values", "owners", "quality",
                               "noisy", "review", "compare", "criteria", "models")},
    "influence": "contributors?reading=Predicted+influence",
}  # fmt: skip
COLOURS = 256  # of the palette; less than 300 kB a page


def picture(page: Page) -> bytes:
    """Return the visible part as a PNG with a palette."""
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    file = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def main() -> None:
    """Build the demo where it is missing, visit the pages and write <page>.png."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("folder", type=Path)
    made.add_argument(
        "--workspace", type=Path, default=None, help="build the demo here and keep it"
    )
    options = made.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = (options.workspace or Path(folder, "home")).absolute()
        make_demo(Workspace(home))
        make_layout(Workspace(home), DEMO_SET)  # the map
        with running(home, Path(folder, "server.log")) as server, sync_playwright() as playwright:
            page = launch(playwright).new_page(
                viewport={"width": 1440, "height": 900}, color_scheme="light"
            )
            visit = Visit(page, server.url)
            for name, address in PAGES.items():
                visit.open(address)
                page.wait_for_load_state("networkidle")
                (options.folder / f"{name}.png").write_bytes(picture(page))
                print(options.folder / f"{name}.png")


if __name__ == "__main__":
    main()
