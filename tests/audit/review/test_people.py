"""Who judges: one name however it is written, what is handed over, names that are none."""

from __future__ import annotations

import pytest

from gmv_core import ReviewSettings, SettingsError, Workspace, WorkspaceError, decide, make_review
from gmv_core.audit.review.files import import_verdicts, verdicts_csv
from gmv_core.audit.review.judging import next_pair, undo
from gmv_core.audit.review.people import find_reviewer, hand_over, join_review, reviewers
from gmv_core.audit.review.results import review_results
from gmv_core.audit.review.reviews import delete_review, reviews_table

DIVIDED = ReviewSettings(pairs=40, overlap=0.5, reviewers=2, seed=3)


def judge(workspace: Workspace, review: str, who: str, pairs: int = 1000) -> list[int]:
    """Say yes to so many pairs of odd places, no to the others, and return the places."""
    places = list[int]()
    join_review(workspace, review, who)
    while len(places) < pairs and (pair := next_pair(workspace, review, who)) is not None:
        decide(workspace, review, who, pair.place, "yes" if pair.place % 2 else "no")
        places.append(pair.place)
    return places


def progress(workspace: Workspace, review: str) -> list[tuple[str, int, int]]:
    return [(one.name, one.done, one.of) for one in reviewers(workspace, review)]


@pytest.mark.parametrize(
    "spelling",
    ["ada lovelace", "ADA  LOVELACE", "\u200bAda Lovelace ", "Ａda Lovelace", "Ada\u00a0Lovelace"],
)
def test_one_person_is_one_reviewer_in_whatever_spelling(
    reviewed: Workspace, spelling: str
) -> None:
    review = make_review(reviewed, "run").id
    assert join_review(reviewed, review, "Ada  Lovelace").name == "Ada Lovelace"
    assert join_review(reviewed, review, spelling).name == "Ada Lovelace"
    pair = next_pair(reviewed, review, spelling)
    assert pair is not None
    decide(reviewed, review, spelling, pair.place, "yes")
    assert progress(reviewed, review) == [("Ada Lovelace", 1, 60)]
    found = find_reviewer(reviewed, review, spelling)
    assert found is not None and found.done == 1
    assert len(review_results(reviewed, review, reviewer=spelling).reviewers) == 1
    assert undo(reviewed, review, spelling)


def test_composed_and_decomposed_letters_are_one_name(reviewed: Workspace) -> None:
    review = make_review(reviewed, "run").id
    join_review(reviewed, review, "Zoe\u0308"), join_review(reviewed, review, "ZO\u00cb")
    assert [one.name for one in reviewers(reviewed, review)] == ["Zo\u00eb"]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("\u200b\u200d", "has 0 characters"),
        ("\ud800", "has 0 characters"),
        ("all", "'all' stands for all reviewers"),
        ("ALL", "'ALL' stands for all reviewers"),
        ("x" * 101, "has 101 characters"),
    ],
    ids=["unseen", "half", "all", "ALL", "long"],
)
def test_names_that_are_none(reviewed: Workspace, name: str, problem: str) -> None:
    review = make_review(reviewed, "run").id
    with pytest.raises(SettingsError, match=problem):
        join_review(reviewed, review, name)
    assert find_reviewer(reviewed, review, name) is None


def test_a_note_holds_what_a_table_can_hold(reviewed: Workspace) -> None:
    review = make_review(reviewed, "run").id
    join_review(reviewed, review, "Ada")
    decide(reviewed, review, "Ada", 0, "no", note=" a\0b\ud800 \n<i>*c*</i> ")
    (note,) = [row["note"] for row in reviews_table(reviewed, "run").to_pylist() if row["note"]]
    assert note == "ab \n<i>*c*</i>"


def test_what_an_absent_reviewer_left_is_handed_to_a_new_one_or_to_one_who_is_there(
    reviewed: Workspace,
) -> None:
    review = make_review(reviewed, "run", settings=DIVIDED).id
    first = judge(reviewed, review, "Ada", 7)
    second = judge(reviewed, review, "Ben")
    before = review_results(reviewed, review).precision.iloc[2]
    left = hand_over(reviewed, review, "ADA")
    assert left == 10 - len([p for p in first if p not in second])
    assert progress(reviewed, review)[0] == ("Ada", 7, 30 - left)
    assert judge(reviewed, review, "Cleo", 3)
    rest = hand_over(reviewed, review, "Cleo", "Ben")
    assert rest <= left and progress(reviewed, review)[1] == ("Ben", 30, 30 + rest)
    assert len(judge(reviewed, review, "Ben")) == rest
    judged = {row["place"] for row in reviews_table(reviewed, "run").to_pylist() if row["reviewer"]}
    assert judged == set(range(40))
    after = review_results(reviewed, review).precision.iloc[2]
    assert after["pairs"] == 32 > before["pairs"]
    judge(reviewed, review, "Ada")  # comes back: the shared ones are still hers
    assert {one.name for one in reviewers(reviewed, review) if one.finished} >= {"Ada", "Ben"}


def test_nothing_is_handed_over_where_nothing_is_left(reviewed: Workspace) -> None:
    shared = make_review(reviewed, "run").id
    join_review(reviewed, shared, "Ada")
    with pytest.raises(WorkspaceError, match="'Ada' has no pair to hand over"):
        hand_over(reviewed, shared, "Ada")
    divided = make_review(reviewed, "run", settings=DIVIDED).id
    join_review(reviewed, divided, "Ada")
    with pytest.raises(WorkspaceError, match="'Ben' has not joined"):
        hand_over(reviewed, divided, "Ben")
    with pytest.raises(WorkspaceError, match="no pair to hand over"):
        hand_over(reviewed, divided, "Ada", "ada")
    judge(reviewed, divided, "Ada")
    with pytest.raises(WorkspaceError, match="no pair to hand over"):
        hand_over(reviewed, divided, "Ada")


def test_the_estimate_is_that_of_the_pairs_that_anyone_judged(reviewed: Workspace) -> None:
    """By hand from the table: Σ N_h/N · mean of the means of each judged pair of h."""
    review = make_review(reviewed, "run", settings=DIVIDED).id
    judge(reviewed, review, "Ada", 12), judge(reviewed, review, "Ben", 20)
    hand_over(reviewed, review, "Ada", "Ben")
    judge(reviewed, review, "Ben", 6)
    rows = [row for row in reviews_table(reviewed, "run").to_pylist()
            if row["reviewer"] and row["kind"] == "pair"]  # fmt: skip
    strata = sorted({(row["stratum"], row["pairs_in_stratum"]) for row in rows})
    total, means = sum(size for _, size in strata), []
    for stratum, _ in strata:
        by = dict[int, list[float]]()
        for row in rows:
            if row["stratum"] == stratum:
                by.setdefault(row["place"], []).append(float(row["verdict"] == "yes"))
        means.append(sum(sum(said) / len(said) for said in by.values()) / len(by))
    expected = sum(n / total * mean for (_, n), mean in zip(strata, means, strict=True))
    found = review_results(reviewed, review).precision.iloc[2]
    assert total == 60 and found["reviewer"] == "all"
    assert found["share"] == pytest.approx(expected)


@pytest.mark.parametrize("stop", [4, 14, 26])
def test_divided_and_handed_over_verdicts_come_back_from_csv(
    reviewed: Workspace, stop: int
) -> None:
    review = make_review(reviewed, "run", settings=DIVIDED).id
    join_review(reviewed, review, "Ben")
    judge(reviewed, review, "Ada", stop), judge(reviewed, review, "Cleo", 5)
    hand_over(reviewed, review, "Ada")
    judge(reviewed, review, "Dora"), judge(reviewed, review, "Ben", 9)
    before = reviews_table(reviewed, "run").drop_columns(["created"])
    content = verdicts_csv(reviewed, review)
    delete_review(reviewed, review)
    review = make_review(reviewed, "run", settings=DIVIDED).id
    assert import_verdicts(reviewed, review, content) == before["verdict"].drop_null().length()
    again = reviews_table(reviewed, "run").drop_columns(["created"])
    order = [("place", "ascending"), ("reviewer", "ascending")]
    assert again.sort_by(order).equals(before.sort_by(order))


def test_a_pair_that_one_person_judged_is_not_taken_from_another(reviewed: Workspace) -> None:
    review = make_review(reviewed, "run", settings=DIVIDED).id
    judge(reviewed, review, "Ada")
    content = verdicts_csv(reviewed, review).replace(b",Ada,", b",Eve,")
    with pytest.raises(Exception, match=r"is judged by one person, and 'Ada' did"):
        import_verdicts(reviewed, review, content)
    assert [one.name for one in reviewers(reviewed, review)] == ["Ada"]
