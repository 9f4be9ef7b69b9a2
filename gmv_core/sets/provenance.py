"""What a result was made with: versions of packages, and the memory that it took."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from gmv_core.store.workspace import Manifest

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


def note_memory(manifest: Manifest, stage: str) -> None:
    """Keep the most memory that was held by the end of a stage, of all processes that did it."""
    kept = manifest.setdefault("memory_mb", {})
    kept[stage] = max(kept.get(stage, 0.0), peak_memory_mb())
