"""One generated image of the demo and the training images closest to it, before anything is built.

`assets/demo/first_look.json` names them: what the demo's result found, written by
`python -m benchmarks.making.first_look`. The training images are drawn here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from gmv_core.demo.plan import Portrait, draw_portrait, generated_folder, png_bytes, portraits
from gmv_core.place import app_folder

FILE = app_folder() / "assets" / "demo" / "first_look.json"


@dataclass(frozen=True)
class FirstLook:
    """A generated image, PNG; its closest training images, nearest first, each with its PNG."""

    generated: bytes
    closest: tuple[tuple[Portrait, bytes], ...]


def first_look() -> FirstLook:
    """Return the generated image of the highest quality and the training images closest to it."""
    named = json.loads(FILE.read_text(encoding="utf-8"))
    drawn = {portrait.name: portrait for portrait in portraits()}
    return FirstLook(
        (generated_folder() / named["generated"]).read_bytes(),
        tuple((drawn[name], png_bytes(draw_portrait(drawn[name]))) for name in named["closest"]),
    )
