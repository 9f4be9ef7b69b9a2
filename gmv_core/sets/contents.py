"""What a finished image set tells: what was rejected, what is there twice, how it is searched."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gmv_core.store.manifests import IndexEntry, LabelFit, SourceEntry
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, REMOVED
from gmv_core.words import counted, number


def rejected(images: ImageSet) -> pd.DataFrame:
    """Return the rejected images, in the order of the set: id, name, reason, size_bytes."""
    table = images.images.read(["id", "name", "status", "size_bytes"]).to_pandas()
    table = table[~table["status"].isin([OK, REMOVED])].rename(columns={"status": "reason"})
    return table[["id", "name", "reason", "size_bytes"]].reset_index(drop=True)


def removed(images: ImageSet) -> pd.DataFrame:
    """Return the images that were taken out of the set, in its order: id, name.

    After `gmv vacuum` an image has no name any more but its number.
    """
    table = images.images.read(["id", "name", "status"]).to_pandas()
    return table[table["status"] == REMOVED][["id", "name"]].reset_index(drop=True)


def duplicates(images: ImageSet) -> pd.DataFrame:
    """Return the images whose bytes an earlier one has: id, name, first_id, first."""
    table = images.images.read(["id", "name", "status", "sha256"]).to_pandas()
    table = table[table["status"] == OK]
    firsts = table.drop_duplicates("sha256").set_index("sha256")
    again = table[table.duplicated("sha256")]
    return pd.DataFrame(
        {
            "id": again["id"].to_numpy(np.int64),
            "name": again["name"].to_numpy(),
            "first_id": firsts.loc[again["sha256"], "id"].to_numpy(np.int64),
            "first": firsts.loc[again["sha256"], "name"].to_numpy(),
        }
    )


def recall_words(index: IndexEntry) -> str:
    """Return a sentence on what the search finds."""
    if index.kind == "exact":
        return "It misses none of the true nearest images: it compares with every one."
    found = index.recall * index.recall_at
    return (
        f"It finds {number(found)} of the true nearest {index.recall_at}, measured against exact "
        f"search on {index.queries:,} of its own images."
    )


def note_words(notes: Mapping[str, int]) -> list[str]:
    """Return sentences on what was done to images of a set: notes of its manifest."""
    return [f"{counted(count, 'image')}: {note}." for note, count in notes.items()]


def label_words(fit: LabelFit | None) -> str:
    """Return a sentence on how the label tables read last fit their images, "" without one."""
    if fit is None:
        return ""
    missing, unused = fit.images_without_row, fit.rows_without_image
    if not missing and not unused and not fit.by_stem and not fit.shared_rows:
        return "Every image has its row in the label table, and every row its image."
    such = f" (such as {fit.examples[0]})" if unused and fit.examples else ""
    images = f"{counted(missing, 'image')} {'has' if missing == 1 else 'have'}"
    if fit.images is not None and few_rows(fit):
        held = f"{fit.images - missing:,} of {counted(fit.images, 'image')}"
        said = [f"Only {held} have a row in the label table"]
    else:
        said = [f"{images} no row in the label table"] if missing else []
    table = "its rows" if missing else "the label table's rows"
    rows = f"1 of {table} fits" if unused == 1 else f"{unused:,} of {table} fit"
    said += [f"{rows} no image{such}"] if unused else []
    if fit.by_stem:
        takes = "takes" if fit.by_stem == 1 else "take"
        said.append(f"{counted(fit.by_stem, 'image')} {takes} a row of another suffix")
    if fit.refused:
        said.append(f"{counted(fit.refused, 'image')} of these for its suffix alone")
    if fit.shared_rows:
        said.append(
            f"{counted(fit.shared_rows, 'image')} share their row with one of the same name in "
            "another folder: a column with their folders would tell them apart"
        )
    return f"{'; '.join(said)}."


def few_rows(fit: LabelFit | None) -> bool:
    """Return whether fewer than half of the images have a row in the label tables."""
    return fit is not None and fit.images is not None and 2 * fit.images_without_row > fit.images


def renamed_words(source: SourceEntry) -> str:
    """Say how many images of a source were kept under other names."""
    return (
        f"Kept under another name: {counted(source.renamed, 'image')}, "
        "because another picture of the set has that name."
    )
