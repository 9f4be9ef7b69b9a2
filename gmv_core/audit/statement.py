"""One owner's statement: a page to take home, in one file, that prints well.

Everything in it comes from the same answer as the screens (results/owners). The file asks nobody
for anything: pictures are inside, there is no script, and a policy in it forbids the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gmv_core.audit.evidence import evidence_root
from gmv_core.errors import SourceError
from gmv_core.images.thumbnails import data_address
from gmv_core.results.owners.answer import (
    OWNER,
    OwnerAnswer,
    answer_sentence,
    known_sentence,
    owner_answer,
    with_copies_as_one,
)
from gmv_core.results.owners.pictures import best_images, closest_generated
from gmv_core.results.owners.without import shares_without
from gmv_core.results.result import Result
from gmv_core.results.shares import group_shares
from gmv_core.settings import CLUSTER, CONVINCING
from gmv_core.store.columns import previews
from gmv_core.store.files import aside, now
from gmv_core.store.outputs import check_output
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.sentences import unseen
from gmv_core.trust.standing import FAR, NEAR_COPY
from gmv_core.types import Progress, Report, silent
from gmv_core.words import counted, number, percent, visible

TEMPLATE, INDEX = (Path(__file__).with_name(f"{name}.html") for name in ("statement", "statements"))
BEST, PAIRS, OTHERS = 12, 9, 8
TINY_PX = 64  # such images are drawn with sharp pixels
LEFT, WIDE = 6, 228  # of the line in the drawing, in its units
LIMITS = (
    "Credit goes by likeness: which training images a generated image is closest to. It does not "
    "say that the generator was trained on an image, nor that an image caused another.",
    "Every generated image gives out all of its credit, also where nothing is really close. The "
    "words beside each pair say how close it is.",
    "Who owns an image was told to the program by whoever made the run; it was not checked.",
    "A share is of these generated images. Others of the same generator would give somewhat other "
    "shares: the interval says how much.",
    "It is no price and no legal finding.",
)
STANDINGS = {
    NEAR_COPY: "closer than an unseen real image would be",
    FAR: "farther than unseen real images are",
    "ordinary": "as close as unseen real images are",
    "": "not held against unseen images",
}


@dataclass(frozen=True)
class Shared:
    """What all statements of a run have in common. root: of the run's evidence."""

    shares: pd.DataFrame
    root: str
    date: str


def shared(result: Result, by: str = OWNER, *, report: Report = silent) -> Shared:
    """Return what the statements of a run share, to make many of them."""
    return Shared(group_shares(result, by), evidence_root(result, report=report), now()[:10])


def statement(result: Result, name: str, by: str = OWNER, *, of: Shared | None = None) -> str:
    """Return the statement of an owner, or of another group, as an HTML document.

    of: from `shared`. Raises SettingsError for a group that the training set has not.
    """
    of = of or shared(result, by)
    answer = owner_answer(result, name, by, shares=of.shares)
    most = min(1.0, max(0.1, np.ceil(10 * 1.1 * max(answer.high, answer.share_of_images)) / 10))

    def x(share: float) -> str:
        return f"{LEFT + WIDE * min(share / most, 1):.1f}"

    def anchor(share: float) -> str:
        place = share / most
        return "start" if place < 0.25 else "end" if place > 0.75 else "middle"

    return _rendered(
        TEMPLATE,
        a=answer,
        x=x,
        anchor=anchor,
        name=visible(name),
        by=by,
        date=of.date,
        subject=f"{counted(result.manifest.generated.images, 'generated image')}, compared with "
        f"{counted(result.manifest.training.images, 'training image')}",
        most=percent(float(most)),
        share=percent(answer.share),
        share_of_images=percent(answer.share_of_images),
        answer=answer_sentence(answer),
        known=known_sentence(answer),
        further=list(_further(answer, result)),
        best=_best(result, answer),
        pairs=_pairs(result, answer),
        without=_without(result, answer, of.shares),
        limits=LIMITS,
        compared=compared(result),
        tiny=_is_tiny(result.training),
        root=of.root,
    )


def write_statement(
    result: Result, name: str, path: Path, by: str = OWNER, *, of: Shared | None = None
) -> None:
    """Write a statement to a file; raise SourceError where it cannot be written.

    Raises WorkspaceError for a file among the workspace's own.
    """
    check_output(result.run, path)
    _write(path, statement(result, name, by, of=of))


def write_statements(
    result: Result, folder: Path, by: str = OWNER, *, report: Report = silent
) -> list[Path]:
    """Write the statement of each group into a folder, and index.html; return the files.

    Raises SourceError where the folder cannot be written.
    """
    check_output(result.run, folder)
    of = shared(result, by, report=report)
    names = [name for name in of.shares[by] if name]
    files, rows = [], []
    for place, name in enumerate(names, 1):
        file = folder / f"{place:0{len(str(len(names)))}d}-{slug(name)}.html"
        write_statement(result, name, file, by, of=of)
        files.append(file)
        rows.append((file.name, visible(name), owner_answer(result, name, by, shares=of.shares)))
        report(Progress("statements", place, len(names)))
    index = _index(rows, by=by, run=result.run.name, date=of.date)
    _write(folder / "index.html", index)
    return [folder / "index.html", *files]


def slug(name: str) -> str:
    """Return a name as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:60] or "unnamed"


def compared(result: Result) -> list[tuple[str, str]]:
    """Return what was compared and how, as pairs of a heading and words."""
    run, settings = result.manifest, result.settings
    tau = (
        "by the spread of each image's distances"
        if settings.temperature == "auto"
        else (f"τ = {number(float(settings.temperature))}")
    )
    how = [
        f"The {settings.k} closest training images of each generated image share its credit",
        f"weights fall with distance ({tau})",
        "weighted by quality" if settings.quality_weighting else "each image gives 1",
    ]
    if settings.credit == CONVINCING:
        how.append("only convincing matches earn")
    if settings.duplicates == CLUSTER:
        how.append("near copies earn as one")
    held = f"held against {unseen(run.null)}" if run.null else "held against no unseen images"
    generated, training = run.generated.images, run.training.images
    return [
        ("Generated images", f"{counted(generated, 'image')}, the result “{result.run.name}”"),
        ("Training images", f"{counted(training, 'image')}, the set “{run.training.name}”"),
        ("How credit is given", "; ".join(how) + "."),
        ("Compared by", f"embedder {run.matching.embedder}, distance {run.matching.distance}, "
                        f"quality {run.judging.quality}; {held}."),
        ("Valued", f"{(run.updated or run.created)[:16].replace('T', ' ')} UTC, with versions "
                   + ", ".join(f"{k} {v}" for k, v in sorted((run.versions or {}).items()))),
    ]  # fmt: skip


def _further(answer: OwnerAnswer, result: Result) -> Iterator[str]:
    yield (
        f"{counted(answer.images, 'image')} of {answer.of_images:,} in the training set; "
        f"{answer.never:,} of them earned nothing."
    )
    if answer.copied:
        yield (
            f"{counted(answer.copied, 'image')} of these with a near copy among the images of "
            "another."
        )
    as_one = with_copies_as_one(answer, result)
    if as_one is not None and abs(as_one - answer.share) > 5e-4:
        yield f"Were near copies counted as one image, it would be {percent(as_one)}."


def _best(result: Result, answer: OwnerAnswer) -> list[dict[str, str]]:
    table = best_images(result, answer.name, answer.by).head(BEST)
    pictures = _addresses(result.training, table["id"])
    return [
        {"picture": pictures[row.id], "name": visible(row.training), "value": number(row.value)}
        for row in table.itertuples()
    ]


def _pairs(result: Result, answer: OwnerAnswer) -> list[dict[str, str]]:
    table = closest_generated(result, answer.name, answer.by).head(PAIRS)
    made = _addresses(result.generated, table["id"])
    theirs = _addresses(result.training, table["training_id"])
    return [
        {
            "generated": made[row.id],
            "training": theirs[row.training_id],
            "share": percent(row.share),
            "standing": STANDINGS[row.standing],
            "names": visible(f"{row.generated} and {row.training}"),
        }
        for row in table.itertuples()
    ]


def _without(result: Result, answer: OwnerAnswer, shares: pd.DataFrame) -> list[dict[str, str]]:
    table = shares_without(result, answer.name, answer.by, shares=shares).head(OTHERS)
    return [
        {"name": visible(name) or f"no {answer.by}", "before": percent(before),
         "after": percent(after)}
        for name, before, after in zip(
            table[answer.by], table["before"], table["share_of_value"], strict=True
        )
    ]  # fmt: skip


def _addresses(images: ImageSet, rows: pd.Series) -> dict[int, str]:
    ids = rows.to_numpy(np.int64)
    return {int(i): data_address(p or b"") for i, p in zip(ids, previews(images, ids), strict=True)}


def _is_tiny(images: ImageSet) -> bool:
    typical = images.manifest().typical
    return typical is not None and typical.side_px[1] <= TINY_PX


def _rendered(template: Path, **values: Any) -> str:  # noqa: ANN401
    from jinja2 import Environment, StrictUndefined

    rules = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text: str = rules.from_string(template.read_text(encoding="utf-8")).render(**values)
    return text


def _index(rows: list[tuple[str, str, OwnerAnswer]], **values: str) -> str:
    return _rendered(INDEX, rows=rows, percent=percent, **values)


def _write(path: Path, text: str) -> None:
    try:
        with aside(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SourceError(
            f"{path} cannot be written ({error.strerror or error}); give another place."
        ) from error
