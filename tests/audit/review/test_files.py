"""Verdicts as CSV: out, into another workspace, and what is refused."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from gmv_core import ReviewSettings, SourceError, Workspace, WorkspaceError, decide, join_review
from gmv_core.audit.review import files
from gmv_core.audit.review.files import export_verdicts, import_verdicts, verdicts_csv
from gmv_core.audit.review.people import reviewers
from gmv_core.audit.review.reviews import delete_review, make_review, reviews_table

SETTINGS = ReviewSettings(pairs=20, seed=1)
NOTE = '=HYPERLINK("http://evil.example")'


@pytest.fixture
def review(reviewed: Workspace) -> str:
    return make_review(reviewed, "run", settings=SETTINGS).id


def judge(workspace: Workspace, review: str, who: str, verdicts: list[str]) -> None:
    join_review(workspace, review, who)
    for place, verdict in enumerate(verdicts):
        decide(workspace, review, who, place, verdict, note=NOTE if place == 1 else "", seconds=2.5)


def table(*lines: str) -> bytes:
    return "\n".join(["place,reviewer,verdict", *lines, ""]).encode()


def test_what_was_exported_comes_back_as_it_was(reviewed: Workspace, review: str) -> None:
    judge(reviewed, review, "-Ada", ["yes", "no", "unsure"])
    judge(reviewed, review, "Ben", ["no", "no"])
    before = reviews_table(reviewed, "run").drop_columns(["created"])
    content = verdicts_csv(reviewed, review)
    assert len(list(csv.DictReader(io.StringIO(content.decode())))) == 5
    delete_review(reviewed, review)
    assert make_review(reviewed, "run", settings=SETTINGS).id == review
    assert import_verdicts(reviewed, review, content) == 5
    assert reviews_table(reviewed, "run").drop_columns(["created"]).equals(before)
    assert import_verdicts(reviewed, review, content) == 0  # all are there


def test_no_cell_is_a_formula(reviewed: Workspace, review: str, tmp_path: Path) -> None:
    judge(reviewed, review, "=Ada", ["yes", "no"])
    path = export_verdicts(reviewed, review, tmp_path / "verdicts.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["note"] for row in rows] == ["", f"'{NOTE}"]
    assert all(row["reviewer"] == "'=Ada" for row in rows)
    with pytest.raises(WorkspaceError, match="cannot be written"):
        export_verdicts(reviewed, review, tmp_path / "none" / "verdicts.csv")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["0,Ada,yes", "99,Ada,no"], "line 3: the review 'run-1' has no place '99'"),
        (["0,Ada,yes", "x,Ada,no"], "line 3: the review 'run-1' has no place 'x'"),
        (["0,Ada,maybe"], "line 2: the verdict is 'maybe'; give yes, no, unsure"),
        (["0,Ada,yes", "0,Ada,no"], "line 3: 'Ada' said 'no' of place 0, and 'yes' before"),
        (["0,Ada,yes", "9" * 5000 + ",Ada,no"], "line 3: the review 'run-1' has no place '9999"),
        (["0,Ada,yes", "٣,Ada,no"], "line 3: the review 'run-1' has no place"),
        (["0,Ada,yes", "-1,Ada,no"], "line 3: the review 'run-1' has no place '-1'"),
        (["0,Ada,yes", "2,Ada,no"], "line 3: 'Ada' has place 1 to judge before place 2"),
        (["0,Ada,yes", "1,,no"], "reviewer's name has 0 characters"),
        (["0,Ada,yes", "1,all,no"], "'all' stands for all reviewers"),
    ],
    ids=[
        "place",
        "no number",
        "verdict",
        "twice",
        "long",
        "digits",
        "negative",
        "gap",
        "nobody",
        "all",
    ],
)
def test_of_a_table_with_an_error_nothing_is_kept(
    reviewed: Workspace, review: str, lines: list[str], problem: str
) -> None:
    with pytest.raises(Exception, match=problem):
        import_verdicts(reviewed, review, table(*lines))
    assert reviewers(reviewed, review) == []


@pytest.mark.parametrize(
    ("columns", "cells", "problem"),
    [
        ("seconds", "inf", "line 2: seconds is 'inf'; give a number"),
        ("seconds", "nan", "seconds is 'nan'"),
        ("seconds", "-1", "seconds is '-1'"),
        ("decided", "yesterday", "decided is 'yesterday'; give a time as 2026-01-31T12"),
        ("note", "n" * 2001, "the note has 2,001 characters; 2,000 are kept"),
        ("verdict", "no", "has several columns 'verdict'"),
    ],
)
def test_what_a_verdict_cannot_hold_is_refused(
    reviewed: Workspace, review: str, columns: str, cells: str, problem: str
) -> None:
    content = f"place,reviewer,verdict,{columns}\n0,Ada,yes,{cells}\n"
    with pytest.raises(SourceError, match=problem):
        import_verdicts(reviewed, review, content.encode())
    assert reviewers(reviewed, review) == []


def test_what_a_person_writes_in_a_spreadsheet_is_read(reviewed: Workspace, review: str) -> None:
    content = (
        "Place,reviewer,verdict,decided\n".lower()
        + "00,Ada,YES,2026-01-31 12:00\n1,ada,No,2026-01-31T13:00:00+02:00\n2,ADA,unsure,\n"
    )
    assert import_verdicts(reviewed, review, content.encode()) == 3
    assert [(one.name, one.done) for one in reviewers(reviewed, review)] == [("Ada", 3)]
    rows = [row for row in reviews_table(reviewed, "run").to_pylist() if row["reviewer"]]
    assert [row["verdict"] for row in rows] == ["yes", "no", "unsure"]
    assert [row["decided"] for row in rows[:2]] == [
        "2026-01-31T12:00:00.000+00:00", "2026-01-31T11:00:00.000+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize("note", ["'=1", "''@x", "=1\n=2", 'a "b", c\r\nd', "\u202ex", "'quoted'"])
def test_a_note_comes_back_to_the_letter(reviewed: Workspace, review: str, note: str) -> None:
    join_review(reviewed, review, "Ada")
    decide(reviewed, review, "Ada", 0, "yes", note=note)
    content = verdicts_csv(reviewed, review)
    delete_review(reviewed, review)
    make_review(reviewed, "run", settings=SETTINGS)
    assert import_verdicts(reviewed, review, content) == 1
    (row,) = [row for row in reviews_table(reviewed, "run").to_pylist() if row["reviewer"]]
    assert row["note"] == note


def test_a_large_table_is_taken_in_one_pass(
    reviewed: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queries do not grow with the lines: an import holds the lock for all others."""
    asked = list[str]()
    for name in ("queue_of", "standing_verdicts"):
        real = getattr(files, name)
        monkeypatch.setattr(
            files, name, lambda *given, real=real, name=name: asked.append(name) or real(*given)
        )
    review = make_review(reviewed, "run", settings=ReviewSettings(pairs=1000)).id
    lines = [f"{place},{who},no" for who in ("Ada", "Ben") for place in range(75)]
    assert import_verdicts(reviewed, review, table(*lines)) == 150
    assert len(asked) == 4


def test_the_table_of_another_review_is_refused(reviewed: Workspace, review: str) -> None:
    judge(reviewed, review, "Ada", ["yes"])
    other = make_review(reviewed, "run", settings=ReviewSettings(pairs=20, seed=9)).id
    with pytest.raises(SourceError, match="this is the table of another review"):
        import_verdicts(reviewed, other, verdicts_csv(reviewed, review))
    with pytest.raises(SourceError, match="has no column 'reviewer'"):
        import_verdicts(reviewed, other, b"place,verdict\n0,yes\n")


def test_any_order_of_lines_and_a_spreadsheets_semicolons_are_read(
    reviewed: Workspace, review: str
) -> None:
    content = "\ufeffplace;reviewer;verdict;note\n1;Ben;no;später\n0;Ben;yes;\n0;Ada;no;\n"
    assert import_verdicts(reviewed, review, content.encode()) == 3
    assert [(one.name, one.done) for one in reviewers(reviewed, review)] == [("Ben", 2), ("Ada", 1)]
    notes = [row["note"] for row in reviews_table(reviewed, "run").to_pylist() if row["note"]]
    assert notes == ["später"]
