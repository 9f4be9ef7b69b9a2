"""Cached doors to the engine. What is cached is keyed by what a result was made from."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256

import numpy as np
import pandas as pd
import streamlit as st

from gmv_core import Contributor, Result, ValueSettings, Workspace, open_run
from gmv_core.store import Manifest, default_root


def workspace() -> Workspace:
    """Return the workspace that this app serves."""
    return Workspace(default_root())


def finished_runs() -> dict[str, Manifest]:
    """Return the manifests of the runs that can be looked at by name, the newest first."""
    manifests = [run.manifest() for run in workspace().runs()]
    ready = [m for m in manifests if m["state"] == "ready"]
    return {m["name"]: m for m in sorted(ready, key=lambda m: m["updated"], reverse=True)}


def open_result(name: str, settings: ValueSettings) -> Result:
    """Open a run under these settings."""
    return open_run(workspace(), name, settings=settings)


def key(result: Result) -> str:
    """Return what changes whenever the result or its settings do: the key of every cache."""
    left_out = np.sort(np.fromiter(result.without, np.int64, len(result.without)))
    digest = sha256(left_out.tobytes()).hexdigest() if result.without else ""
    return f"{result.run.folder} {result.manifest['updated']} {asdict(result.settings)} {digest}"


@st.cache_data(max_entries=16, show_spinner=False)
def generated_table(key: str, _result: Result) -> pd.DataFrame:
    """Return one row a generated image."""
    return _result.generated_table()


@st.cache_data(max_entries=8, show_spinner=False)
def values_table(key: str, _result: Result) -> pd.DataFrame:
    """Return one row a training image."""
    return _result.values_table()


@st.cache_data(max_entries=256, show_spinner=False)
def contributors(key: str, _result: Result, image: str) -> list[Contributor]:
    """Return the contributors of one generated image."""
    return _result.contributors(image)


@st.cache_data(max_entries=64, show_spinner=False)
def previews(key: str, _result: Result, kind: str, rows: tuple[int, ...]) -> list[bytes]:
    """Return encoded previews of rows of the run's "training" or "generated" set."""
    images = _result.training if kind == "training" else _result.generated
    taken = images.images.take(np.array(rows, np.int64), ["preview"])
    return list(taken["preview"].to_pylist())
