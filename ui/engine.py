"""Cached doors to the engine, keyed by what a result was made from."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import streamlit as st

from gmv_core import Contributor, Result, Workspace, open_run
from gmv_core.store import default_root


def workspace() -> Workspace:
    return Workspace(default_root())


def finished_runs() -> list[str]:
    return [run.name for run in workspace().runs() if run.manifest()["state"] == "ready"]


def open_result(name: str) -> Result:
    return open_run(workspace(), name)


def digest(result: Result) -> str:
    """Return what changes whenever the run's result does."""
    return f"{result.run.folder} {result.manifest['updated']}"


@st.cache_data(max_entries=8, show_spinner=False)
def tables(_result: Result, digest: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the generated table, and the values table with owners."""
    return _result.generated_table(), _result.values_table()


@st.cache_data(max_entries=256, show_spinner=False)
def contributors(_result: Result, digest: str, image: str) -> list[Contributor]:
    return _result.contributors(image)


@st.cache_data(max_entries=64, show_spinner=False)
def previews(_result: Result, digest: str, kind: str, rows: tuple[int, ...]) -> list[bytes]:
    """Return encoded previews of rows of the run's "training" or "generated" set."""
    images = _result.training if kind == "training" else _result.generated
    taken = images.images.take(np.array(rows, np.int64), ["preview"])
    return list(taken["preview"].to_pylist())


def make_demo() -> str:
    """Run the engine's demo command on this workspace; return its error, "" if it went well."""
    command = [sys.executable, "-m", "gmv_core", "demo", "--workspace", str(workspace().root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]
