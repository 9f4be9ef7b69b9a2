"""Sources by a path on the server, readable only under GMV_DATA_ROOTS."""

from __future__ import annotations

import os
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.sources.opening import open_source
from gmv_core.sources.source import Source

ROOTS = "GMV_DATA_ROOTS"  # folders, separated as in PATH


def data_roots() -> list[Path]:
    """Return the folders below which paths on the server may be read, none by default."""
    told = os.environ.get(ROOTS, "").split(os.pathsep)
    return [Path(path).expanduser().resolve() for path in told if path]


def open_on_server(path: str, *, reading: str = "", split: str = "") -> Source:
    """Open a path on the server, which must lie below one of `data_roots`; see `open_source`.

    Raises:
        SourceError: where it does not, or is no source of images.
    """
    roots = data_roots()
    try:
        # A relative path is that of the first root that has it; links are followed before judging.
        places = [root / Path(path.strip()).expanduser() for root in roots]
        place = next((p for p in places if p.exists()), next(iter(places), Path())).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # too long, no text, no such user's home
        raise SourceError(
            f"{path[:80]!r} is no path on this server ({error}); give a folder or file that is."
        ) from error
    if not path.strip() or not any(place == root or root in place.parents for root in roots):
        allowed = ", ".join(map(str, roots)) or f"none; start the app with {ROOTS}=FOLDER"
        raise SourceError(f"{path!r} is not below a folder that may be read here ({allowed}).")
    return open_source(place, reading=reading, split=split, within=roots)
