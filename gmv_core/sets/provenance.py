"""What a result was made with: versions of packages, and the time and memory of each stage."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Generic

from msgspec.structs import replace

from gmv_core.store.files import now
from gmv_core.store.manifests import READY, M

PACKAGES = ("torch", "timm", "openvino", "faiss-cpu", "pylance", "pyiqa", "numpy", "pillow")


def versions() -> dict[str, str]:
    """Return the versions of what a result depends on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def peak_memory_mb() -> float:
    """Return the largest memory this process has held, in MB (0 where the system does not say)."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 if platform.system() != "Darwin" else 1024**2), 1)


class Stages(Generic[M]):
    """The stages of a build or a run: their time and memory, kept in its manifest as they pass.

    manifest: as it stands. write: keeps it on disk. What an interrupted process took is added to.
    """

    def __init__(self, manifest: M, write: Callable[[M], None]) -> None:
        self.manifest: M = manifest
        self._write: Callable[[M], None] = write

    def change(self, **fields: Any) -> None:  # noqa: ANN401  (any field of the manifest)
        """Give fields of the manifest other values; they are written with the next commit."""
        self.manifest = replace(self.manifest, **fields)

    @contextmanager
    def stage(self, name: str, *, anew: bool = False) -> Iterator[Callable[[], None]]:
        """Record a stage, and hand out what records it so far and writes the manifest.

        anew: it does all of its work again, so that the time of an earlier process is not its own.
        """
        started = time.perf_counter()
        before = 0.0 if anew else self.manifest.seconds.get(name, 0.0)

        def note() -> None:
            seconds = round(before + time.perf_counter() - started, 3)
            memory = max(self.manifest.memory_mb.get(name, 0.0), peak_memory_mb())
            self.change(
                seconds={**self.manifest.seconds, name: seconds},
                memory_mb={**self.manifest.memory_mb, name: memory},
            )

        def commit() -> None:
            note()
            self._write(self.manifest)

        yield commit
        note()

    def finish(self, stamp: str | None = None, *, state: str = READY) -> M:
        """Write the manifest as finished, with what it was made with, and return it.

        stamp: the time of its last change, now by default.
        """
        self.change(
            peak_memory_mb=peak_memory_mb(),
            versions=versions(),
            state=state,
            updated=stamp or now(),
        )
        self._write(self.manifest)
        return self.manifest
