"""An image set as a notebook shows it."""

from __future__ import annotations

from gmv_core.errors import WorkspaceError
from gmv_core.images.strip import MOST, Picture, strip_html
from gmv_core.store.columns import previews, sample_rows
from gmv_core.store.manifests import EMPTY, READY
from gmv_core.store.workspace import ImageSet
from gmv_core.words import counted


def set_html(images: ImageSet) -> str:
    """Return what a set holds and a sample of its images.

    Of an unfinished, broken or missing set, the sentence that says so.
    """
    try:
        return _ready_html(images)
    except WorkspaceError as problem:
        return strip_html(str(problem), [])


def _ready_html(images: ImageSet) -> str:
    manifest = images.manifest()
    counts = manifest.counts
    if manifest.state == EMPTY:
        return strip_html(f"No image of the set {images.name!r} could be read.", [])
    if manifest.state != READY or counts is None:
        return strip_html(f"The set {images.name!r} is unfinished.", [])
    about = [counted(counts.ok, "image")]
    kinds = {"label": counts.labels, "owner": counts.owners}
    about += [counted(count, kind) for kind, count in kinds.items() if count]
    rows = sample_rows(images, MOST)
    names = images.images.take(rows, ["name"])["name"].to_pylist()
    pictures = zip(previews(images, rows), names, strict=True)
    return strip_html(
        f"{images.name}: {', '.join(about)}", [Picture(image, (name,)) for image, name in pictures]
    )
