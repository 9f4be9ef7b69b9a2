"""Read what a run's influence tables hold: of one generated image, and summed over all.

It is a prediction of the best linear model, see method/influence.py: signed, never credit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from gmv_core.errors import WorkspaceError
from gmv_core.sets.linear import Lists
from gmv_core.sets.pixels import PixelForm
from gmv_core.settings import InfluenceSettings
from gmv_core.store.access import Right, require
from gmv_core.store.columns import matrix
from gmv_core.store.files import write_json
from gmv_core.store.manifests import RunManifest
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import ImageSet, Run
from gmv_core.types import OK

RECORD = "influence.json"
HELPFUL, HARMFUL = 100, 20  # training images kept of each generated image
TOTAL_COLUMNS = ("training", "influence", "percent", "label", "owner")
LIST_COLUMNS = ("generated", "effect", "rank", "training", "influence", "percent")


@dataclass(frozen=True)
class InfluenceRecord:
    """What a run's influence was made from: the file influence.json beside its tables.

    training, generated: digests of the images' bytes, states and labels. by_class: whether there is
    a mean for each label, not one for all. sigma: the whole-image denoiser's noise level. detail:
    0…1, see method/scales.py; None where directions were given. classes: means that were fitted.
    images: generated ones that were not rejected. by_label: those whose class is their label's.
    valued: stamps of both sets in the run's manifest then; with others the tables are out of date.
    """

    training: str
    generated: str
    settings: InfluenceSettings
    grey: bool
    by_class: bool = True
    sigma: float = 0.0
    detail: float | None = None
    classes: int = 0
    images: int = 0
    by_label: int = 0
    ready: bool = False
    valued: tuple[str | None, str | None] = (None, None)

    @property
    def inputs(self) -> dict[str, Any]:
        """Return what decides whether the tables can be kept."""
        return {"training images": self.training, "generated images": self.generated,
                **asdict(self.settings), "grey": self.grey, "classes": self.by_class}  # fmt: skip

    @property
    def form(self) -> PixelForm:
        return PixelForm(self.settings.side_px, self.grey)


@dataclass(frozen=True)
class Influence:
    """A training image's predicted influence on one generated image.

    rank: 1 is the most helpful one, or the most harmful one. influence: by which share of their
    squared error the linear models would get worse there without it, to first order; below 0: they
    would get better. percent: the same in percent.
    """

    rank: int
    training: str
    influence: float
    percent: float
    label: str
    owner: str
    row: int


def influence_table(run: Run) -> Table:
    return run.table("influence")


def totals_table(run: Run) -> Table:
    return run.table("influence_totals")


def read_record(run: Run) -> InfluenceRecord | None:
    """Return what the run's influence was made from.

    None where it was never predicted, or where the record is broken: it is then predicted anew.
    """
    try:
        return msgspec.json.decode((run.folder / RECORD).read_bytes(), type=InfluenceRecord)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def influence_digest(run: Run) -> str:
    """What changes whenever the run's influence does, "" where it was never predicted.

    Of the record: from equal inputs the tables are equal too.
    """
    try:
        return hashlib.sha256((run.folder / RECORD).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def write_record(run: Run, record: InfluenceRecord) -> None:
    require(Right.EDIT, "predicting influence")
    write_json(run.folder / RECORD, asdict(record))


def ready_record(run: Run) -> InfluenceRecord:
    """Return what the run's influence was made from.

    Raises WorkspaceError where it is not there, or is that of a set as it was before.
    """
    record = read_record(run)
    if record is None or not record.ready:
        raise WorkspaceError(
            f"The run {run.name!r} has no predicted influence yet; "
            f"`gmv influence {run.name}` computes it."
        )
    if record.valued != stamps(run.manifest()):
        raise WorkspaceError(
            f"The images of the run {run.name!r} have changed since its influence was predicted; "
            f"`gmv influence {run.name}` predicts it anew."
        )
    return record


def has_influence(run: Run) -> bool:
    """Return whether `ready_record` finds the run's influence."""
    record = read_record(run)
    return record is not None and record.ready and record.valued == stamps(run.manifest())


def stamps(manifest: RunManifest) -> tuple[str | None, str | None]:
    """Return the states of the training and the generated set that a run was valued with."""
    return manifest.matching.training, manifest.matching.generated


def influences_on(
    run: Run, training: ImageSet, row: int, without: Collection[int] = ()
) -> list[Influence]:
    """Return the most helpful training images of a generated row, then the most harmful ones.

    At most HELPFUL that help and HARMFUL that harm, each by size. without: training rows that are
    not listed; the influence of the others stays that of the whole set.
    """
    ready_record(run)
    columns = ["helpful", "helpful_influence", "harmful", "harmful_influence"]
    stored = influence_table(run).take(np.array([row]), columns)
    helpful, harmful = (
        (matrix(stored[f"{kind}_influence"])[0], matrix(stored[kind])[0])
        for kind in ("helpful", "harmful")
    )
    return named(training, helpful, harmful, without)


def named(
    training: ImageSet, helpful: Lists, harmful: Lists, without: Collection[int] = ()
) -> list[Influence]:
    """Return the rows that help, then those that harm, with what is known of them.

    helpful, harmful: influence and training rows, (count,) each, −1 for none.
    """
    found: list[tuple[int, int, float]] = []
    for sign, (values, rows) in ((1, helpful), (-1, harmful)):
        kept = (rows >= 0) & (sign * values > 0) & ~np.isin(rows, list(without))
        pairs = zip(rows[kept].tolist(), values[kept].tolist(), strict=True)
        found += [(rank, i, value) for rank, (i, value) in enumerate(pairs, 1)]
    about = training.images.take(
        np.array([i for _, i, _ in found], np.int64), ["name", "label", "owner"]
    ).to_pylist() if found else []  # fmt: skip
    return [
        Influence(rank, image["name"], value, 100 * value,
                  image["label"] or "", image["owner"] or "", row)
        for (rank, row, value), image in zip(found, about, strict=True)
    ]  # fmt: skip


def influence_totals(
    run: Run,
    training: ImageSet,
    without: Collection[int] = (),
    columns: Sequence[str] = TOTAL_COLUMNS,
) -> pd.DataFrame:
    """Return one row a training image that was not rejected, in the order of the set.

    influence: summed over the generated images, signed. percent: their mean, in percent. columns:
    besides TOTAL_COLUMNS there is "id". without: training rows that are not listed.
    """
    record = ready_record(run)
    about = training.images.read(["id", "name", "status", "label", "owner"]).to_pandas()
    total = totals_table(run).read(["influence"])["influence"].to_numpy()
    table = about.rename(columns={"name": "training"}).assign(
        influence=total, percent=100 * total / record.images
    )
    kept = (table["status"] == OK) & ~table["id"].isin(list(without))
    return table[kept][list(columns)].reset_index(drop=True)


def influence_batches(
    run: Run, training: ImageSet, generated: ImageSet, without: Collection[int] = ()
) -> Iterator[pd.DataFrame]:
    """Yield the stored lists of all generated images, LIST_COLUMNS, block by block."""
    names, made = (
        np.array(images.images.read(["name"])["name"].to_pylist(), object)
        for images in (training, generated)
    )
    columns = [f"{kind}{what}" for kind in ("helpful", "harmful") for what in ("", "_influence")]
    for batch in influence_table(run).batches(["id", *columns], needed=True):
        parts = []
        for kind, sign in (("helpful", 1), ("harmful", -1)):
            rows, values = matrix(batch[kind]), matrix(batch[f"{kind}_influence"])
            kept = (rows >= 0) & (sign * values > 0) & ~np.isin(rows, list(without))
            j, i = np.nonzero(kept)
            listed = (made[batch["id"].to_numpy()[j]], kind, kept.cumsum(axis=1)[j, i],
                      names[rows[j, i]], values[j, i], 100 * values[j, i])  # fmt: skip
            parts.append(pd.DataFrame(dict(zip(LIST_COLUMNS, listed, strict=True)), index=j))
        yield pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
