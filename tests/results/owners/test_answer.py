"""What an owner gets: by hand, by any column, and what would change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gmv_core import Result, SettingsError, Workspace, open_run
from gmv_core.results.owners.answer import (
    LESS,
    MORE,
    OPEN,
    OwnerAnswer,
    answer_sentence,
    known_sentence,
    many_sentence,
    owner_answer,
    unattributed_sentence,
)
from gmv_core.results.owners.grouped import Grouped, columns_of
from gmv_core.results.owners.pictures import best_images, closest_generated, copies_elsewhere
from gmv_core.results.owners.without import shares_without, short_sentence
from gmv_core.results.shares import group_shares
from gmv_core.settings import CLUSTER, CONVINCING
from gmv_core.trust.duplicates import find_clusters
from tests.built import run_by_hand, write_judged_run, write_run, write_shared_copies
from tests.fakes import fake_embedder

ADA = OwnerAnswer("owner", "Ada", 30, 100, 0.123, 0.098, 0.15, 1.2, 60, 200, 7, None)


@pytest.fixture
def by_hand(workspace: Workspace) -> Result:
    return run_by_hand(workspace)


def test_an_answer_by_hand(by_hand: Result) -> None:
    # Ada has b, d and e. one gives b 0.5 · 1/3; x/two gives b and e 0.45 each; y/two gives e 0.2.
    answer = owner_answer(by_hand, "Ada")
    assert (answer.images, answer.of_images, answer.never) == (3, 5, 1)
    assert answer.value == pytest.approx(0.5 / 3 + 0.45 + 0.45 + 0.2)
    assert answer.share == pytest.approx(answer.value / 1.6)
    assert answer.low <= answer.share <= answer.high
    assert (answer.generated, answer.copied) == (3, None)


def test_pictures_by_hand(by_hand: Result) -> None:
    best = best_images(by_hand, "Ada")
    assert best["training"].tolist() == ["dog/e.png", "cat/b.png"]
    assert (best["value_low"] <= best["value"]).all() and (
        best["value"] <= best["value_high"]
    ).all()
    closest = closest_generated(by_hand, "Ada")
    assert closest["generated"].tolist() == ["x/two.png", "y/two.png", "x/one.png"]
    assert closest["share"].tolist() == pytest.approx([1, 1, 1 / 3])
    assert closest["training"].tolist()[1:] == ["dog/e.png", "cat/b.png"]


def test_without_by_hand(by_hand: Result) -> None:
    # Without cat/a and cat/b, x/one has c alone, x/two and y/two e alone: dog has all.
    (row,) = shares_without(by_hand, "cat", "label").to_dict("records")
    assert (row["label"], row["share_of_value"], row["before"]) == ("dog", 1.0, 1.0)


@pytest.fixture
def judged(copied: Callable[..., None], tmp_path: Path) -> Result:
    copied(write_judged_run)
    return open_run(Workspace(tmp_path / "home"), "run")


def test_any_column_groups(judged: Result) -> None:
    assert columns_of(judged) == ["label", "hat", "noise"]
    hats = owner_answer(judged, "Yes", "hat")
    assert (hats.images, hats.of_images) == (6, 24)
    total = sum(owner_answer(judged, name, "hat").share for name in ("Yes", "no"))
    assert total == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "by", "said"),
    [
        ("Eve", "label", "No training image has the label 'Eve'; choose one of: class0"),
        ("", "label", "No training image has the label ''"),
        ("Ada", "owner", "no image of the set has one"),
        ("x", "shoe", "has no column 'shoe'; besides owner and label it has hat, noise"),
    ],
)
def test_what_is_not_there_is_a_sentence(judged: Result, name: str, by: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        owner_answer(judged, name, by)


@pytest.fixture
def two_owners(copied: Callable[..., None], tmp_path: Path) -> Result:
    copied(write_run, "run", 6)
    return open_run(Workspace(tmp_path / "home"), "run")


def test_answers_of_many_are_those_of_each(two_owners: Result) -> None:
    of = Grouped(two_owners, "owner")
    assert sorted(of.names) == ["Ada", "Ben"]
    for name in of.names:
        assert owner_answer(two_owners, name, of=of) == owner_answer(two_owners, name)
        for table in (best_images, closest_generated, shares_without):
            assert table(two_owners, name, of=of).equals(table(two_owners, name)), table


def test_without_an_owner_the_others_share_all(two_owners: Result) -> None:
    table = shares_without(two_owners, "Ada")
    part = two_owners.leaving_out([f for f in _names(two_owners, "Ada")])
    assert table["owner"].tolist() == ["Ben"]
    assert table["share_of_value"].tolist() == pytest.approx([1.0])
    assert part.totals().value == pytest.approx(group_shares(part, "owner")["value"].sum())


def _names(result: Result, owner: str) -> list[str]:
    rows = Grouped(result).rows(owner)
    names: list[str] = result.training.images.take(rows, ["name"])["name"].to_pylist()
    return names


def test_copies_are_counted_and_count_as_one_where_asked(two_owners: Result) -> None:
    before = owner_answer(two_owners, "Ada")
    assert (before.copied, before.as_one) == (None, None)
    assert copies_elsewhere(two_owners, "Ada").empty
    find_clusters(Workspace(two_owners.training.folder.parents[1]), "run-set", fake_embedder())
    answer = owner_answer(two_owners, "Ada")
    assert (answer.copied, answer.as_one) == (0, pytest.approx(answer.share))
    one = replace(two_owners, settings=replace(two_owners.settings, duplicates=CLUSTER))
    assert owner_answer(one, "Ada").as_one is None


def test_copies_across_owners_are_counted_by_hand(
    copied: Callable[..., None], tmp_path: Path
) -> None:
    copied(write_shared_copies)
    workspace = Workspace(tmp_path / "home")
    find_clusters(workspace, "train", fake_embedder())
    result = open_run(workspace, "run")
    assert {name: owner_answer(result, name).copied for name in ("Ada", "Ben", "Cy")} == {
        "Ada": 1, "Ben": 1, "Cy": 0
    }  # fmt: skip
    pairs = copies_elsewhere(result, "Ada")
    assert pairs[["training", "other", "other_group"]].to_numpy().tolist() == [
        ["0.png", "3.png", "Ben"]
    ]
    assert copies_elsewhere(result, "Ben")["other"].tolist() == ["0.png"]
    assert copies_elsewhere(result, "Cy").empty
    one = replace(result, settings=replace(result.settings, duplicates=CLUSTER))
    shares = group_shares(one, "owner").set_index("owner")["share_of_value"]
    for name in ("Ada", "Ben", "Cy"):
        assert owner_answer(result, name).as_one == pytest.approx(shares[name])


def test_lists_that_run_short_without_an_owner_are_told(two_owners: Result) -> None:
    """Ada has 16 of the 24 images, and all of them are candidates: eight are left, k is 10."""
    assert short_sentence(two_owners, "Ada").startswith(
        "6 generated images have fewer than 10 candidates left without them. "
    )
    assert short_sentence(two_owners, "Ben") == ""


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, LESS, "12.3 % of the value (95 % interval 9.8 % to 15 %), for 30 % of the images: "
                   "less than its share."),
        ({"low": 0.31, "share": 0.4, "high": 0.5}, MORE, "more than its share."),
        ({"high": 0.31}, OPEN, "no clear difference."),
    ],
)  # fmt: skip
def test_sentences(change: dict[str, float], verdict: str, words: str) -> None:
    answer = replace(ADA, **change)  # type: ignore[arg-type]
    assert answer.verdict == verdict
    assert answer_sentence(answer).endswith(words)


def test_what_would_settle_it() -> None:
    assert known_sentence(ADA) == (
        "60 generated images are enough to tell this from its share of the images."
    )
    unknown = replace(ADA, high=0.31)
    # 0.177 below its share of the images, 0.187 to the end of the interval: 60 · (0.187 / 0.177)².
    assert known_sentence(unknown) == (
        "60 generated images are too few to tell this from its share of the images. If the share "
        "stays as it is, about 67 would be enough; about 200 bring it within 5 points on either "
        "side."
    )
    assert "within 5 points" not in known_sentence(replace(unknown, images_needed=50))
    assert "It would take more than 6,000;" in known_sentence(replace(unknown, share=0.3))
    one = replace(unknown, generated=1)
    assert known_sentence(one).startswith("1 generated image is too few")


def test_of_many_owners_some_stand_out_by_chance() -> None:
    assert many_sentence(19) == ""
    assert "of 10,000, about 500 miss" in many_sentence(10_000)


def test_an_owner_of_all_and_an_owner_of_nothing() -> None:
    whole = replace(ADA, images=100, share=1.0, low=1.0, high=1.0)
    assert answer_sentence(whole) == (
        "All of the value, for all of the images: the set has no other owner."
    )
    assert known_sentence(whole) == "There is nobody to share it with, whatever is generated."
    nothing = replace(ADA, share=0.0, low=0.0, high=0.0, generated=0)
    assert nothing.verdict == OPEN
    assert answer_sentence(nothing) == "No value was handed out; 30 % of the images."
    assert "nothing to share" in known_sentence(nothing)


def test_few_generated_images_tell_nothing_of_a_small_owner(two_owners: Result) -> None:
    """What an owner of a few images gets from a few generated ones is 0 or chance."""
    for name in ("Ada", "Ben"):
        answer = owner_answer(two_owners, name)
        assert answer.low < answer.share < answer.high and answer.verdict == OPEN
        assert answer.images_needed > answer.generated == 6


def test_what_goes_to_nobody_is_said(two_owners: Result) -> None:
    assert unattributed_sentence(owner_answer(two_owners, "Ada")) == ""
    strict = replace(two_owners, settings=replace(two_owners.settings, credit=CONVINCING))
    totals = strict.totals()
    answer = owner_answer(strict, "Ada")
    assert 0 < answer.unattributed == pytest.approx(totals.unattributed / totals.quality)
    assert answer.share == pytest.approx(answer.value / totals.value)
    assert unattributed_sentence(answer).endswith("goes to nobody; the share is one of the rest.")


@pytest.mark.parametrize(
    ("name", "said"),
    [(" ada", "did you mean 'Ada'?"), ("Benn", "did you mean 'Ben'?"), ("Zoë", "one of: Ada, Ben")],
)
def test_a_name_that_is_nearly_right(two_owners: Result, name: str, said: str) -> None:
    with pytest.raises(SettingsError) as told:
        Grouped(two_owners).rows(name)
    assert said in str(told.value)
