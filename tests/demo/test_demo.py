"""The demo set: drawn the same each time, with the content it promises."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gmv_core.demo import plan
from gmv_core.demo.characters import ATTRIBUTES, CHARACTERS
from gmv_core.demo.first_look import first_look

PLAN = plan.portraits()


def _first(owner: str) -> plan.Portrait:
    return next(p for p in PLAN if p.owner == owner and p.noise is None)


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def small_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first 25 images of the set, written by the real function."""
    monkeypatch.setattr(plan, "portraits", lambda: PLAN[:25])
    plan.draw_training_set(tmp_path)
    return tmp_path


def test_owners_have_their_exact_shares() -> None:
    counts = Counter(p.owner for p in PLAN)
    assert counts == {
        "Studio Marlou": 540, "Fennick Quill": 360, "Ottavia Lume": 204, "Halfdot Press": 96
    }  # fmt: skip


def test_kinds_are_equally_common() -> None:
    assert Counter(p.kind for p in PLAN) == dict.fromkeys(CHARACTERS, 240)


def test_four_percent_are_spoilt_in_equal_kinds() -> None:
    counts = Counter(p.noise for p in PLAN if p.noise is not None)
    assert sum(counts.values()) == 0.04 * len(PLAN)
    assert counts == dict.fromkeys(plan.NOISE_KINDS, 12)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_attributes_keep_their_base_rate_in_every_kind(attribute: str) -> None:
    # Drawn by chance: 240 images a kind give a standard error of 0.032.
    for kind in CHARACTERS:
        worn = [attribute in p.worn for p in PLAN if p.kind == kind]
        assert np.mean(worn) == pytest.approx(plan.BASE_RATES[attribute], abs=0.12)


@pytest.mark.parametrize("owner", plan.OWNERS)
def test_an_image_drawn_alone_equals_itself_drawn_again(owner: str) -> None:
    portrait = _first(owner)
    once = plan.png_bytes(plan.draw_portrait(portrait))
    plan.draw_portrait(PLAN[-1])
    assert plan.png_bytes(plan.draw_portrait(portrait)) == once


@pytest.mark.parametrize("noise", plan.NOISE_KINDS)
def test_spoilt_images_repeat_and_differ_from_the_clean_drawing(noise: str) -> None:
    portrait = next(p for p in PLAN if p.noise == noise)
    clean = plan.Portrait(portrait.number, portrait.kind, portrait.owner, portrait.worn, None)
    spoilt = np.asarray(plan.draw_portrait(portrait), dtype=float)
    assert np.array_equal(spoilt, np.asarray(plan.draw_portrait(portrait)))
    assert np.abs(spoilt - np.asarray(plan.draw_portrait(clean))).mean() > 10.0


@pytest.mark.parametrize("kind", CHARACTERS)
@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_attribute_can_be_seen(kind: str, attribute: str) -> None:
    plain = plan.Portrait(0, kind, "Fennick Quill", frozenset(), None)
    dressed = plan.Portrait(0, kind, "Fennick Quill", frozenset({attribute}), None)
    before, after = (np.asarray(plan.draw_portrait(p), dtype=int) for p in (plain, dressed))
    changed = (np.abs(before - after).max(axis=2) > 40).mean()
    # A smile is the smallest: a mouth of about 13 × 6 px out of 96 × 96.
    assert changed > 0.004


def test_folder_and_rows_fit(small_set: Path) -> None:
    rows = _rows(small_set)
    assert tuple(rows[0]) == plan.COLUMNS
    assert [row["name"] for row in rows] == [p.name for p in PLAN[:25]]
    assert {str(p.relative_to(small_set)) for p in small_set.rglob("*.png")} == {
        row["name"] for row in rows
    }
    for row, portrait in zip(rows, PLAN, strict=False):
        assert (row["label"], row["owner"]) == (portrait.kind, portrait.owner)
        assert {a for a in ATTRIBUTES if row[a] == "yes"} == portrait.worn
        assert row["planted_noise"] == ("no" if portrait.noise is None else "yes")
        with Image.open(small_set / row["name"]) as image:
            assert (image.size, image.mode) == ((96, 96), "RGB")


def test_generated_images_fit_their_rows() -> None:
    folder = plan.generated_folder()
    rows = _rows(folder)
    assert tuple(rows[0]) == ("name", "label", "owner", *ATTRIBUTES)
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*.png")} == {
        row["name"] for row in rows
    }
    for row in rows:
        assert row["label"] == row["name"].split("/")[0] and row["label"] in CHARACTERS
        assert row["owner"] == ""
        assert {row[a] for a in ATTRIBUTES} <= {"yes", "no"}
        with Image.open(folder / row["name"]) as image:
            image.load()
            assert (image.format, image.size, image.mode) == ("PNG", (96, 96), "RGB")


def test_recipe_fits_the_generated_images() -> None:
    folder = plan.generated_folder()
    recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    assert list(recipe["owner_asked_for"]) == [row["name"] for row in _rows(folder)]
    assert recipe["sampling"]["count"] == len(_rows(folder))
    assert set(recipe["owner_asked_for"].values()) <= set(plan.OWNERS)


def test_the_first_look_shows_images_of_the_set_before_it_is_drawn() -> None:
    look = first_look()
    assert len(look.closest) == 5
    for portrait, image in look.closest:
        assert portrait in PLAN
        assert image == plan.png_bytes(plan.draw_portrait(portrait))
    assert look.generated in {file.read_bytes() for file in plan.generated_folder().rglob("*.png")}
