"""Where weights lie on this disk, and the guard under which a library may read them.

Nothing here loads a model. Only `reach_hub` opens a connection, and only what download.py
fetches with calls it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_LOADING = threading.RLock()


class DownloadRefused(OSError):
    """A library wanted to fetch a file that nobody asked for."""


@contextlib.contextmanager
def on_disk_only() -> Iterator[list[str]]:
    """Let no library download, run code from a checkpoint, or print on stdout while it loads.

    Yields the hosts that were refused: a library may swallow the refusal and go on with random
    weights. Name resolution fails in this thread only, so a server around us goes on working.
    """
    import huggingface_hub.constants as hub

    resolve, thread, refused = socket.getaddrinfo, threading.get_ident(), list[str]()

    def refuse(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (socket.getaddrinfo's own)
        if threading.get_ident() == thread:
            refused.append(str(args[0]))
            raise DownloadRefused(f"a download from {args[0]} was not asked for")
        return resolve(*args, **kwargs)

    with _LOADING, quiet():
        was_offline = hub.HF_HUB_OFFLINE
        hub.HF_HUB_OFFLINE, socket.getaddrinfo = True, refuse
        try:
            yield refused
        finally:
            hub.HF_HUB_OFFLINE, socket.getaddrinfo = was_offline, resolve


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send a library's prints to stderr and make every torch.load one of weights only."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def wanted_download(error: BaseException | None) -> bool:
    """Whether an error under `on_disk_only` comes from a file that is not on this disk."""
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled

    while error is not None:
        if isinstance(error, DownloadRefused | LocalEntryNotFoundError | OfflineModeIsEnabled):
            return True
        error = error.__cause__ or error.__context__
    return False


def torch_hub_folder() -> Path:
    """Return torch hub's folder as torch.hub.get_dir() would, without importing torch."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(os.environ.get("TORCH_HOME", f"{cache}/torch")).expanduser() / "hub"


def hub_file(repo: str, names: Sequence[str]) -> Path | None:
    """Return the first of `names` of a hub repository that is in the cache, or None."""
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(repo, name) for name in names)
    return next((Path(path) for path in found if isinstance(path, str)), None)


def digest(path: Path) -> str:
    """Return the first 12 hexadecimal digits of a file's SHA-256."""
    stat = path.stat()
    return _digest(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _digest(path: Path, size_bytes: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def package_file(package: str, inside: str) -> Path | None:
    """Return a data file of an installed package, or None; the package is not imported."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    path = Path(next(iter(folders))) / inside if folders else None
    return path if path is not None and path.is_file() else None


def reach_hub() -> None:
    """Fail at once where there is no way to the hub: its client would try for a minute."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies

    import huggingface_hub.constants as hub

    address = urlsplit(hub.ENDPOINT)
    if getproxies():
        return
    try:
        port = address.port or {"http": 80}.get(address.scheme, 443)
        socket.create_connection((address.hostname, port), timeout=10).close()
    except OSError as error:
        raise ConnectionError(f"{address.hostname} cannot be reached ({error})") from error
