"""Sources by a path on the server, or by an address, readable only under GMV_DATA_ROOTS."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from gmv_core.errors import SourceError, without_secrets
from gmv_core.sources.addresses.address import Address, is_address
from gmv_core.sources.opening import open_source
from gmv_core.sources.source import Source

ROOTS = "GMV_DATA_ROOTS"  # folders and addresses, separated as in PATH
_PORT = re.compile(r"\d+(/|$)")


def data_roots() -> list[Path]:
    """Return the folders below which paths on the server may be read, none by default."""
    return [Path(told).expanduser().resolve() for told in _told() if not is_address(told)]


def address_roots() -> list[str]:
    """Return the addresses below which others may be read, none by default; each ends in "/"."""
    return [f"{Address.of(told)}/" for told in _told() if is_address(told)]


def roots() -> list[str]:
    """Return all of them as a person reads them, none by default."""
    return [*map(str, data_roots()), *address_roots()]


def _told() -> list[str]:
    """Return the roots as they stand: a colon of an address separates nothing."""
    roots: list[str] = []
    for part in os.environ.get(ROOTS, "").split(os.pathsep):
        last = roots[-1] if roots else ""
        host = last.partition("://")[2]
        if os.pathsep == ":" and (
            (part.startswith("//") and last.isalnum())
            or (host and "/" not in host and ":" not in host and _PORT.match(part))
        ):
            roots[-1] = f"{last}:{part}"
        elif part:
            roots.append(part)
    return roots


def _open_below(given: str, *, reading: str, split: str) -> Source:
    """Open an address below one of `address_roots`."""
    address, below = Address.of(given), address_roots()
    plain = unquote(unquote(address.text))
    odd = {"..", "."} & set(plain.split("/")) or set("?#@\\") & set(plain)
    if odd or not any(f"{address.text}/".startswith(root) for root in below):
        allowed = ", ".join(below) or f"none; start the app with {ROOTS}=s3://BUCKET/FOLDER"
        raise SourceError(
            f"{without_secrets(given)!r} is not below an address that may be read here ({allowed})."
        )
    return open_source(address.text, reading=reading, split=split)


def open_on_server(path: str, *, reading: str = "", split: str = "") -> Source:
    """Open a path on the server, or an address, below one of the roots; see `open_source`.

    Raises:
        SourceError: where it does not, or is no source of images.
    """
    if is_address(path.strip()):
        return _open_below(path.strip(), reading=reading, split=split)
    folders = data_roots()
    try:
        # A relative path is that of the first root that has it; links are followed before judging.
        places = [root / Path(path.strip()).expanduser() for root in folders]
        place = next((p for p in places if p.exists()), next(iter(places), Path())).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # too long, no text, no such user's home
        raise SourceError(
            f"{path[:80]!r} is no path on this server ({error}); give a folder or file that is."
        ) from error
    if not path.strip() or not any(place == root or root in place.parents for root in folders):
        allowed = ", ".join(map(str, folders)) or f"none; start the app with {ROOTS}=FOLDER"
        raise SourceError(f"{path!r} is not below a folder that may be read here ({allowed}).")
    return open_source(place, reading=reading, split=split, within=folders)
