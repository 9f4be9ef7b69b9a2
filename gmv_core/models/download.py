"""Fetch a model's weights: the only door to a download."""

from __future__ import annotations

from collections.abc import Callable

from gmv_core.errors import ModelError
from gmv_core.models import weights
from gmv_core.models.catalogue import (
    MODELS,
    PYIQA,
    ModelRow,
    missing_packages,
    row_of,
    what_it_takes,
)
from gmv_core.models.choice import MANIQA_SIDE_PX, OPEN, resolve_quality
from gmv_core.models.embedders import from_open_clip, from_timm
from gmv_core.models.quality import pyiqa_metrics


def download(key: str) -> ModelRow:
    """Fetch a model's weights; this is the only function that may reach the network.

    key: of the table, or an open form (open_clip:MODEL:TAG, timm:NAME, a metric of pyiqa).
    Raises ModelError where a package is missing or the hub cannot be reached.
    """
    if key in MODELS:
        if MODELS[key].where() is not None:
            return row_of(key)
        fetch = MODELS[key].download
        if missing_packages(key) or fetch is None:
            raise ModelError(f"{key} needs a package that is not installed; {what_it_takes(key)}.")
        _fetch(key, fetch)
        return row_of(key)
    if key.startswith(OPEN):
        library = from_timm if key.startswith("timm:") else from_open_clip
        _fetch(key, lambda: library.fetch(key))
        return ModelRow(key, "embed", key, None, "", "see its model card", True, "", "")
    resolve_quality(key, MANIQA_SIDE_PX)
    _fetch(key, lambda: pyiqa_metrics.build(key))
    return ModelRow(key, "quality", key, None, PYIQA, "see its authors' page", True, "", "")


def _fetch(key: str, fetch: Callable[[], object]) -> None:
    try:
        with weights.quiet():
            fetch()
    except ModelError:
        raise
    except Exception as error:  # every hub's client has a tree of errors of its own
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"{key} could not be downloaded: {reason[:200].rstrip('.')}. Check the connection and "
            "run the command again, or copy the file from a machine that has it."
        ) from error
