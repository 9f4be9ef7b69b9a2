"""What a source holds, before anything is built: counts, labels, a sample, what will be skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gmv_core.images.decode import decode
from gmv_core.images.glimpse import glimpse
from gmv_core.images.kinds import image_kind
from gmv_core.settings import IngestSettings
from gmv_core.sources.label_fit import (
    LabelTally,
    labels_sentence,
    origin_words,
    reading_words,
    tally,
)
from gmv_core.sources.labels import Labels, Part
from gmv_core.sources.source import Choices, Source
from gmv_core.sources.tables.label_table import LabelTable
from gmv_core.types import OK, DecodedImage, SourceImage
from gmv_core.words import counted

SAMPLE_PLACES = 4  # where the sample is taken, evenly over the source
SAMPLE_EACH = 3
LABELS_READ = 300  # images read for their labels where names do not tell them
LABELS_READ_BYTES = 256_000_000
FEW_IMAGES = 50  # a choice: below it most training images are among the candidates of any image
TINY_PX = 8


@dataclass(frozen=True)
class SampleImage:
    """One image of the sample. status: "ok", or why it will be rejected.

    preview: encoded; of a broken image what can be seen of it, b"" for nothing.
    """

    name: str
    label: str
    kind: str
    width: int
    height: int
    size_bytes: int
    preview: bytes
    status: str


@dataclass(frozen=True)
class Survey:
    """What was found in a source.

    total: number of images, None where only reading all of them would tell (a tar).
    labels: label → images, the most frequent first ("" is not counted); counted on `labelled` of
        the images. owners: number of owners in the label table.
    attributes: further columns of the label table.
    skipped: reason → files left out.
    fit: how the label tables fit the images, None without table or names.
    shared_names: images whose file name another image has in another folder; of those that take a
        row of the label table only where they take the same one.
    got_label: of the `labelled` images. labels_from: where from, as words.
    notes: sentences on how the source is read. choices: how else it can be read.
    """

    total: int | None
    labels: Mapping[str, int]
    labelled: int
    owners: int
    attributes: tuple[str, ...]
    sample: tuple[SampleImage, ...]
    skipped: Mapping[str, int]
    fit: LabelTally | None
    shared_names: int
    got_label: int = 0
    labels_from: str = ""
    notes: tuple[str, ...] = ()
    choices: Choices = field(default_factory=Choices)

    def label_words(self) -> str:
        """Return in a sentence how many images get a label, and from where."""
        said = labels_sentence(self.labels_from, self.got_label, self.labelled)
        if self.total is not None and self.labelled >= self.total:
            return said
        return said.replace("images got", "images looked at got")

    def warnings(self) -> list[str]:
        """Return in sentences what should be looked at before building."""
        said = []
        bad = [image for image in self.sample if image.status != OK]
        if bad and len(bad) == len(self.sample):
            every = "The only image" if self.total == 1 else f"All {len(bad)} images tried"
            said.append(
                f"{every} cannot be read ({bad[0].name}: {bad[0].status}); check the files."
            )
        elif bad:
            said.append(
                f"{len(bad)} of {len(self.sample)} images tried cannot be read and will be "
                f"rejected ({bad[0].name}: {bad[0].status})."
            )
        tiny = [i for i in self.sample if i.status == OK and max(i.width, i.height) < TINY_PX]
        if tiny:
            said.append(
                f"{tiny[0].name} has {tiny[0].width} × {tiny[0].height} pixels, too few to tell "
                "images apart."
            )
        if self.total is not None and self.total < FEW_IMAGES:
            images = "image is" if self.total == 1 else "images are"
            said.append(
                f"{self.total} {images} very few: among so few, the closest need not be close."
            )
        return [*said, *(self._fit_warnings() if self.fit else [])]

    def _fit_warnings(self) -> list[str]:
        """Return what should be looked at in how the label tables fit."""
        fit, said = self.fit, list[str]()
        if fit is None:
            return said
        if fit.rows_without_image:
            count = fit.rows_without_image
            rows = (
                "1 row of the label table fits"
                if count == 1
                else f"{count:,} rows of the label table fit"
            )
            said.append(f"{rows} no image (such as {', '.join(fit.examples)}).")
        if fit.images_without_row:
            count = fit.images_without_row
            images = f"{counted(count, 'image')} {'has' if count == 1 else 'have'}"
            said.append(f"{images} no row in the label table.")
        if 2 * fit.images_without_row > fit.images:
            with_row = fit.images - fit.images_without_row
            said.append(
                f"The label table fits only {with_row:,} of {counted(fit.images, 'image')}; check "
                "that it gives the images' names as they are."
            )
        if fit.by_stem:
            takes = "takes" if fit.by_stem == 1 else "take"
            said.append(
                f"{counted(fit.by_stem, 'image')} {takes} the row of a file of the same name with "
                "another suffix."
            )
        if fit.refused:
            said.append(
                f"{counted(fit.refused, 'image')} without a row: the row of that name is another "
                "image's, which differs in the suffix."
            )
        if self.shared_names:
            said.append(
                f"{self.shared_names:,} images share their file name with one in another folder; "
                "the label table must give their folders to tell them apart."
            )
        return said


def survey(source: Source, labels: Labels | LabelTable | None = None) -> Survey:
    """Look at a source without building it; reads a dozen images, or a few hundred for labels."""
    if isinstance(labels, LabelTable):
        labels = Labels((Part(labels),), "")
    sample = tuple(_sampled(image, labels) for image in _spread(source))
    names = source.names
    if source.label_of is None:
        seen = _first(source)
    else:
        seen = (SourceImage(name, b"", source.label_of(name)) for name in names or ())
    counts = Counter(_with(image, labels).label for image in seen)
    looked_at = counts.total()
    unlabelled = counts.pop("", 0)
    fit = tally(labels, names) if labels and labels.parts and names is not None else None
    return Survey(
        total=source.total,
        labels=dict(counts.most_common()),
        labelled=looked_at,
        owners=_owners(labels, names),
        attributes=labels.attributes if labels else (),
        sample=sample,
        skipped={reason: count for reason, count in source.skipped.items() if count},
        fit=fit,
        shared_names=fit.shared_rows if fit else _shared_files(names or ()),
        got_label=looked_at - unlabelled,
        labels_from=origin_words(source, labels, fit) if counts else "",
        notes=reading_words(source, labels),
        choices=source.choices,
    )


def _owners(labels: Labels | None, names: Sequence[str] | None) -> int:
    """Return the number of owners that the tables name."""
    if labels is None:
        return 0
    if names is None:
        rows = [row for part in labels.parts for row in part.table.by_place]
    else:
        rows = [row for name in names for row in labels.rows(name)]
    return len({row.owner for row in rows if row.owner})


def _shared_files(names: Sequence[str]) -> int:
    """Return how many images have the file name of another one."""
    files = Counter(name.rpartition("/")[2] for name in names)
    return sum(count for count in files.values() if count > 1)


def _spread(source: Source) -> Iterator[SourceImage]:
    """Yield a few images from places evenly over the source, the first ones where that is slow."""
    count = SAMPLE_PLACES * SAMPLE_EACH
    if source.total is None or source.total <= count:
        yield from islice(source.read(), count)
        return
    for place in range(SAMPLE_PLACES):
        start = place * (source.total - SAMPLE_EACH) // (SAMPLE_PLACES - 1)
        yield from islice(source.read(start), SAMPLE_EACH)


def _first(source: Source) -> Iterator[SourceImage]:
    """Yield LABELS_READ images, fewer where they are large."""
    read_bytes = 0
    for image in islice(source.read(), LABELS_READ):
        read_bytes += len(image.data)
        yield image
        if read_bytes > LABELS_READ_BYTES:
            return


def _sampled(image: SourceImage, labels: Labels | None) -> SampleImage:
    known = _with(image, labels)
    if image.error:
        decoded = DecodedImage(sha256="", size_bytes=0, status=image.error)
    else:
        decoded = decode(image.data, IngestSettings())
    return SampleImage(
        name=image.name,
        label=known.label,
        kind=image_kind(image.data[:16]),
        width=decoded.width,
        height=decoded.height,
        size_bytes=decoded.size_bytes,
        preview=decoded.preview or glimpse(image.data),
        status=decoded.status,
    )


def _with(image: SourceImage, labels: Labels | None) -> SourceImage:
    return labels.labelled(image) if labels else image
