"""Judging: order, undo, several people, controls' pictures; nothing is lost, whoever is killed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gmv_core import (
    GMVError,
    ReviewSettings,
    SettingsError,
    Workspace,
    WorkspaceError,
    decide,
    join_review,
    make_review,
    next_pair,
    open_run,
)
from gmv_core.audit.review.judging import Shown, has_looked, look, undo
from gmv_core.audit.review.people import reviewers
from gmv_core.audit.review.reviews import reviews_table
from gmv_core.images.decode import pixels_of
from gmv_core.store.columns import previews_of

ROOT = Path(__file__).parents[3]


def all_pairs(workspace: Workspace, review: str, who: str) -> Iterator[Shown]:
    """Yield the pairs of a reviewer, who says no to each."""
    while (pair := next_pair(workspace, review, who)) is not None:
        yield pair
        decide(workspace, review, who, pair.place, "no")


@pytest.fixture
def review(reviewed: Workspace) -> str:
    return make_review(reviewed, "run", settings=ReviewSettings(pairs=30, seed=1)).id


def judged(workspace: Workspace) -> list[tuple[str, int, str]]:
    rows = reviews_table(workspace, "run").to_pylist()
    return [(r["reviewer"], r["place"], r["verdict"]) for r in rows
            if r["reviewer"] and r["undone"] is None]  # fmt: skip


def test_pairs_come_in_order_and_undo_goes_back(reviewed: Workspace, review: str) -> None:
    assert join_review(reviewed, review, " Ada ").name == "Ada"
    assert join_review(reviewed, review, "Ada").of == 30  # comes back
    for number in range(1, 4):
        pair = next_pair(reviewed, review, "Ada")
        assert pair is not None and (pair.place, pair.number, pair.of) == (number - 1, number, 30)
        decide(reviewed, review, "Ada", pair.place, "unsure")
    assert undo(reviewed, review, "Ada")
    again = next_pair(reviewed, review, "Ada")
    assert again is not None and again.place == 2
    assert undo(reviewed, review, "Ada") and undo(reviewed, review, "Ada")
    assert not undo(reviewed, review, "Ada")


def test_only_the_next_pair_can_be_judged(reviewed: Workspace, review: str) -> None:
    join_review(reviewed, review, "Ada")
    with pytest.raises(WorkspaceError, match="not the next one"):
        decide(reviewed, review, "Ada", 1, "yes")
    decide(reviewed, review, "Ada", 0, "yes")
    decide(reviewed, review, "Ada", 0, "yes")  # a second click
    with pytest.raises(WorkspaceError, match="judged in another window"):
        decide(reviewed, review, "Ada", 0, "no")
    assert judged(reviewed) == [("Ada", 0, "yes")]
    with pytest.raises(SettingsError, match="Unknown verdict 'maybe'"):
        decide(reviewed, review, "Ada", 1, "maybe")
    with pytest.raises(SettingsError, match="note has 2,001"):
        decide(reviewed, review, "Ada", 1, "no", note="x" * 2001)
    with pytest.raises(WorkspaceError, match="'Ben' has not joined"):
        decide(reviewed, review, "Ben", 1, "no")
    for name in ("", "  ", "x" * 101):
        with pytest.raises(SettingsError, match="reviewer's name"):
            join_review(reviewed, review, name)


def test_a_reviewer_comes_to_an_end(reviewed: Workspace, review: str) -> None:
    join_review(reviewed, review, "Ada")
    while (pair := next_pair(reviewed, review, "Ada")) is not None:
        decide(reviewed, review, "Ada", pair.place, "no")
    (ada,) = reviewers(reviewed, review)
    assert (ada.done, ada.of, ada.finished) == (30, 30, True)


def test_pairs_are_shared_and_divided(reviewed: Workspace) -> None:
    settings = ReviewSettings(pairs=30, overlap=0.4, reviewers=2)
    review = make_review(reviewed, "run", settings=settings).id
    places: dict[str, set[int]] = {}
    for who in ("Ada", "Ben", "Cleo"):
        join_review(reviewed, review, who)
        while (pair := next_pair(reviewed, review, who)) is not None:
            places.setdefault(who, set()).add(pair.place)
            decide(reviewed, review, who, pair.place, "no")
    assert [(one.name, one.of) for one in reviewers(reviewed, review)] == [
        ("Ada", 21), ("Ben", 21), ("Cleo", 12),
    ]  # fmt: skip
    assert places["Ada"] & places["Ben"] == places["Cleo"]
    assert places["Ada"] | places["Ben"] == set(range(30))


def test_without_shared_pairs_a_third_has_none(reviewed: Workspace) -> None:
    review = make_review(reviewed, "run", settings=ReviewSettings(overlap=0)).id
    join_review(reviewed, review, "Ada"), join_review(reviewed, review, "Ben")
    with pytest.raises(WorkspaceError, match="divided among 2 reviewers"):
        join_review(reviewed, review, "Cleo")
    assert [one.name for one in reviewers(reviewed, review)] == ["Ada", "Ben"]


def test_the_pictures_are_those_of_the_pair_on_shuffled_sides(
    reviewed: Workspace, review: str
) -> None:
    result = open_run(reviewed, "run")
    known = dict(zip(result.training.images.read(["name"])["name"].to_pylist(),
                     previews_of(result.training, np.arange(24)), strict=True))  # fmt: skip
    made = dict(zip(result.generated.images.read(["name"])["name"].to_pylist(),
                    previews_of(result.generated, np.arange(6)), strict=True))  # fmt: skip
    rows = {row["place"]: row for row in reviews_table(reviewed, "run").to_pylist()}
    join_review(reviewed, review, "Ada")
    sides = []
    for pair in all_pairs(reviewed, review, "Ada"):
        row = rows[pair.place]
        left, right = pixels_of(pair.left), pixels_of(pair.right)
        left_is_known = np.array_equal(left, known[row["training"]])
        other = right if left_is_known else left
        assert left_is_known or np.array_equal(right, known[row["training"]])
        if row["kind"] == "copy":
            assert other.shape == known[row["training"]].shape
            differing = np.abs(other.astype(float) - known[row["training"]])
            assert differing.any() and differing.mean() < 8
        else:
            assert np.array_equal(other, made[row["generated"]])
        sides.append(left_is_known)
    assert 5 < sum(sides) < 25


def test_nothing_but_pixels_tells_controls_and_sides_apart(
    reviewed: Workspace, review: str
) -> None:
    join_review(reviewed, review, "Ada")
    seen = set()
    for pair in all_pairs(reviewed, review, "Ada"):
        assert set(vars(pair)) == {"place", "number", "of", "left", "right"}
        for picture in (pair.left, pair.right):
            image = Image.open(io.BytesIO(picture))
            seen.add((image.format, image.mode, image.size, *image.info))
    assert len(seen) == 1  # of whatever kind: one coding, one size, nothing written beside it


def test_what_is_judged_after_a_look_at_the_results_is_told(
    reviewed: Workspace, review: str
) -> None:
    join_review(reviewed, review, "Ada")
    decide(reviewed, review, "Ada", 0, "no")
    assert not has_looked(reviewed, review, "Ada")
    time.sleep(0.002)  # times are kept to the millisecond
    look(reviewed, review, "Ada")
    time.sleep(0.002)
    decide(reviewed, review, "Ada", 1, "no")
    look(reviewed, review, "Ada")  # the first look counts
    assert has_looked(reviewed, review, "Ada")
    assert reviewers(reviewed, review)[0].looked == 1


JUDGE = """
import sys
from gmv_core import Workspace, decide, join_review, next_pair
workspace, review, who, verdict = Workspace(sys.argv[1]), *sys.argv[2:]
join_review(workspace, review, who)
while (pair := next_pair(workspace, review, who)) is not None:
    decide(workspace, review, who, pair.place, verdict)
    print(pair.place, flush=True)
"""


def judging(workspace: Workspace, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", JUDGE, str(workspace.root), *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_kill_9_loses_no_verdict(reviewed: Workspace, review: str) -> None:
    """A process is killed again and again; every verdict that it reported is there."""
    told: set[int] = set()
    for stop in (3, 7, 12):
        process = judging(reviewed, review, "Ada", "yes")
        assert process.stdout is not None
        for line in process.stdout:
            told.add(int(line))
            if len(told) >= stop:
                break
        os.kill(process.pid, signal.SIGKILL)
        told |= {int(line) for line in process.stdout}
        process.wait()
        kept = [place for _, place, _ in judged(reviewed)]
        assert kept == list(range(len(kept)))  # in order, without a gap, each once
        assert told <= set(kept) and len(kept) - len(told) <= 1
    process = judging(reviewed, review, "Ada", "yes")
    process.communicate(timeout=120)
    assert [place for _, place, _ in judged(reviewed)] == list(range(30))


def test_two_sessions_at_once_lose_nothing(reviewed: Workspace, review: str) -> None:
    """Two reviewers in four processes: each has a second window, which may be refused."""
    people = {"Ada": "yes", "Ben": "no"}
    windows = [judging(reviewed, review, who, verdict)
               for who, verdict in people.items() for _ in range(2)]  # fmt: skip
    for window in windows:
        window.communicate(timeout=120)
    found = judged(reviewed)
    for who, verdict in people.items():
        assert sorted(place for name, place, _ in found if name == who) == list(range(30))
        assert {said for name, _, said in found if name == who} == {verdict}


def test_a_review_that_is_not_there_is_a_sentence(workspace: Workspace) -> None:
    for use in (
        lambda: next_pair(workspace, "run-1", "Ada"),
        lambda: make_review(workspace, "run"),
    ):
        with pytest.raises(GMVError, match="There is no"):
            use()
