"""Known noise: the columns that can mark it, and how the ranking meets it."""

from __future__ import annotations

import json

import pytest

from gmv_core import Result, Workspace
from gmv_core.criteria.known_noise import judge, noise_columns
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
