"""Reviews go along in evidence, and what they show is held against its lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gmv_core import (
    ReviewSettings,
    Workspace,
    decide,
    join_review,
    make_review,
    next_pair,
    open_run,
)
from gmv_core.audit.checking.verify import verify
from gmv_core.audit.evidence import reviews_of, write_evidence
from tests.audit.checking.conftest import answers, of_table, rebuilt, told, up
from tests.built import write_judged_run

MEMBER = "tables/reviews/00000.parquet"


@pytest.fixture
def reviewed(copied: Callable[..., None], tmp_path: Path) -> Path:
    """Evidence of a run of which a person judged five pairs."""
    copied(write_judged_run)
    workspace = Workspace(tmp_path / "home")
    review = make_review(workspace, "run", settings=ReviewSettings(pairs=10))
    join_review(workspace, review.id, "Ada")
    for verdict in ("yes", "no", "unsure", "yes", "yes"):
        pair = next_pair(workspace, review.id, "Ada")
        assert pair is not None
        decide(workspace, review.id, "Ada", pair.place, verdict)
    write_evidence(open_run(workspace, "run"), tmp_path / "e.zip")
    return tmp_path / "e.zip"


def test_reviews_are_in_evidence(reviewed: Path) -> None:
    assert answers(verify(reviewed))["reviews"] is True
    result = open_run(Workspace(reviewed.parent / "home"), "run")
    assert reviews_of(result)["verdict"].to_pylist().count("yes") == 3


def twice(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table[table["verdict"] == "no"]])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.assign(training="none"), "images that it has not"),
        (lambda t: t.assign(generated="none"), "images that it has not"),
        (lambda t: t.assign(label="other"), "label of its reviewed images"),
        (up("distance", 0.01), "distance of its reviewed pairs"),
        (lambda t: t.assign(verdict=t["verdict"].replace("no", "never")), "is none"),
        (twice, "judged a pair twice"),
    ],
)
def test_reviews_of_other_pairs_are_found(
    reviewed: Path, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    rebuilt(reviewed, MEMBER, of_table(change))
    assert said in told(verify(reviewed))
