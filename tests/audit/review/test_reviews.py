"""Reviews: drawn and kept whole, listed, outliving their run, read as a table."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import msgspec
import pytest

from gmv_core import (
    ReviewSettings,
    ValueSettings,
    Workspace,
    WorkspaceError,
    decide,
    join_review,
    list_reviews,
    make_review,
    next_pair,
    open_review,
    open_run,
    review_results,
)
from gmv_core.audit.review import database
from gmv_core.audit.review.judging import undo
from gmv_core.audit.review.reviews import delete_review, kept_sentence, reviews_table
from gmv_core.jobs.deletion import delete
from gmv_core.store.access import Right
from tests.fakes import change_json

SMALL = ReviewSettings(pairs=20, controls=0.2)


def test_a_review_is_kept_with_names_ranks_and_distances(reviewed: Workspace) -> None:
    review = make_review(reviewed, "run", settings=SMALL)
    assert (review.id, review.run, review.places) == ("run-1", "run", 20)
    assert open_review(reviewed, "run-1") == review
    assert sum(stratum.pairs for stratum in review.design.strata) == 60
    rows = reviews_table(reviewed, "run").to_pylist()
    assert [row["place"] for row in rows] == list(range(20))
    result = open_run(reviewed, "run", settings=ValueSettings(k=10))
    for row in rows:
        if row["kind"] == "pair":
            assert 1 <= row["rank"] <= 10 and row["pairs_in_stratum"] > 0
            listed = result.contributors(row["generated"])[row["rank"] - 1]
            assert (listed.training, listed.label) == (row["training"], row["label"])
            assert listed.distance == pytest.approx(row["distance"])
        else:
            assert row["rank"] is row["distance"] is row["stratum"] is None
    kinds = [row["kind"] for row in rows]
    assert kinds.count("random") == kinds.count("copy") == 2
    assert all((row["generated"] is None) == (row["kind"] == "copy") for row in rows)


def test_reviews_are_numbered_and_listed_the_newest_first(reviewed: Workspace) -> None:
    assert list_reviews(reviewed) == []
    assert not (reviewed.root / database.FILE).exists()  # reading writes nothing
    for seed in range(3):
        make_review(reviewed, "run", settings=ReviewSettings(seed=seed))
    delete_review(reviewed, "run-2")
    assert [review.id for review in list_reviews(reviewed, "run")] == ["run-3", "run-1"]
    assert list_reviews(reviewed, "other") == []
    assert make_review(reviewed, "run").id == "run-2"
    with pytest.raises(WorkspaceError, match="no review 'run-9'"):
        open_review(reviewed, "run-9")
    with pytest.raises(WorkspaceError, match="no review 'run-9'"):
        delete_review(reviewed, "run-9")


def test_a_review_outlives_its_run(reviewed: Workspace) -> None:
    review = make_review(reviewed, "run", settings=SMALL)
    join_review(reviewed, review.id, "Ada")
    for _ in range(20):
        pair = next_pair(reviewed, review.id, "Ada")
        assert pair is not None
        decide(reviewed, review.id, "Ada", pair.place, "yes")
    before = review_results(reviewed, review.id)
    assert kept_sentence(reviewed, "run").startswith("The review run-1 is kept")
    assert kept_sentence(reviewed, "other") == ""
    delete(reviewed, "run")
    after = review_results(reviewed, review.id)
    assert after.precision.equals(before.precision)
    undo(reviewed, review.id, "Ada")
    with pytest.raises(WorkspaceError, match="no run named 'run'"):
        next_pair(reviewed, review.id, "Ada")


def test_a_run_that_was_matched_anew_shows_no_more_pairs(reviewed: Workspace) -> None:
    review = make_review(reviewed, "run", settings=SMALL)
    join_review(reviewed, review.id, "Ada")
    inputs = open_run(reviewed, "run").manifest.inputs
    told = msgspec.to_builtins(inputs)
    told["matches"]["candidates"] = 11
    change_json(reviewed.run("run"), inputs=told)
    with pytest.raises(WorkspaceError, match="matched anew since the review 'run-1'"):
        next_pair(reviewed, review.id, "Ada")


def test_the_table_has_undone_verdicts_too(reviewed: Workspace) -> None:
    review = make_review(reviewed, "run", settings=SMALL)
    join_review(reviewed, review.id, "Ada")
    first = next_pair(reviewed, review.id, "Ada")
    assert first is not None
    decide(reviewed, review.id, "Ada", first.place, "no", note=" not sure ", seconds=1.5)
    assert undo(reviewed, review.id, "Ada")
    decide(reviewed, review.id, "Ada", first.place, "yes")
    rows = [row for row in reviews_table(reviewed, "run").to_pylist() if row["reviewer"]]
    assert [(row["verdict"], row["undone"] is None) for row in rows] == [
        ("no", False),
        ("yes", True),
    ]
    assert rows[0]["note"] == "not sure" and rows[0]["seconds"] == 1.5


def test_tables_of_a_later_version_are_not_touched(reviewed: Workspace) -> None:
    make_review(reviewed, "run", settings=SMALL)
    path = reviewed.root / database.FILE
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    for use in (list_reviews, lambda w: make_review(w, "run", settings=SMALL)):
        with pytest.raises(WorkspaceError, match=r"later version .* \(tables 99"):
            use(reviewed)


def test_a_file_that_is_no_database_is_a_sentence(reviewed: Workspace) -> None:
    (reviewed.root / database.FILE).write_bytes(b"no database" * 100)
    with pytest.raises(WorkspaceError, match="is not a file of reviews"):
        list_reviews(reviewed)


def test_an_error_within_a_block_keeps_nothing(reviewed: Workspace) -> None:
    review = make_review(reviewed, "run", settings=SMALL)
    with pytest.raises(ZeroDivisionError), database.writing(reviewed, Right.EDIT, "it") as db:
        db.execute("DELETE FROM reviews")
        1 / 0  # noqa: B018
    assert list_reviews(reviewed) == [review]
