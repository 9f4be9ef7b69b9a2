"""Cached doors to loaded models, and to what they find of images dropped in just now."""

from __future__ import annotations

from gmv_core import MatchSettings
from gmv_core.matching.dropped import Dropped, match_dropped, open_matcher
from gmv_core.matching.matcher import Matcher
from gmv_core.results.result import settings_of
from gmv_core.sources.source import Source
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import ImageSet
from ui.doors.cached import data, resource


def dropped(training: ImageSet, run: RunManifest | None, source: Source) -> Dropped:
    """Return what the models find of a few images, matched as those of the run, if any."""
    return _dropped(training, run, source.fingerprint, source)


@data(max_entries=16)
def _dropped(
    training: ImageSet, run: RunManifest | None, fingerprint: str, _source: Source
) -> Dropped:
    return match_dropped(_matcher(training, run), _source, ingest=training.manifest().ingest)


@resource(max_entries=2)
def _matcher(training: ImageSet, run: RunManifest | None) -> Matcher:
    settings = settings_of(run) if run else MatchSettings()
    return open_matcher(training, settings, run=run)


def warm(training: ImageSet, run: RunManifest | None) -> None:
    """Load what dropped images will need, if it is not loaded yet."""
    _matcher(training, run)


def reranked(training: ImageSet, run: RunManifest | None) -> bool:
    """Return whether a matcher orders its candidates anew, by a distance of its own."""
    return _matcher(training, run).distance_key != "none"
