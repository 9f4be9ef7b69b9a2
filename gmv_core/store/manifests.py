"""What the manifests of sets and runs hold: frozen records; see manifest_files.py for their files.

A field that is None is not known yet, and not written.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from gmv_core.settings import IngestSettings, ValueSettings

FORMAT = 2
READY = "ready"
EMPTY = "empty"  # of a set: finished, but none of its images could be read
Spread = tuple[float, float, float]  # the 5th, 50th and 95th percentile


class SourceEntry(msgspec.Struct, frozen=True):
    """One source of a set. fingerprint: of its files; labels: digest of the label CSV, "" for none.

    first_row: of its images in the set. complete: it was read to its end. skipped: why → files.
    reading, split: how it was read, where there was a choice. labels_from: where its labels came
    from, as words; labelled: how many of its `images` got one (None: not counted). renamed: images
    that were kept under another name, because others of the set had theirs.
    """

    kind: str
    location: str
    fingerprint: str
    labels: str = ""
    first_row: int = 0
    complete: bool = False
    skipped: dict[str, int] = {}
    reading: str = ""
    split: str = ""
    labels_from: str = ""
    images: int | None = None
    labelled: int | None = None
    renamed: int = 0


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
    """Images of a set: all rows, those in use (ok), and what there is among these.

    rejected: could not be read. removed: taken out since.
    """

    images: int
    ok: int
    rejected: int
    duplicates: int
    labels: int
    owners: int
    removed: int = 0


class Typical(msgspec.Struct, frozen=True):
    """A set's typical images. grey: share of grey ones; the others: percentiles, in 0…255 or px."""

    grey: float
    darkest: Spread
    brightest: Spread
    mean: Spread
    side_px: Spread
    aspect: Spread


class LabelFit(msgspec.Struct, frozen=True):
    """How label tables fit the images of their source. examples: rows that fit none.

    images: of the source (None: not counted). by_stem: those whose row has another suffix.
    refused: those that take no row, because another image of that name has it. shared_rows: those
    that take the same row as another image.
    """

    images_without_row: int
    rows_without_image: int
    examples: tuple[str, ...] = ()
    images: int | None = None
    by_stem: int = 0
    refused: int = 0
    shared_rows: int = 0


class SetManifest(msgspec.Struct, frozen=True, kw_only=True):
    """An image set. state: "building", READY or EMPTY. precisions: of the vectors, by embedder.

    seconds, memory_mb: by stage. counts, index, typical, updated: None before it was first READY;
    typical: None too where no image could be read. notes: what was done to images → how many.
    files: what the build left, by place in the set's folder → bytes.
    reused: of the call that returned it, never written: nothing was left to do. asked_index: the
    kind of index that its build was asked for, known from the beginning.
    removed_at: when images were last taken out of it, None for never. grew_from: its last stamps
    since when rows were only added.
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
    notes: dict[str, int] = {}
    files: dict[str, int] = {}
    peak_memory_mb: float | None = None
    versions: dict[str, str] | None = None
    updated: str | None = None
    reused: bool | None = None
    asked_index: str | None = None
    labelled: str | None = None  # when labels were given after it was built
    removed_at: str | None = None
    grew_from: tuple[str, ...] = ()

    @property
    def stamp(self) -> str:
        """What changes whenever the set is built anew or grows."""
        # The sources tell two sets apart that were made at the same time by the clock.
        sources = " ".join(source.fingerprint for source in self.sources)
        return f"{self.name} {self.created} {self.updated} {sources}"


class Part(msgspec.Struct, frozen=True):
    """A set that a run used, with its images then. own: it was built for this run alone."""

    name: str
    images: int
    own: bool | None = None


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """What the matches of a run were made from; until they are, only the distance is known.

    training, generated: stamps of the two sets. index: kind, nprobe and overfetch.
    exact_depth: the first so many distances of an image are exact. clusters: digest of the near
    copies of which only the first one is a candidate, None where all are. pixels: so many first
    candidates were compared by their pixels, too; 0 by an earlier version. thumbnails: the side, in
    px, at which the nearest in pixels were looked for among all images; 0 where they were not.
    """

    training: str | None = None
    generated: str | None = None
    embedder: str = ""
    precision: str = ""
    index: dict[str, str | int] | None = None
    distance: str
    candidates: int = 0
    exact_depth: int = 0
    clusters: str | None = None
    pixels: int = 0
    thumbnails: int = 0


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """What the qualities of a run were made from; until they are, only the metric is known.

    clusters: as of `Matching`, where realism takes near copies as one.
    """

    training: str | None = None
    generated: str | None = None
    quality: str
    seed: int = 0
    clusters: str | None = None


class Inputs(msgspec.Struct, frozen=True):
    """What a run's tables "matches" and "quality" were made from."""

    matches: Matching
    quality: Judging


class NullEntry(msgspec.Struct, frozen=True):
    """The null of a run, kept with its training set under `key`; see trust/null.py.

    kind: "held out" or "left out". images: that went through the matching. source: the set of the
    held-out ones, "" for training images. own: that set was built for this run alone.
    closeness, closeness_p: C_T of the run's images and its p-value, of held-out images alone.
    """

    key: str
    kind: str
    images: int
    source: str = ""
    own: bool = False
    closeness: float | None = None
    closeness_p: float | None = None


class Totals(msgspec.Struct, frozen=True):
    """What a run comes to. effective_contributors: their mean.

    never_contributor: training images that got nothing; rejected ones are not among them.
    quality: Σq, value: Σφ, and unattributed: what is left of Σq.
    """

    value: float
    quality: float
    contributors: int
    never_contributor: int
    effective_contributors: float
    unattributed: float = 0.0


class RunManifest(msgspec.Struct, frozen=True, kw_only=True):
    """A run. state: "begun" (its generated set is being built), "running" or READY.

    reasons: why this embedder, distance and quality metric. shifts: how the generated set differs
    from the training set, in sentences. warnings: what makes its values mean little, in sentences.
    judges: the run that this one was made to judge.
    left_out: training images left out of a reading; it and reused are never written to a run.
    null: real images that the generated ones are held against, None where there were none.
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
    warnings: tuple[str, ...] = ()
    totals: Totals | None = None
    peak_memory_mb: float | None = None
    versions: dict[str, str] | None = None
    updated: str | None = None
    judges: str | None = None
    null: NullEntry | None = None
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
