"""What the manifests of sets and runs hold: frozen records, read and written here alone.

A manifest is one JSON file, manifest.json, in the folder of its set or run. A field that is None is
not known yet, and not written. Equal keys since format 2; keys of later versions are passed over.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gmv_core.errors import GMVError, WorkspaceError
from gmv_core.settings import IngestSettings, ValueSettings
from gmv_core.store.files import write_json

FORMAT = 2
READY = "ready"
Spread = tuple[float, float, float]  # the 5th, 50th and 95th percentile


class SourceEntry(msgspec.Struct, frozen=True):
    """One source of a set. fingerprint: of its files; labels: digest of the label CSV, "" for none.

    first_row: of its images in the set. complete: it was read to its end. skipped: why → files.
    """

    kind: str
    location: str
    fingerprint: str
    labels: str = ""
    first_row: int = 0
    complete: bool = False
    skipped: dict[str, int] = {}


class EmbedderEntry(msgspec.Struct, frozen=True):
    """The embedder of a set. precision "own": it was given from Python."""

    key: str
    precision: str
    reason: str = ""
    dim: int | None = None
    has_features: bool | None = None


class IndexEntry(msgspec.Struct, frozen=True):
    """The index of a set. rows: of the embeddings that it covers; vectors: those not rejected.

    recall: share of the true `recall_at` nearest that it finds, measured on `queries` images.
    asked, seed: the settings that it was built with.
    """

    kind: str
    rows: int
    vectors: int
    bytes_per_vector: float
    recall: float
    recall_at: int
    nprobe: int
    overfetch: int
    queries: int
    seed: int
    asked: str


class Counts(msgspec.Struct, frozen=True):
    """Images of a set: all, those not rejected (ok), and what there is among the latter."""

    images: int
    ok: int
    rejected: int
    duplicates: int
    labels: int
    owners: int


class Typical(msgspec.Struct, frozen=True):
    """A set's typical images. grey: share of grey ones; the others: percentiles, in 0…255 or px."""

    grey: float
    darkest: Spread
    brightest: Spread
    mean: Spread
    side_px: Spread
    aspect: Spread


class LabelFit(msgspec.Struct, frozen=True):
    """How a label CSV fits the images of its source. examples: rows that fit none."""

    images_without_row: int
    rows_without_image: int
    examples: tuple[str, ...] = ()


class SetManifest(msgspec.Struct, frozen=True, kw_only=True):
    """An image set. state: "building" or READY. precisions: of the vectors, by embedder.

    seconds, memory_mb: by stage. counts, index, typical, updated: None before it was first READY;
    typical: None too where no image could be read. reused: of the call that returned it, never
    written: nothing was left to do.
    """

    format: int = FORMAT
    kind: str = "set"
    name: str
    created: str
    ingest: IngestSettings
    embedder: EmbedderEntry
    precisions: dict[str, str]
    sources: tuple[SourceEntry, ...]
    seconds: dict[str, float] = {}
    state: str
    memory_mb: dict[str, float] = {}
    index: IndexEntry | None = None
    counts: Counts | None = None
    typical: Typical | None = None
    labels: LabelFit | None = None
    peak_memory_mb: float | None = None
    versions: dict[str, str] | None = None
    updated: str | None = None
    reused: bool | None = None


class Part(msgspec.Struct, frozen=True):
    """A set that a run used, with its images then. own: it was built for this run alone."""

    name: str
    images: int
    own: bool | None = None


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """What the matches of a run were made from; until they are, only the distance is known.

    training, generated: stamps of the two sets. index: kind, nprobe and overfetch.
    exact_depth: the first so many distances of an image are exact.
    """

    training: str | None = None
    generated: str | None = None
    embedder: str = ""
    precision: str = ""
    index: dict[str, str | int] | None = None
    distance: str
    candidates: int = 0
    exact_depth: int = 0


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """What the qualities of a run were made from; until they are, only the metric is known."""

    training: str | None = None
    generated: str | None = None
    quality: str
    seed: int = 0


class Inputs(msgspec.Struct, frozen=True):
    """What a run's tables "matches" and "quality" were made from."""

    matches: Matching
    quality: Judging


class Totals(msgspec.Struct, frozen=True):
    """What a run comes to. value: Σφ, which is Σq. effective_contributors: their mean."""

    value: float
    quality: float
    contributors: int
    never_contributor: int
    effective_contributors: float


class RunManifest(msgspec.Struct, frozen=True, kw_only=True):
    """A run. state: "begun" (its generated set is being built), "running" or READY.

    reasons: why this embedder, distance and quality metric. shifts: how the generated set differs
    from the training set, in sentences. judges: the run that this one was made to judge.
    left_out: training images left out of a reading; it and reused are never written to a run.
    """

    format: int = FORMAT
    kind: str = "run"
    name: str
    state: str
    created: str
    training: Part
    generated: Part
    inputs: Inputs
    reasons: dict[str, str] = {}
    value: ValueSettings
    seconds: dict[str, float] = {}
    memory_mb: dict[str, float] = {}
    shifts: tuple[str, ...] = ()
    totals: Totals | None = None
    peak_memory_mb: float | None = None
    versions: dict[str, str] | None = None
    updated: str | None = None
    judges: str | None = None
    left_out: tuple[str, ...] | None = None
    reused: bool | None = None

    @property
    def matching(self) -> Matching:
        return self.inputs.matches

    @property
    def judging(self) -> Judging:
        return self.inputs.quality


Manifest = SetManifest | RunManifest
M = TypeVar("M", SetManifest, RunManifest)


class _Format(msgspec.Struct):
    format: Any = None


def read_manifest(path: Path, kind: type[M]) -> M:
    """Read a manifest file; raise WorkspaceError, one sentence, for whatever is wrong with it.

    Raises FileNotFoundError where there is none.
    """
    content = path.read_bytes()
    name = path.parent.name
    try:
        found = msgspec.json.decode(content, type=_Format).format
        if found != FORMAT:
            raise WorkspaceError(
                f"{name!r} was written in format {found}, this version reads format {FORMAT}; "
                "build it again."
            )
        document = msgspec.json.decode(content)
        if document.get("typical") == {}:  # no image could be read
            document["typical"] = None
        return msgspec.convert(document, kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            f"The manifest {path} is not readable ({error}); restore it or delete the folder."
        ) from error
    except WorkspaceError:
        raise
    except GMVError as error:  # settings that no version would write
        raise WorkspaceError(
            f"The manifest {path} holds what cannot be ({error}); restore it or delete the folder."
        ) from error


class _Named(msgspec.Struct):
    name: str


class _Uses(msgspec.Struct):
    training: _Named
    generated: _Named


def sets_used_by(path: Path) -> set[str] | None:
    """Return the names of the sets that a run's manifest names, whatever its version; else None."""
    try:
        uses = msgspec.json.decode(path.read_bytes(), type=_Uses)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return {uses.training.name, uses.generated.name}


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest aside, then rename it."""
    stored = msgspec.structs.replace(manifest, reused=None)
    write_json(path, as_json(stored))


def as_json(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as plain JSON values; what is not known yet is left out."""
    known: dict[str, Any] = _known(msgspec.to_builtins(manifest))
    return known


def _known(value: Any) -> Any:  # noqa: ANN401  (any JSON)
    if isinstance(value, dict):
        return {key: _known(v) for key, v in value.items() if v is not None}
    return value
