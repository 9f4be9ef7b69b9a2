"""What a review comes to: by hand, by part, and with several reviewers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gmv_core import (
    ReviewSettings,
    SettingsError,
    Workspace,
    decide,
    join_review,
    make_review,
    next_pair,
    review_results,
)
from gmv_core.audit.review.judging import look
from gmv_core.audit.review.results import verdict_table
from gmv_core.audit.review.reviews import open_review, reviews_table
from gmv_core.audit.review.sentences import design_sentence, result_sentences
from gmv_core.words import number

FIRST, LATER = "yes", "no"


@pytest.fixture
def review(reviewed: Workspace) -> str:
    return make_review(reviewed, "run", settings=ReviewSettings(pairs=40, seed=2)).id


def judge(workspace: Workspace, review: str, who: str, pairs: int = 40) -> None:
    """Judge so many pairs: Ada says yes to ranks 1 and 2, Ben to rank 1 alone, and to copies."""
    rows = {row["place"]: row for row in reviews_table(workspace, "run").to_pylist()}
    join_review(workspace, review, who)
    for _ in range(pairs):
        pair = next_pair(workspace, review, who)
        assert pair is not None
        rank, kind = rows[pair.place]["rank"], rows[pair.place]["kind"]
        alike = kind == "copy" or (kind == "pair" and rank <= (2 if who == "Ada" else 1))
        decide(workspace, review, who, pair.place, "yes" if alike else "no")


def test_precision_by_hand(reviewed: Workspace, review: str) -> None:
    judge(reviewed, review, "Ada")
    found = review_results(reviewed, review)
    told = found.precision.set_index("k")
    assert found.precision["reviewer"].tolist() == ["Ada"] * 3
    assert told.loc[1, ["share", "low", "high"]].tolist() == [1, 1, 1]  # all 6 were judged
    rows = verdict_table(reviewed, found.review)
    second = rows[rows["rank"].between(2, 5)]
    share = (second["verdict"] == "yes").mean()
    assert told.loc[5, "share"] == pytest.approx(0.2 + 0.8 * share)
    assert told.loc[10, "share"] == pytest.approx(0.1 + 0.4 * share)
    assert told.loc[5, "low"] <= told.loc[5, "share"] <= told.loc[5, "high"]
    assert (told["unsure"] == 0).all()


def test_all_controls_are_passed_by_who_can_tell(reviewed: Workspace, review: str) -> None:
    judge(reviewed, review, "Ada")
    controls = review_results(reviewed, review).controls.set_index("control")
    assert controls.loc["copy", ["expected", "passed", "of"]].tolist() == ["yes", 4, 4]
    assert controls.loc["random", ["expected", "passed", "of"]].tolist() == ["no", 4, 4]


def test_parts_hold_every_pair_once(reviewed: Workspace, review: str) -> None:
    judge(reviewed, review, "Ada")
    found = review_results(reviewed, review)
    for part, table in found.parts.items():
        assert table["pairs"].sum() == 32, part
        assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).all()
    assert set(found.parts["label"]["label"]) == {"class0", "class1", "class2"}
    near, *_, far = found.parts["distance"]["share"]
    assert near > far
    assert found.half is not None and found.half.slope < 0
    assert found.reach is not None


def test_two_reviewers_are_pooled_and_compared(reviewed: Workspace, review: str) -> None:
    judge(reviewed, review, "Ada"), judge(reviewed, review, "Ben")
    found = review_results(reviewed, review)
    by = found.precision.set_index(["reviewer", "k"])["share"]
    assert by["all", 10] == pytest.approx((by["Ada", 10] + by["Ben", 10]) / 2)
    (row,) = found.agreement.to_dict("records")
    seconds = len(found.disagreements) // 2  # two rows a pair: one of each reviewer
    assert (row["first"], row["second"], row["pairs"]) == ("Ada", "Ben", 32)
    assert row["share"] == pytest.approx(1 - seconds / 32) and 0 < row["kappa"] < 1
    assert set(found.disagreements["rank"]) == {2}
    only = review_results(reviewed, review, reviewer="Ben")
    assert only.precision["reviewer"].unique().tolist() == ["Ben"]
    assert only.precision.set_index("k")["share"][10] == pytest.approx(by["Ben", 10])
    with pytest.raises(SettingsError, match="Unknown reviewer 'Cleo'; choose one of: Ada, Ben"):
        review_results(reviewed, review, reviewer="Cleo")


def test_before_anyone_has_judged_there_is_a_sentence(reviewed: Workspace, review: str) -> None:
    found = review_results(reviewed, review)
    assert found.precision["share"].isna().all() and not len(found.controls)
    assert all(table.empty for table in found.parts.values())
    assert result_sentences(found) == ["Nobody has judged a pair yet."]


def test_the_sentences_have_the_figures(reviewed: Workspace, review: str) -> None:
    design = design_sentence(open_review(reviewed, review))
    assert design == (
        "32 of the 60 pairs of run, drawn by rank and standing, and 8 controls; seed 2."
    )
    judge(reviewed, review, "Ada", 1)
    assert "each stratum needs one" in result_sentences(review_results(reviewed, review))[0]
    judge(reviewed, review, "Ada", 30)
    look(reviewed, review, "Ada")
    judge(reviewed, review, "Ada", 9)
    judge(reviewed, review, "Ben")
    found = review_results(reviewed, review)
    said = " ".join(result_sentences(found))
    share = found.precision.iloc[2]["share"]
    assert f"{100 * share:.3g} % are judged particularly alike" in said
    assert "Ada gave the expected answer to 8 of 8 controls." in said
    assert f"κ = {found.agreement['kappa'][0]:.3g}" in said
    assert "Half of the verdicts are yes at the distance" in said and "convincing up to" in said
    assert "9 verdicts of Ada came after a look at the results." in said
    assert not any(word in said for word in ("copied", "used", "caused"))


def test_answers_that_all_fail_the_controls_are_warned_of(reviewed: Workspace, review: str) -> None:
    join_review(reviewed, review, "Eve")
    while (pair := next_pair(reviewed, review, "Eve")) is not None:
        decide(reviewed, review, "Eve", pair.place, "unsure")
    found = review_results(reviewed, review)
    assert (found.precision["unsure"] == 1).all() and (found.precision["share"] == 0).all()
    assert "0 of 8 controls: too few to rely on" in " ".join(result_sentences(found))
    assert isinstance(found.agreement, pd.DataFrame) and not len(found.agreement)
    assert np.isfinite(found.precision["high"]).all()


def test_no_distance_is_named_that_nobody_judged(reviewed: Workspace, review: str) -> None:
    rows = {row["place"]: row for row in reviews_table(reviewed, "run").to_pylist()}
    join_review(reviewed, review, "Ada")
    yes = 0
    while (pair := next_pair(reviewed, review, "Ada")) is not None:
        alike = rows[pair.place]["rank"] == 1 and yes < 3  # rare, even among the nearest
        yes += alike
        decide(reviewed, review, "Ada", pair.place, "yes" if alike else "no")
    found = review_results(reviewed, review)
    assert found.half is not None and found.half.side == -1
    said = " ".join(result_sentences(found))
    assert "Fewer than half of the verdicts are yes at every distance that was judged" in said
    assert "Half of the verdicts" not in said


def test_many_reviewers_are_summed_up(reviewed: Workspace, review: str) -> None:
    for who in ("Ada", "Ben", "Cleo", "Dora"):
        judge(reviewed, review, who)
    join_review(reviewed, review, "Eve")
    while (pair := next_pair(reviewed, review, "Eve")) is not None:
        decide(reviewed, review, "Eve", pair.place, "unsure")
    found = review_results(reviewed, review)
    said = result_sentences(found)
    assert len(found.agreement) == 10
    kappas = found.agreement["kappa"].dropna()
    assert f"10 pairs of reviewers judged the same pairs: κ = {number(kappas.min())} to" in said[3]
    assert said[1] == "4 of 5 reviewers passed 90 % of their controls or more."
    assert said[2].startswith("Eve gave the expected answer to 0 of 8 controls: too few")


def test_a_negative_kappa_has_a_minus(reviewed: Workspace, review: str) -> None:
    join_review(reviewed, review, "Ada"), join_review(reviewed, review, "Ben")
    for who, turn in (("Ada", 0), ("Ben", 1)):
        while (pair := next_pair(reviewed, review, who)) is not None:
            decide(reviewed, review, who, pair.place, ("yes", "no")[(pair.place + turn) % 2])
    said = " ".join(result_sentences(review_results(reviewed, review)))
    assert "κ = −" in said and "to −" in said and "-" not in said.partition("κ = ")[2][:20]
