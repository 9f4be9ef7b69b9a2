"""Cached doors to loaded models, and to what they find of images dropped in just now.

A picture that may be in a training set is looked for by them, too.
"""

from __future__ import annotations

from gmv_core.matching.dropped import Dropped, match_dropped
from gmv_core.matching.matcher import Matcher
from gmv_core.results.opening import open_matcher
from gmv_core.sources.labels import labels_for
from gmv_core.sources.source import Source
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.finding import Finder, Sought, find_picture, open_finder
from ui.doors.cached import data, resource


def dropped(training: ImageSet, run: RunManifest | None, source: Source) -> Dropped:
    """Return what the models find of a few images, matched as those of the run, if any."""
    labels = labels_for(source)
    told = f"{source.fingerprint} {labels.digest if labels else ''}"
    return _dropped(training, run, told, source)


@data(max_entries=16)
def _dropped(training: ImageSet, run: RunManifest | None, told: str, _source: Source) -> Dropped:
    return match_dropped(_matcher(training, run), _source, ingest=training.manifest().ingest)


@resource(max_entries=2)
def _matcher(training: ImageSet, run: RunManifest | None) -> Matcher:
    return open_matcher(training, run=run)


def warm(training: ImageSet, run: RunManifest | None) -> None:
    """Load what dropped images will need, if it is not loaded yet."""
    _matcher(training, run)


def reranked(training: ImageSet, run: RunManifest | None) -> bool:
    """Return whether a matcher orders its candidates anew, by a distance of its own."""
    return _matcher(training, run).distance_key != "none"


@data(max_entries=16, show_spinner="Looking for the picture …")
def sought(training: ImageSet, content: bytes) -> Sought:
    """Return what is found of a picture in a training set, by the bytes of its file."""
    return find_picture(_finder(training), content)


@resource(max_entries=2, show_spinner="Loading what finding needs …")
def _finder(training: ImageSet) -> Finder:
    return open_finder(training)
