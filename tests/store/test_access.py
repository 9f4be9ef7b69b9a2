"""Who may do what: the limit of the process, narrowed by what a visitor may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core import Workspace, join_review, make_review
from gmv_core.errors import AccessError, SettingsError
from gmv_core.jobs import requests, uploads
from gmv_core.store import access, marks
from gmv_core.store.access import READ_ONLY, Right
from tests.built import write_run


@pytest.mark.parametrize(
    ("word", "visitor", "right"),
    [
        ("", Right.EDIT, Right.EDIT),
        ("0", Right.REVIEW, Right.REVIEW),
        ("1", Right.EDIT, Right.BRING),
        ("TRUE", Right.LOOK, Right.LOOK),
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


def test_an_unknown_word_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READ_ONLY, "off")
    with pytest.raises(SettingsError, match="GMV_READ_ONLY is 'off'; use 1"):
        access.right()


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
    for change in (
        lambda: make_review(place, "run"),
        lambda: requests.delete(place, "run"),
        lambda: requests.predict_influence(place, "run"),
        lambda: marks.mark(place.image_set("run-set"), []),
        lambda: uploads.spool(place, []),
        lambda: place.drop(place.run("run")),
        lambda: place.run("run").write_manifest(place.run("run").manifest()),
        lambda: place.run("run").table("matches").drop(),
    ):
        with pytest.raises(AccessError, match="it needs the right to edit"):
            change()


def test_a_viewer_may_not_judge(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    review = make_review(place, "run")
    monkeypatch.setattr(access, "_visitor", lambda: Right.BRING)
    with pytest.raises(AccessError, match="it needs the right to review"):
        join_review(place, review.id, "Ada")
