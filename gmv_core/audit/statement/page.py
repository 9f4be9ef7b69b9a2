"""One owner's statement: a page to take home, in one file, that prints well.

Everything in it comes from the same answer as the screens (results/owners). The file asks nobody
for anything: pictures are inside, there is no script, and a policy in it forbids the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gmv_core.audit.evidence import evidence_root
from gmv_core.audit.statement.words import (
    FILE_NAME,
    GROUP_NAME,
    STANDINGS,
    commands,
    compared,
    further,
    limits,
    shortened,
)
from gmv_core.errors import SettingsError
from gmv_core.images.thumbnails import data_address
from gmv_core.results.owners.answer import (
    OwnerAnswer,
    answer_sentence,
    known_sentence,
    owner_answer,
)
from gmv_core.results.owners.grouped import OWNER, Grouped
from gmv_core.results.owners.pictures import best_images, closest_generated
from gmv_core.results.owners.without import shares_without, short_sentence
from gmv_core.results.result import Result
from gmv_core.store.columns import previews, statuses
from gmv_core.store.files import now
from gmv_core.store.workspace import ImageSet
from gmv_core.types import Report, silent
from gmv_core.words import counted, number, percent, visible

TEMPLATE = Path(__file__).with_name("statement.html")
BEST, PAIRS, OTHERS = 12, 9, 8
TINY_PX = 64  # such images are drawn with sharp pixels
LEFT, WIDE = 6, 228  # of the line in the drawing, in its units
LONG, LONGEST = 40, 90  # characters of a name that is set smaller


@dataclass(frozen=True)
class Shared:
    """What all statements of a run have in common. root: of the run's evidence.

    digests: of the generated and of the training images, see `files_digest`.
    """

    grouped: Grouped
    root: str
    digests: tuple[str, str]
    date: str


def shared(
    result: Result, by: str = OWNER, *, of: Grouped | None = None, report: Report = silent
) -> Shared:
    """Return what the statements of a run share, to make many of them.

    of: the result grouped by that column. Raises SettingsError for a result that leaves images out.
    """
    if result.without:
        raise SettingsError(
            f"The result leaves {counted(len(result.without), 'training image')} out; statements "
            "are of whole runs: value the images against a set without those, or open the run anew."
        )
    digests = files_digest(result.generated), files_digest(result.training)
    root = evidence_root(result, report=report)
    return Shared(of or Grouped(result, by), root, digests, now()[:10])


def files_digest(images: ImageSet) -> str:
    """Return the SHA-256 over the sorted SHA-256s of all images that were not rejected.

    Each in hexadecimal on its own line: `sha256sum FILES | cut -c1-64 | sort | sha256sum`.
    """
    table = images.images.read(["sha256", "status"])
    fine = np.array([s or "" for s in table["sha256"].to_pylist()])[statuses(images)]
    return sha256("".join(f"{one}\n" for one in sorted(fine)).encode()).hexdigest()


def statement(result: Result, name: str, by: str = OWNER, *, of: Shared | None = None) -> str:
    """Return the statement of an owner, or of another group, as an HTML document.

    of: from `shared`. Raises SettingsError for a group that the training set has not, and for a
    result that leaves images out.
    """
    of = of or shared(result, by)
    grouped = of.grouped
    answer = owner_answer(result, name, by, of=grouped)
    return rendered(
        TEMPLATE,
        a=answer,
        **_drawing(answer),
        name=visible(name),
        size="longest" if len(name) > LONGEST else "long" if len(name) > LONG else "",
        by=visible(by),
        date=of.date,
        subject=f"{counted(int(statuses(result.generated).sum()), 'generated image')}, compared "
        f"with {counted(answer.of_images, 'training image')}",
        share=percent(answer.share),
        share_of_images=percent(answer.share_of_images),
        answer=answer_sentence(answer),
        known=known_sentence(answer),
        further=list(further(answer)),
        best=_best(grouped, name),
        pairs=_pairs(grouped, name),
        without=_without(grouped, name),
        short=short_sentence(result, name, by, of=grouped),
        limits=limits(result),
        compared=compared(result, of.digests),
        tiny=_is_tiny(result.training),
        commands=commands(result, of.root),
    )  # fmt: skip


def _drawing(answer: OwnerAnswer) -> dict[str, Any]:
    """Return what the drawing of the share needs: its scale, and where text stands on it."""
    most = min(1.0, max(0.1, np.ceil(10 * 1.1 * max(answer.high, answer.share_of_images)) / 10))

    def x(share: float) -> str:
        return f"{LEFT + WIDE * min(share / most, 1):.1f}"

    def anchor(share: float) -> str:
        place = share / most
        return "start" if place < 0.25 else "end" if place > 0.75 else "middle"

    return {"x": x, "anchor": anchor, "most": percent(float(most))}


def _best(of: Grouped, name: str) -> list[dict[str, str]]:
    table = best_images(of.result, name, of.by, of=of).head(BEST)
    pictures = _addresses(of.result.training, table["id"])
    return [
        {"picture": pictures[row.id], "name": shortened(row.training, FILE_NAME),
         "value": number(row.value)}
        for row in table.itertuples()
    ]  # fmt: skip


def _pairs(of: Grouped, name: str) -> list[dict[str, str]]:
    table = closest_generated(of.result, name, of.by, of=of).head(PAIRS)
    made = _addresses(of.result.generated, table["id"])
    theirs = _addresses(of.result.training, table["training_id"])
    return [
        {
            "generated": made[row.id],
            "training": theirs[row.training_id],
            "share": percent(row.share),
            "standing": STANDINGS[row.standing],
            "names": f"{shortened(row.generated, FILE_NAME)} and "
            f"{shortened(row.training, FILE_NAME)}",
        }
        for row in table.itertuples()
    ]


def _without(of: Grouped, name: str) -> list[dict[str, str]]:
    table = shares_without(of.result, name, of.by, of=of).head(OTHERS)
    return [
        {"name": shortened(other, GROUP_NAME) or f"no {visible(of.by)}",
         "before": percent(before), "after": percent(after)}
        for other, before, after in zip(
            table[of.by], table["before"], table["share_of_value"], strict=True
        )
    ]  # fmt: skip


def _addresses(images: ImageSet, rows: pd.Series) -> dict[int, str]:
    ids = rows.to_numpy(np.int64)
    return {int(i): data_address(p or b"") for i, p in zip(ids, previews(images, ids), strict=True)}


def _is_tiny(images: ImageSet) -> bool:
    typical = images.manifest().typical
    return typical is not None and typical.side_px[1] <= TINY_PX


def rendered(template: Path, **values: Any) -> str:  # noqa: ANN401
    """Return a template filled with values, all text in it escaped."""
    from jinja2 import Environment, StrictUndefined

    rules = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text: str = rules.from_string(template.read_text(encoding="utf-8")).render(**values)
    return text
