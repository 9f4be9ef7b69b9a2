"""The command criteria."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("small_commits")


def test_criteria(ready: Command) -> None:
    report = ready("criteria", "run", "--json").json
    assert report["classes"]["images"] == 9  # one is broken
    assert report["classes"]["rejected"] == 1
    assert report["column"] == "noise" and report["noise"]["known"] == 4
    # All were made as class0: without them nothing would be left to judge class0 by.
    assert [row["label"] for row in report["foreign"]] == ["class1", "class2"]
    assert report["attributes"] == {} and report["injections"] == []
    printed = ready("criteria", "run")
    assert printed.status == 0
    for part in ("C1: ", "column noise", "C3: whole classes", "C4: cost", "9 generated images"):
        assert part in printed.out
    assert "is not influence" in printed.out


def test_criteria_tear_no_number_at_80_columns(
    ready: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    report, printed = ready("criteria", "run", "--json").json, ready("criteria", "run").out
    for row in report["foreign"]:
        assert f"({row['low']:.3g}–{row['high']:.3g})" in printed
    for row in report["classes"]["table"]:
        if row["value"] == "":
            assert f"({100 * row['low']:.3g}–{100 * row['high']:.3g})" in printed
    for heading in ("distance", "precision", "by chance"):
        assert heading in printed


def test_criteria_with_an_injection_and_its_copies(ready: Command) -> None:
    report = ready("criteria", "run", "--inject", "blur", "--share", 0.2, "--json").json
    (found,) = report["injections"]
    assert (found["kind"], found["strength"], found["known"]) == ("blur", 0.03, 4)
    assert "blur, 3 % of the side" in ready("criteria", "run").out
    names = [r["name"] for r in ready("list", "--json").json["runs"]]
    assert names == ["run", "run-blur-0.03-20pct"]
    assert ready("criteria", "run", "--forget", "--json").json["injections"] == []
    assert [r["name"] for r in ready("list", "--json").json["runs"]] == ["run"]


def test_criteria_by_pixels_and_mistakes(ready: Command) -> None:
    table = ready("criteria", "run", "--pixels", "--json").json["classes"]["table"]
    assert "pixel L2" in {row["order"] for row in table}
    for words, part in (
        (("--inject", "rain"), "noise"),
        (("--inject", "noise", "--share", "2"), "share is 2.0"),
        (("--column", "nothing"), "no attribute 'nothing'"),
    ):
        refused = ready("criteria", "run", *words)
        assert refused.status == 1 and part in refused.err
