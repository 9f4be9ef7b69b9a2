"""Leaving training images out, against brute force; changes between two readings of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gmv_core import (
    MatchSettings,
    Result,
    RunSettings,
    ValueSettings,
    Workspace,
    WorkspaceError,
    build,
    open_run,
    open_source,
    value,
)
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.changes import LeftOut, changes, left_out, moves, with_and_without_weighting
from tests.built import TRAINING
from tests.fakes import fake_embedder, strict_json, write_images

PLAIN = ValueSettings(k=4, quality_weighting=False)


def valued(workspace: Workspace, source: Path, name: str, made: Path) -> Result:
    build(workspace, open_source(source), name=f"{name}-set", embedder=fake_embedder())
    value(
        workspace,
        open_source(made),
        against=f"{name}-set",
        name=name,
        settings=RunSettings(MatchSettings(distance="none", quality="none"), PLAIN),
        embedder=fake_embedder(),
    )
    return open_run(workspace, name)


def test_leaving_out_is_a_run_without_those_images(workspace: Workspace, tmp_path: Path) -> None:
    made = write_images(tmp_path / "made", 6, first_seed=100)
    whole = valued(workspace, write_images(tmp_path / "train", 24), "whole", made)
    top = whole.values_table().sort_values("value", ascending=False)["training"]
    gone = [*top[:3], *top[-2:]]
    for name in gone:
        (tmp_path / "train" / name).unlink()
    again = valued(workspace, tmp_path / "train", "again", made)

    part = whole.leaving_out(gone)
    pd.testing.assert_frame_equal(part.values_table(), again.values_table())
    assert part.noisy()["training"].tolist() == again.noisy()["training"].tolist()
    own = ["standing", "p_copy", "p_far", "nearer_than"]  # from the null of each training set
    pd.testing.assert_frame_equal(*(r.generated_table().drop(columns=own) for r in (part, again)))
    columns = ["generated", "training", "rank", "distance", "weight", "value"]
    pd.testing.assert_frame_equal(
        pd.concat(list(part.matches_batches()))[columns],
        pd.concat(list(again.matches_batches()))[columns],
    )
    image = again.generated_table()["generated"][0]
    assert [c.training for c in part.contributors(image)] == [
        c.training for c in again.contributors(image)
    ]
    assert left_out(part) == LeftOut(0, 0, 0)


def test_what_is_left_still_hands_out_all_quality(opened: Result) -> None:
    part = opened.leaving_out(["cat/b.png"])
    values = part.values_table().set_index("training")["value"]
    # one: a and c, e^-d 1 and 1/3; x/two: e at 7 and a at 9; y/two: e alone.
    near = 1 / (1 + np.exp(-2))
    assert values.to_dict() == pytest.approx(
        {
            "cat/a.png": 0.375 + 0.9 * (1 - near),
            "dog/c.png": 0.125,
            "dog/d.png": 0,
            "dog/e.png": 0.9 * near + 0.2,
        }
    )
    assert values.sum() == pytest.approx(1.6) == pytest.approx(part.totals().quality)
    assert part.contributors("one.png")[1].training == "dog/c.png"
    assert [c.exact for c in part.contributors("one.png")] == [True, False]
    assert [c.exact for c in part.contributors("x/two.png")] == [False, False]


def test_leaving_nothing_out_changes_nothing(opened: Result) -> None:
    assert opened.leaving_out([]) == opened
    pd.testing.assert_frame_equal(opened.leaving_out([]).values_table(), opened.values_table())


def test_lists_that_become_too_short_are_counted(opened: Result) -> None:
    # b was exact in x/two's list of which the first distance is exact; k = 1 shows that.
    one = replace(opened, settings=replace(opened.settings, k=1))
    assert left_out(one.leaving_out(["cat/b.png"])) == LeftOut(short=0, empty=0, estimated=1)
    # Without b and e: x/two keeps one candidate, y/two none.
    part = opened.leaving_out(["cat/b.png", "dog/e.png"])
    counted = left_out(part)
    assert (counted.short, counted.empty) == (2, 1)
    assert part.values_table()["value"].sum() == pytest.approx(0.5 + 0.9)
    everything = opened.leaving_out([name for name in TRAINING])
    assert left_out(everything).empty == 3
    assert everything.values_table().empty
    assert everything.totals().value == everything.totals().effective_contributors == 0


def test_a_name_that_the_set_has_not(opened: Result) -> None:
    with pytest.raises(WorkspaceError, match=r"The set 'train' has no image 'x.png'; give names"):
        opened.leaving_out(["cat/a.png", "x.png"])


def test_an_export_says_what_was_left_out(opened: Result, tmp_path: Path) -> None:
    opened.leaving_out(["dog/d.png", "cat/a.png"]).export(tmp_path)
    manifest = strict_json((tmp_path / "manifest.json").read_text())
    assert manifest["left_out"] == ["cat/a.png", "dog/d.png"]
    assert manifest["totals"]["never_contributor"] == 0  # c moves up; one was rejected
    assert "cat/a.png" not in pd.read_csv(tmp_path / "values.csv")["training"].tolist()
    assert opened.told().left_out is None


def test_the_stored_lists_are_not_touched(opened: Result) -> None:
    before = [block.matches.candidates.tolist() for block in blocks(opened.run)]
    opened.leaving_out(["cat/b.png"]).values_table()
    assert [block.matches.candidates.tolist() for block in blocks(opened.run)] == before


def test_changes_by_hand() -> None:
    before = pd.DataFrame({"training": list("abcd"), "value": [3, 2, 0, 0], "owner": list("xyxy")})
    after = pd.DataFrame({"training": list("dcb"), "value": [1.0, 0, 5]})
    told = changes(before, after)
    assert told["training"].tolist() == ["b", "c", "d"]
    assert told["owner"].tolist() == ["y", "x", "y"]
    assert told["rank_before"].tolist() == [1, 2, 2]  # without a, which is in one only
    assert told["rank_after"].tolist() == [1, 3, 2]
    assert told["places"].tolist() == [0, -1, 0]
    assert told["value_after"].tolist() == [5, 0, 1]


def test_who_moves_when_an_image_is_left_out(opened: Result) -> None:
    told = moves(opened, opened.leaving_out(["cat/b.png"]))
    near = 1 / (1 + np.exp(-2))
    assert (told.held, told.others) == (pytest.approx(1 / 6 + 0.45), 4)
    assert (told.before, told.after) == (pytest.approx(1.6 - told.held), pytest.approx(1.6))
    by_hand = {
        "dog/e.png": 0.9 * near - 0.45,
        "cat/a.png": 0.375 - 1 / 3 + 0.9 * (1 - near),
        "dog/c.png": 0.125,
    }
    moved = told.moved.set_index("training")["change"]
    assert moved.to_dict() == pytest.approx(by_hand)
    assert list(moved.index) == sorted(by_hand, key=by_hand.__getitem__, reverse=True)
    nothing = moves(opened, opened.leaving_out([]))
    assert nothing.moved.empty and nothing.held == 0 and nothing.others == 5


@pytest.mark.parametrize("weighting", [True, False])
def test_with_and_without_weighting(opened: Result, weighting: bool) -> None:
    read = replace(opened, settings=replace(opened.settings, quality_weighting=weighting))
    told = with_and_without_weighting(read, ("training", "id", "value")).set_index("training")
    # e: half of x/two and all of y/two, which hand out 1 each without the weighting.
    assert told.loc["dog/e.png", "value_before"] == pytest.approx(1.5)
    assert told.loc["dog/e.png", "value_after"] == pytest.approx(0.45 + 0.2)
    assert told["value_before"].sum() == pytest.approx(3)
    assert told.loc["dog/e.png", "id"] == 5
