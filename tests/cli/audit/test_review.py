"""The commands `review …`, and what `delete` says of reviews."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmv_core.audit.review.judging import VERDICTS, decide, next_pair
from gmv_core.audit.review.people import join_review
from gmv_core.errors import AccessError
from gmv_core.store.access import READ_ONLY
from gmv_core.store.workspace import Workspace
from tests.cli.conftest import Command
from tests.fakes import digests


def judge(workspace: Workspace, review: str, who: str) -> None:
    join_review(workspace, review, who)
    while (pair := next_pair(workspace, review, who)) is not None:
        decide(
            workspace, review, who, pair.place, VERDICTS[pair.place % (2 if who == "Ada" else 3)]
        )


def test_a_review_from_its_making_to_its_end(
    ready: Command, workspace: Workspace, tmp_path: Path
) -> None:
    assert "No review yet" in ready("review", "list").out
    made = ready("review", "make", "run", "--pairs", "30", "--seed", "4", "--json").json
    assert (made["review"], made["pairs"]) == ("run-1", 30)
    assert made["design"]["settings"]["seed"] == 4
    assert "Judge them on the page Review" in ready("review", "make", "run", "--pairs", "20").out
    assert "Nobody has judged a pair yet." in ready("review", "results", "run-1").out
    for who in ("Ada", "Ben"):
        judge(workspace, "run-1", who)
    assert "Ada 30/30, Ben 30/30" in ready("review", "list", "run").out
    listed = ready("review", "list", "--json").json["reviews"]
    assert [one["review"] for one in listed] == ["run-2", "run-1"]
    told = ready("review", "results", "run-1").out
    for title in ("Precision", "By label", "By owner", "By standing", "By distance", "Controls",
                  "Agreement", "Judged differently"):  # fmt: skip
        assert title in told
    found = ready("review", "results", "run-1", "--json").json
    assert [row["k"] for row in found["precision"][:3]] == [1, 5, 10]
    assert found["agreement"][0]["pairs"] == 24
    alone = ready("review", "results", "run-1", "--reviewer", "Ada", "--json").json
    assert {row["reviewer"] for row in alone["precision"]} == {"Ada"}
    path = tmp_path / "verdicts.csv"
    assert ready("review", "export", "run-1", path).status == 0
    assert "0 new verdicts in run-1." in ready("review", "import", "run-1", path).out
    assert "is deleted" in ready("review", "delete", "run-1").out


def test_errors_are_one_sentence(ready: Command, tmp_path: Path) -> None:
    for words, problem in (
        (("make", "other"), "There is no run named 'other'"),
        (("make", "run", "--pairs", "2"), "too few for"),
        (("make", "run", "--strata", "owner"), "Unknown strata 'owner'"),
        (("results", "run-1"), "There is no review 'run-1'"),
        (("import", "run-1", tmp_path / "none.csv"), "none.csv"),
    ):
        answer = ready("review", *words)
        assert answer.status == 1 and problem in " ".join(answer.err.split())


def test_pairs_are_handed_over(ready: Command, workspace: Workspace) -> None:
    ready("review", "make", "run", "--pairs", "20", "--overlap", "0.5")
    join_review(workspace, "run-1", "Ada"), join_review(workspace, "run-1", "Ben")
    assert (
        "5 pairs of run-1 handed over to ben."
        in ready("review", "hand-over", "run-1", "ADA", "--to", "ben").out
    )
    assert "Ada 0/10, Ben 0/20" in ready("review", "list").out
    told = ready("review", "hand-over", "run-1", "Ben", "--json").json
    assert told == {"review": "run-1", "handed_over": 10}
    assert "no pair to hand over" in ready("review", "hand-over", "run-1", "Ada").err


@pytest.mark.parametrize(
    "words",
    [
        ("make", "run"),
        ("hand-over", "run-1", "Ada"),
        ("import", "run-1", "{}/verdicts.csv"),
        ("delete", "run-1"),
    ],
    ids=lambda words: words[0],
)
def test_read_only_nothing_is_written(
    ready: Command, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:  # fmt: skip
    ready("review", "make", "run", "--pairs", "20")
    judge(workspace, "run-1", "Ada")
    path = tmp_path / "verdicts.csv"
    ready("review", "export", "run-1", path)
    path.write_text(path.read_text().replace("Ada", "Ben"))
    before = digests(workspace.root)
    monkeypatch.setenv(READ_ONLY, "1")
    told = ready("review", *(word.format(tmp_path) for word in words))
    assert told.status == 1 and "read-only" in told.err
    with pytest.raises(AccessError):
        join_review(workspace, "run-1", "Ben")
    for reading in (("list",), ("results", "run-1"), ("export", "run-1", path)):
        assert ready("review", *reading).status == 0
    assert digests(workspace.root) == before


def test_deleting_a_run_says_what_happens_to_its_reviews(ready: Command) -> None:
    ready("review", "make", "run", "--pairs", "20")
    told = " ".join(ready("delete", "run").out.split())
    assert "The run run is deleted. The review run-1 is kept, with all verdicts" in told
    assert "run-1" in ready("review", "list").out
