"""What a source holds, before anything is built: counts, labels, a sample, what will be skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from gmv_core.images.decode import decode
from gmv_core.images.glimpse import glimpse
from gmv_core.images.kinds import image_kind
from gmv_core.settings import IngestSettings
from gmv_core.sources.labels import LabelTable, LabelTally, tally, with_row
from gmv_core.sources.names import folder_label
from gmv_core.sources.source import Source
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
    fit: how the label table fits the images, None without table or names.
    shared_names: images whose file name another image has in another folder; of those that take a
        row of the label table only where they take the same one.
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
        if self.fit and self.fit.rows_without_image:
            count = self.fit.rows_without_image
            rows = (
                "1 row of the label table fits"
                if count == 1
                else f"{count:,} rows of the label table fit"
            )
            said.append(f"{rows} no image (such as {', '.join(self.fit.examples)}).")
        if self.fit and self.fit.images_without_row:
            count = self.fit.images_without_row
            images = f"{counted(count, 'image')} {'has' if count == 1 else 'have'}"
            said.append(f"{images} no row in the label table.")
        if self.fit and self.shared_names:
            said.append(
                f"{self.shared_names:,} images share their file name with one in another folder; "
                "the label table must give their folders to tell them apart."
            )
        return said


def survey(source: Source, labels: LabelTable | None = None) -> Survey:
    """Look at a source without building it; reads a dozen images, or a few hundred for labels."""
    sample = tuple(_sampled(image, labels) for image in _spread(source))
    counted: Counter[str] = Counter()
    if source.kind in ("parquet", "npz", "idx", "tar"):
        counted.update(_with(image, labels).label for image in _first(source))
    elif labels is None:
        counted.update(folder_label(name) for name in source.names or ())
    else:
        empty = (SourceImage(name, b"", folder_label(name)) for name in source.names or ())
        counted.update(_with(image, labels).label for image in empty)
    labelled = counted.total()
    counted.pop("", None)
    rows = [row for row in map(labels.find, source.names or ()) if row] if labels else []
    files = [name.rpartition("/")[2] for name in source.names or ()]
    shared = Counter([row.name for row in rows] if labels else files)
    if labels and source.names is None:
        rows = list(labels.rows.values())
    return Survey(
        total=source.total,
        labels=dict(counted.most_common()),
        labelled=labelled,
        owners=len({row.owner for row in rows if row.owner}),
        attributes=labels.attributes if labels else (),
        sample=sample,
        skipped={reason: count for reason, count in source.skipped.items() if count},
        fit=tally(labels, source.names) if labels and source.names is not None else None,
        shared_names=sum(count for count in shared.values() if count > 1),
    )


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


def _sampled(image: SourceImage, labels: LabelTable | None) -> SampleImage:
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


def _with(image: SourceImage, labels: LabelTable | None) -> SourceImage:
    return with_row(image, labels.find(image.name)) if labels else image
