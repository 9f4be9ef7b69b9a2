"""The figures on predicted influence that the program shows are those of docs/influence.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gmv_core.results.influence.evidence import (
    OURS,
    OWNERS,
    PIXELS,
    SETTINGS,
    SUMMED,
    Setting,
    agreement,
    nearest_setting,
    score_rows,
)

PAGE = Path(__file__).parents[2] / "docs" / "influence.md"


def number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_figures_are_those_of_the_docs(setting: Setting) -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    for score, low, high in setting.scores.values():
        interval = f"{number(low)} to {number(high)}"
        told = rf"{number(score)} \| {interval} \||{number(score)}( \(\d\))?, {interval};"
        assert any(re.search(told, row.replace("**", "")) for row in rows), told
    assert setting.highest in PAGE.read_text(encoding="utf-8")


def test_what_is_said_and_what_is_nearest() -> None:
    assert nearest_setting(grey=True, detail=0.2).name == "β-VAE on Fashion-MNIST"
    assert nearest_setting(grey=False, detail=1.0).name == "rectified flow on CIFAR-10"
    assert nearest_setting(grey=True, detail=None).fine
    assert "0.451 of 0.904 (β-VAE on Fashion-MNIST)" in agreement()
    for setting in SETTINGS:
        rows = score_rows(setting)
        assert {OURS, PIXELS} <= set(rows["method"])
        without_the_model = [m for m in rows["method"] if "needs the model" not in m]
        assert without_the_model[0] == OURS
        assert rows["score"].is_monotonic_decreasing
        # What TRUST says in words.
        assert setting.scores[PIXELS][0] < setting.scores[OURS][0] < float(setting.highest)


def test_what_is_said_of_owners_is_in_the_docs() -> None:
    told = PAGE.read_text(encoding="utf-8")
    for sentence, count in ((OWNERS, 4), (SUMMED, 8)):
        figures = re.findall(r"−?\d\.\d{3}", sentence)
        assert len(figures) == count and all(figure in told for figure in figures)
