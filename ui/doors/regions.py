"""Cached doors to which regions match: what is loaded once for a training set, and the maps."""

from __future__ import annotations

from dataclasses import replace

from gmv_core import Result
from gmv_core.images.decode import pixels_of
from gmv_core.matching.regions import has_regions
from gmv_core.results.regions.maps import (
    RegionReader,
    Regions,
    open_regions,
    regions,
    regions_of_pixels,
)
from ui.doors import engine
from ui.doors.cached import data, resource


def there(result: Result) -> bool:
    """Return whether what regions need of the run's training set is stored."""
    return has_regions(result.training)


def _reader(result: Result) -> RegionReader:
    # One for all readings of a run: k and temperature change no region.
    whole = engine.open_result(result.run.name, result.manifest.value)
    return replace(_opened(whole), result=result)


@resource(max_entries=2, show_spinner="Loading what the maps need …")
def _opened(result: Result) -> RegionReader:
    return open_regions(result)


@data(max_entries=32, show_spinner="Comparing regions …")
def of_image(result: Result, image: str, against: str) -> Regions:
    """Return the maps of a run's generated image and a training image, by their names."""
    return regions(_reader(result), image, against)


@data(max_entries=32, show_spinner="Comparing regions …")
def of_preview(result: Result, preview: bytes, against: str, name: str) -> Regions:
    """Return the same for an image that is in no set."""
    return regions_of_pixels(_reader(result), pixels_of(preview), against, name=name)
