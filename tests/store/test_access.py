"""Who may do what: the limit of the process, narrowed by what a visitor may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gmv_core import Workspace, join_review, make_review
from gmv_core.audit.review.files import import_verdicts
from gmv_core.audit.review.people import hand_over
from gmv_core.audit.review.reviews import delete_review
from gmv_core.demo.make import make_demo
from gmv_core.errors import AccessError, SettingsError
from gmv_core.jobs import control, requests, uploads
from gmv_core.jobs.vacuum import vacuum
from gmv_core.runs.influence import predict_influence
from gmv_core.sets.layout import make_layout
from gmv_core.sets.removal import remove
from gmv_core.store import access, marks
from gmv_core.store.access import READ_ONLY, Right
from gmv_core.store.selections import delete_selection, save_selection
from gmv_core.trust.duplicates import find_clusters
from tests.built import write_run
from tests.fakes import digests

JOB = "20200101-000000-000000-abcd"


@pytest.mark.parametrize(
    ("word", "visitor", "right"),
    [
        ("", Right.EDIT, Right.EDIT),
        ("0", Right.REVIEW, Right.REVIEW),
        ("1", Right.EDIT, Right.BRING),
        ("TRUE", Right.LOOK, Right.LOOK),
        (" 1 ", Right.EDIT, Right.BRING),
        ("yes", Right.EDIT, Right.BRING),
        ("Strict\n", Right.EDIT, Right.LOOK),
        ("false", Right.EDIT, Right.EDIT),
        ("No", Right.EDIT, Right.EDIT),
        ("strict", Right.EDIT, Right.LOOK),
    ],
)
def test_the_narrower_of_both_counts(
    word: str, visitor: Right, right: Right, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(READ_ONLY, word)
    monkeypatch.setattr(access, "_visitor", lambda: visitor)
    assert access.right() == right
    assert access.may(right)
    if right < Right.EDIT:
        with pytest.raises(AccessError):
            access.require(Right.EDIT, "anything")


@pytest.mark.parametrize("word", ["off", "on", "2", "01", "ja", "stric", "1,"])
def test_an_unknown_word_opens_nothing(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READ_ONLY, word)
    for ask in (access.right, access.limit, lambda: access.may(Right.LOOK),
                lambda: access.require(Right.LOOK, "looking")):  # fmt: skip
        with pytest.raises(SettingsError, match=f"GMV_READ_ONLY is '{word}'; use 1"):
            ask()


@pytest.fixture
def place(copied: Callable[..., None], tmp_path: Path) -> Workspace:
    copied(write_run, "run", 4)
    return Workspace(tmp_path / "home")


def test_a_reviewer_may_judge_and_nothing_else(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = make_review(place, "run")
    monkeypatch.setattr(access, "_visitor", lambda: Right.REVIEW)
    join_review(place, review.id, "Ada")
    before = digests(place.root)
    for change in (
        lambda: make_review(place, "run"),
        lambda: requests.delete(place, "run"),
        lambda: requests.predict_influence(place, "run"),
        lambda: marks.mark(place.image_set("run-set"), []),
        lambda: uploads.spool(place, []),
        lambda: place.drop(place.run("run")),
        lambda: place.run("run").write_manifest(place.run("run").manifest()),
        lambda: place.run("run").table("matches").drop(),
        lambda: place.run("run").table("matches").write(pa.table({"id": [0]})),
        lambda: place.run("run").table("matches").append(pa.table({"id": [0]})),
        lambda: place.run("run").table("matches").forget_versions(),
        lambda: place.delete("run"),
        lambda: save_selection(place.image_set("run-set"), "mine", np.arange(2)),
        lambda: delete_selection(place.image_set("run-set"), "mine"),
        lambda: hand_over(place, review.id, "Ada"),
        lambda: import_verdicts(place, review.id, b"place,reviewer,verdict\n0,Ada,yes\n"),
        lambda: delete_review(place, review.id),
        lambda: control.start(place, ["list"], title="t", target="run"),
        lambda: control.cancel(place, JOB),
        lambda: control.resume(place, JOB),
        lambda: control.forget(place, JOB),
        lambda: requests.make_map(place, "run-set"),
        lambda: requests.prepare_regions(place, "run"),
        lambda: requests.value_again(place, "run"),
        lambda: requests.finish_set(place, "run-set"),
        lambda: make_layout(place, "run-set"),
        lambda: find_clusters(place, "run-set"),
        lambda: predict_influence(place, "run"),
        lambda: remove(place, "run-set", ["class0/0000.png"]),
        lambda: vacuum(place),
        lambda: make_demo(place),
    ):
        with pytest.raises(AccessError, match="it needs the right to edit"):
            change()
    assert digests(place.root) == before


def test_a_viewer_may_not_judge(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    review = make_review(place, "run")
    monkeypatch.setattr(access, "_visitor", lambda: Right.BRING)
    with pytest.raises(AccessError, match="it needs the right to review"):
        join_review(place, review.id, "Ada")
