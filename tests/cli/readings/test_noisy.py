"""The command noisy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("small_commits")


def test_noisy(ready: Command) -> None:
    found = ready("noisy", "run", "--limit", 7, "--json").json
    assert found["auroc"] is None
    assert [row["rank"] for row in found["ranking"]] == list(range(20, 13, -1))
    auroc = ready("noisy", "run", "--column", "noise", "--json").json["auroc"]
    assert 0 <= auroc <= 1
    told = ready("noisy", "run", "--column", "noise").out
    assert f"AUROC against the known noise: {auroc:.3f}" in told


def test_an_auroc_that_is_undefined_is_null(ready: Command, sources: Path) -> None:
    csv = sources / "flat.csv"
    csv.write_text("name,noise\n" + "\n".join(f"{i:04d}.png,no" for i in range(20)))
    ready("build", sources / "train", "--name", "flat", "--labels", csv)
    ready("value", sources / "made", "--against", "flat", "--name", "flat-run")
    assert ready("noisy", "flat-run", "--column", "noise", "--json").json["auroc"] is None
    told = ready("noisy", "flat-run", "--column", "noise")
    assert "marks 0 of 20 images as noise" in told.err and "AUROC" not in told.out


def test_grades_of_noise_ask_for_a_rule(ready: Command, sources: Path) -> None:
    csv = sources / "graded.csv"
    csv.write_text("name,noise\n" + "\n".join(f"{i:04d}.png,{i % 3}" for i in range(20)))
    ready("build", sources / "train", "--name", "graded", "--labels", csv)
    ready("value", sources / "made", "--against", "graded", "--name", "graded-run")
    asked = ready("noisy", "graded-run", "--column", "noise")
    assert asked.status == 1 and "--noisy-if '>0'" in asked.err
    words = ("noisy", "graded-run", "--column", "noise", "--json", "--noisy-if")
    some, most = ready(*words, ">1").json["auroc"], ready(*words, ">0").json["auroc"]
    assert 0 <= some <= 1 and 0 <= most <= 1 and some != most
    judged = ready("criteria", "graded-run", "--column", "noise", "--noisy-if", ">1", "--json")
    assert judged.json["noise"]["auroc"] == some
    assert ready("noisy", "graded-run", "--noisy-if", ">1").status == 1
