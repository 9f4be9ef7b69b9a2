"""The two galleries that one can look through: of generated and of training images."""

from __future__ import annotations

from dataclasses import replace

from gmv_core.words import hundredths
from ui.frame import state
from ui.images.standing import DOTS, mark
from ui.widgets.pictures.browse import Row, Shelf
from ui.widgets.pictures.gallery import Card


def _generated_card(row: Row, image: bytes, order: str) -> Card:
    told = {
        "Nearest embedding": f"embedding {hundredths(row['nearest_distance'])} away",
        "Stability": f"stability {hundredths(row['stability'])}",
        "Effective contributors": f"shared by {hundredths(row['effective_contributors'])}",
    }
    line = told.get(order.partition(",")[0], f"quality {hundredths(row['quality'])}")
    name = str(row["name"])
    standing = mark(row["standing"], row["same_pixels"])
    alt = f"{name}, {standing}" if standing else name
    return Card(name, image, name.rpartition("/")[2], (line,), alt, corner=DOTS.get(standing, ""))


def _training_card(row: Row, image: bytes, _: str) -> Card:
    return _card(row, image, f"value {hundredths(row['value'])}")


def _influence_card(row: Row, image: bytes, _: str) -> Card:
    does = "helps" if row["percent"] > 0 else "harms"
    return _card(row, image, f"{does} {hundredths(abs(row['percent']))} %")


def _card(row: Row, image: bytes, line: str) -> Card:
    name = str(row["name"])
    lines = tuple(filter(None, (line, row["owner"] or row["label"])))
    return Card(name, image, name.rpartition("/")[2], lines, name)


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
    _generated_card,
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
    _training_card,
)
INFLUENTIAL = replace(
    TRAINING,
    orders={
        "Most helpful first": ("influence", False),
        "Most harmful first": ("influence", True),
        **_BY_NAME,
    },
    card=_influence_card,
)
