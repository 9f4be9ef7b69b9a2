"""The two galleries that one can look through: of generated and of training images."""

from __future__ import annotations

from dataclasses import replace

from gmv_core.words import number
from ui.frame import state
from ui.images.standing import mark
from ui.widgets.browse import Row, Shelf
from ui.widgets.influence import change


def _generated_lines(row: Row, order: str) -> tuple[str, ...]:
    told = {
        "Nearest embedding": f"embedding {number(row['nearest_distance'])} away",
        "Stability": f"stability {number(row['stability'])}",
        "Effective contributors": f"shared by {number(row['effective_contributors'])}",
    }
    first = told.get(order.partition(",")[0], f"quality {number(row['quality'])}")
    return (first, *filter(None, [mark(row["standing"], row["same_pixels"])]))


def _training_lines(row: Row, order: str) -> tuple[str, ...]:
    return (f"value {number(row['value'])}", row["owner"] or row["label"] or "")


def _influence_lines(row: Row, order: str) -> tuple[str, ...]:
    return (change(row["percent"]), row["owner"] or row["label"] or "")


GENERATED = Shelf(
    "generated",
    state.IMAGE,
    state.TRAINING,
    {
        "Name, A to Z": ("name", True),
        "Name, Z to A": ("name", False),
        "Quality, highest first": ("quality", False),
        "Quality, lowest first": ("quality", True),
        "Near copies first": ("p_copy", True),
        "Without a convincing source first": ("p_far", True),
        "Stability, least first": ("stability", True),
        "Nearest embedding, smallest distance first": ("nearest_distance", True),
        "Nearest embedding, largest distance first": ("nearest_distance", False),
        "Effective contributors, fewest first": ("effective_contributors", True),
        "Effective contributors, most first": ("effective_contributors", False),
    },
    _generated_lines,
)
_BY_NAME = {"Name, A to Z": ("name", True), "Name, Z to A": ("name", False)}
TRAINING = Shelf(
    "training",
    state.TRAINING,
    state.IMAGE,
    {
        "Value, highest first": ("value", False),
        "Value, lowest first": ("value", True),
        **_BY_NAME,
    },
    _training_lines,
)
INFLUENTIAL = replace(
    TRAINING,
    orders={
        "Influence, most helpful first": ("influence", False),
        "Influence, most harmful first": ("influence", True),
        **_BY_NAME,
    },
    lines=_influence_lines,
)
