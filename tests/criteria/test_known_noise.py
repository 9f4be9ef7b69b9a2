"""Known noise: the columns that can mark it, and how the ranking meets it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gmv_core import Result, Workspace
from gmv_core.criteria.known_noise import flags_of, judge, noise_columns, nothing_to_tell
from gmv_core.errors import SettingsError
from tests.built import run_by_hand


@pytest.fixture
def opened(workspace: Workspace) -> Result:
    return run_by_hand(workspace)


def test_the_ranking_against_a_column(opened: Result) -> None:
    report = judge(opened, "noise")
    assert report.flags.tolist() == [True, True, False, False, False]
    assert (report.detection.auroc, report.detection.known) == (1, 2)
    # Without c, d alone is noise, and at the bottom.
    assert judge(opened.leaving_out(["dog/c.png"]), "noise").flags.tolist() == [True] + [False] * 3


def test_columns_of_yes_and_no(opened: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"hat": "yes", "planted_noise": "no", "size": "3", "never": "no", "empty": ""},
        {"hat": "No", "planted_noise": "TRUE", "size": "1", "never": "no", "empty": ""},
    ]
    stored = opened.training.images.read(["attributes"])
    texts = [json.dumps(rows[i % 2]) for i in range(5)] + [""]
    monkeypatch.setattr(
        type(opened.training.images), "read", lambda *_: stored.set_column(0, "attributes", [texts])
    )
    assert noise_columns(opened.training) == ["planted_noise", "hat"]


@pytest.mark.parametrize(
    ("values", "rule", "noisy"),
    [
        (["1.0", "0.0", ""], "", [0]),
        (["y", "n", "t", "f"], "", [0, 2]),
        (["noisy", "clean"], "", [0]),
        (["1", "-1"], "", [0]),
        (["0", "1", "2", "2.0", ""], ">0", [1, 2, 3]),
        (["0", "1", "2"], " >= 2 ", [2]),
        (["0.2", "0.9"], "<0.5", [0]),
        (["0", "1", "2"], "!=0", [1, 2]),
        (["bad", "good", "1"], "=BAD", [0]),
    ],
)
def test_which_values_mean_noise(values: list[str], rule: str, noisy: list[int]) -> None:
    assert np.flatnonzero(flags_of(values, "noise", rule)).tolist() == noisy


@pytest.mark.parametrize(
    ("values", "rule", "sentence"),
    [
        (["0", "1", "2"], "", r"has the grades 0, 1, 2; say which .* --noisy-if '>0'"),
        (["meh", "1"], "", r"neither yes nor no: meh; say which .* --noisy-if '=meh'"),
        (["0", "1"], "above 0", r"'above 0' is no rule for noise; write it like '>0'"),
        (["high", "1"], ">0", r"'high' of the column 'noise' cannot be held against '>0'"),
    ],
)
def test_what_says_neither_is_an_error(values: list[str], rule: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        flags_of(values, "noise", rule)


def test_nothing_to_tell_apart_is_said(opened: Result) -> None:
    found = judge(opened, "noise", "!=never").detection
    assert "marks 5 of 5 images as noise: there is nothing" in nothing_to_tell(found, "noise")
    assert nothing_to_tell(judge(opened, "noise").detection, "noise") == ""
