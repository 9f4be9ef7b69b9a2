"""Cached doors to the engine. What is cached is keyed by what a result was made from.

Tables with a row an image are shared by all sessions and never changed: a copy of a million rows at
every rerun would cost seconds.
"""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256

import numpy as np
import pandas as pd
import streamlit as st

from gmv_core import Contributor, MatchSettings, Result, ValueSettings, Workspace, open_run
from gmv_core.images.thumbnails import thumbnail
from gmv_core.jobs.overview import training_sets
from gmv_core.matching.dropped import Dropped, match_dropped, open_matcher
from gmv_core.matching.matcher import Matcher
from gmv_core.results.result import GENERATED_COLUMNS, VALUE_COLUMNS, settings_of
from gmv_core.sources.source import Source
from gmv_core.store.columns import previews
from gmv_core.store.manifests import READY, RunManifest, SetManifest
from gmv_core.store.records import newest_runs
from gmv_core.store.workspace import ImageSet, default_root


def workspace() -> Workspace:
    """Return the workspace that this app serves."""
    return Workspace(default_root())


def finished_runs() -> dict[str, RunManifest]:
    """Return the manifests of the runs that can be looked at by name, the newest first.

    Those made to judge another one come last; those that cannot be read are left out, the start
    page names them.
    """
    ready = [m for m in newest_runs(workspace().runs()) if m.state == READY]
    return {m.name: m for m in ready}


def finished_sets() -> dict[str, SetManifest]:
    """Return the manifests of the sets that images can be compared with, the newest first."""
    ready = [m for m in training_sets(workspace()) if m.state == READY and m.typical]
    return {m.name: m for m in ready}


def open_result(name: str, settings: ValueSettings) -> Result:
    """Open a run under these settings."""
    return open_run(workspace(), name, settings=settings)


def key(result: Result) -> str:
    """Return what changes whenever the result or its settings do: the key of every cache."""
    left_out = np.sort(np.fromiter(result.without, np.int64, len(result.without)))
    digest = sha256(left_out.tobytes()).hexdigest() if result.without else ""
    return f"{result.run.folder} {result.manifest.updated} {asdict(result.settings)} {digest}"


@st.cache_data(max_entries=256, show_spinner=False)
def contributors(key: str, _result: Result, image: str) -> list[Contributor]:
    """Return the contributors of one generated image."""
    return _result.contributors(image)


@st.cache_resource(max_entries=16, show_spinner=False)
def generated_gallery(key: str, _result: Result) -> pd.DataFrame:
    """Return the generated images that could be read, with their label and row "id"."""
    table = _result.generated_table((*GENERATED_COLUMNS, "id", "label", "status"))
    return table[table["status"] == "ok"].rename(columns={"generated": "name"})


@st.cache_resource(max_entries=8, show_spinner=False)
def training_gallery(key: str, _result: Result) -> pd.DataFrame:
    """Return the training images that could be read, with their value and row "id"."""
    return _result.values_table((*VALUE_COLUMNS, "id")).rename(columns={"training": "name"})


@st.cache_data(max_entries=64, show_spinner=False)
def generated_of(key: str, _result: Result, training: str) -> list[Contributor]:
    """Return the generated images that a training image contributed to."""
    return _result.generated_of(training)


def set_key(images: ImageSet) -> str:
    """Return what changes whenever a set does."""
    return f"{images.folder} {images.manifest().updated}"


@st.cache_data(max_entries=64, show_spinner=False)
def thumbnails(set_key: str, _images: ImageSet, rows: tuple[int, ...]) -> list[bytes]:
    """Return small encoded images of rows of a set."""
    return [thumbnail(preview) for preview in previews(_images, np.array(rows, np.int64))]


@st.cache_data(max_entries=64, show_spinner=False)
def preview(set_key: str, _images: ImageSet, row: int) -> bytes:
    """Return the stored preview of one row of a set."""
    return previews(_images, np.array([row], np.int64))[0]


@st.cache_data(max_entries=8, show_spinner=False)
def owners(set_key: str, _images: ImageSet) -> list[str]:
    """Return the owners of a set's images, in alphabetical order."""
    return sorted(set(_images.images.read(["owner"])["owner"].unique().to_pylist()) - {"", None})


@st.cache_data(max_entries=16, show_spinner=False)
def dropped(
    matcher_key: str,
    fingerprint: str,
    _source: Source,
    _training: ImageSet,
    _run: RunManifest | None,
) -> Dropped:
    """Return what the models find of images dropped in just now."""
    ingest = _training.manifest().ingest
    loaded = _matcher(matcher_key, _training, _run)
    return match_dropped(loaded, _source, ingest=ingest)


@st.cache_resource(max_entries=2, show_spinner=False)
def _matcher(matcher_key: str, _training: ImageSet, _run: RunManifest | None) -> Matcher:
    settings = settings_of(_run) if _run else MatchSettings()
    return open_matcher(_training, settings, run=_run)


def matcher_key(training: ImageSet, run: RunManifest | None) -> str:
    """Return what a matcher depends on: the set's state and the settings of the run, if any."""
    return f"{set_key(training)} {run.inputs if run else MatchSettings()}"


def warm(training: ImageSet, run: RunManifest | None) -> None:
    """Load what dropped images will need, if it is not loaded yet."""
    _matcher(matcher_key(training, run), training, run)


def reranked(matcher_key: str, training: ImageSet, run: RunManifest | None) -> bool:
    """Return whether a matcher orders its candidates anew, by a distance of its own."""
    return _matcher(matcher_key, training, run).distance_key != "none"
