"""What the map of a training set shows: where its images lie, and by what they can be coloured."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gmv_core.matching.matcher import Matches
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.influence.tables import has_influence
from gmv_core.results.result import Result
from gmv_core.sets.layout import place_by, read_layout
from gmv_core.store.columns import attributes
from gmv_core.store.workspace import ImageSet
from gmv_core.types import OK, Float32

LABEL, OWNER, VALUE, STANDING, INFLUENCE = "label", "owner", "value", "standing", "influence"
MOST_KINDS = 200  # of an attribute that has more, a map could show none apart


def map_table(training: ImageSet, result: Result | None = None) -> pd.DataFrame:
    """Return one row a training image that has a place: id, x, y, and what it can be coloured by.

    Columns, where there is anything in them: label and owner; of a result value, standing and
    influence (as `Result.noisy` and `Result.influence_totals` have them); "attribute NAME" each.
    Raises WorkspaceError where there is no map of the set as it is now.
    """
    positions = read_layout(training)
    about = training.images.read(["id", "status", "label", "owner"]).to_pandas()
    about = about.assign(x=positions[:, 0], y=positions[:, 1])
    for name, values in attributes(training).items():
        kinds = len(set(values))
        if 1 < kinds <= MOST_KINDS:
            about[f"attribute {name}"] = pd.Categorical(values)
    about = about[(about["status"] == OK) & np.isfinite(positions[:, 0])].drop(columns="status")
    for name in (LABEL, OWNER):
        texts = about[name].fillna("").str.strip()
        about = about.drop(columns=name)
        if (texts != "").any():
            about[name] = pd.Categorical(texts)
    return about if result is None else _with_result(about, result)


def _with_result(about: pd.DataFrame, result: Result) -> pd.DataFrame:
    ranking = result.noisy().set_index("id")
    about = about.assign(
        value=about["id"].map(ranking["value"]),
        standing=pd.Categorical(about["id"].map(ranking["standing"])),
    )
    if has_influence(result.run):
        influence = result.influence_totals(("id", INFLUENCE)).set_index("id")[INFLUENCE]
        about = about.assign(influence=about["id"].map(influence))
    return about.reset_index(drop=True)


def generated_positions(result: Result) -> Float32:
    """Return where the generated images of a result lie among the training images, (m, 2) float32.

    Each by its nearest training images, which do not move; nan for a rejected one.
    """
    positions = read_layout(result.training)
    found = [placed(positions, block.matches) for block in blocks(result.run)]
    return np.concatenate(found) if found else np.empty((0, 2), np.float32)


def placed(positions: Float32, matches: Matches) -> Float32:
    """Return where matched images lie, as those that were dropped in just now, (m, 2) float32.

    positions: of `sets.layout.read_layout`.
    """
    return place_by(positions, matches.candidates, matches.recall_distance)
