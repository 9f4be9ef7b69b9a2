"""A run that takes near copies as one: so is answered what is dropped, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gmv_core import Result, Workspace, WorkspaceError, open_run, open_uploads
from gmv_core.matching.dropped import match_dropped, weigh
from gmv_core.results.changes import left_out
from gmv_core.results.opening import open_matcher
from gmv_core.results.owners.without import shares_without, short_sentence
from gmv_core.results.shares import credits_of
from gmv_core.results.standings import standing_of_dropped
from gmv_core.trust.duplicates import RECORD, clusters_table, read_clusters
from tests.clusters import CLUSTERS, write_copies
from tests.fakes import fake_embedder


@pytest.fixture
def run(copied: Callable[..., None], workspace: Workspace) -> Result:
    copied(write_copies)
    return open_run(workspace, "run")


def values(result: Result) -> pd.Series:
    return result.values_table(("training", "value")).set_index("training")["value"]


def test_the_clusters_are_those(run: Result) -> None:
    of = read_clusters(run.training).of
    names = run.training.images.read(["name"])["name"].to_pylist()
    found = [[names[i][:-4] for i in np.flatnonzero(of == row)] for row in np.unique(of)]
    assert [one for one in found if len(one) > 1] == CLUSTERS


def test_a_dropped_image_is_answered_as_one_of_the_run(run: Result, tmp_path: Path) -> None:
    paths = sorted((tmp_path / "made").rglob("*.png"))
    files = [(path.name, path.read_bytes()) for path in paths]
    matcher = open_matcher(run.training, run=run.manifest, embedder=fake_embedder())
    dropped = match_dropped(matcher, open_uploads(files), ingest=run.training.manifest().ingest)
    answers = weigh(dropped, run.training, run.settings, run.basis)
    standings = standing_of_dropped(dropped, run.training, run.manifest.null)
    assert len(answers) == len(standings) == 9
    assert set(standings["same_pixels"]) == {"", "01.png", "x/0.png", "x/2.png"}
    for name, answer, standing in zip(dropped.names, answers, standings.to_dict("records"),
                                      strict=True):  # fmt: skip
        kept, told = run.contributors(name), run.generated_row(name)
        assert [
            (c.training, c.rank, c.recall_rank, c.exact, c.convincing, c.shared_by) for c in kept
        ] == [
            (c.training, c.rank, c.recall_rank, c.exact, c.convincing, c.shared_by)
            for c in answer.contributors
        ]
        for number in ("distance", "weight", "value"):
            mine, theirs = ([getattr(c, number) for c in some] for some in
                            (answer.contributors, kept))  # fmt: skip
            assert mine == pytest.approx(theirs, rel=1e-3, abs=1e-4)
        assert answer.quality == pytest.approx(told["quality"], rel=1e-3)
        assert answer.nearest_distance == pytest.approx(told["nearest_distance"], abs=1e-3)
        assert standing["same_pixels"] == told["same_pixels"]
        for number in ("p_copy", "p_far", "nearer_than"):
            assert standing[number] == pytest.approx(told[number], abs=1e-3)


def test_the_next_of_a_cluster_stands_in_for_its_first(run: Result) -> None:
    before, part = values(run), run.leaving_out(["00.png"])
    after = values(part)
    assert before[["00.png", "x/0.png", "y/0.png"]].nunique() == 1 and before["00.png"] > 0.1
    for name in ("x/0.png", "y/0.png"):
        assert after[name] == pytest.approx(before[name] * 3 / 2)
    rest = after.index.difference(["x/0.png", "y/0.png"])
    assert after[rest].tolist() == pytest.approx(before[rest].tolist()), "nothing else moves"
    whole = run.contributors("copy0.png")[0]
    first = part.contributors("copy0.png")[0]
    assert (whole.training, first.training) == ("00.png", "x/0.png")
    assert whole.exact and not first.exact, "its own distance is not known"
    assert first.distance == whole.distance and (whole.shared_by, first.shared_by) == (3, 2)
    assert sum(one.value for one in part.generated_of("y/0.png")) == pytest.approx(after["y/0.png"])
    credits, ids = credits_of(part), part.values_table(("id",))["id"]
    counted = np.bincount(credits.training, credits.value, len(run.training.images))
    assert counted[ids] == pytest.approx(after.to_numpy())
    assert part.totals().value == pytest.approx(run.totals().quality)
    told = left_out(part)
    assert (told.short, told.empty, told.estimated) == (0, 0, 0)
    with_it = run.generated_of("00.png")
    assert told.stand_ins == len(with_it) > 0


def test_a_later_member_changes_no_list(run: Result) -> None:
    part = run.leaving_out(["x/0.png"])
    assert part.contributors("copy0.png")[0].training == "00.png"
    assert left_out(part).stand_ins == 0
    assert values(part)["00.png"] == pytest.approx(values(run)["00.png"] * 3 / 2)


def test_a_cluster_of_which_none_is_left_is_gone(run: Result) -> None:
    gone = [f"{name}.png" for name in CLUSTERS[1]]
    part = run.leaving_out(gone)
    assert "01.png" in [c.training for c in run.contributors("copy1.png")]
    assert not {c.training for c in part.contributors("copy1.png")} & set(gone)
    assert part.totals().value == pytest.approx(run.totals().quality)


@pytest.mark.parametrize("owner", ["First", "All"])
def test_without_an_owner(run: Result, owner: str) -> None:
    owned = values(run).groupby(dict(owners(run))).sum()
    table = shares_without(run, owner).set_index("owner")
    assert owner not in table.index
    assert table["share_of_value"].sum() == pytest.approx(1)
    if owner == "First":  # Later's copies stand in for it
        later = (owned["First"] + owned["Later"]) / owned.sum()
        assert table.loc["Later", "share_of_value"] == pytest.approx(later)
    else:
        assert (table["share_of_value"] * owned.sum() > owned[table.index] - 1e-9).all()
    assert short_sentence(run, owner) == ""


def owners(run: Result) -> pd.Series:
    return run.values_table(("training", "owner")).set_index("training")["owner"]


def test_it_is_as_if_it_had_never_been(run: Result, tmp_path: Path) -> None:
    """Its copy has the same pixels, so the very same values follow."""
    write_copies(tmp_path / "anew", but="04")
    anew = open_run(Workspace(tmp_path / "anew" / "home"), "run")
    one, other = (
        replace(r, settings=replace(r.settings, quality_weighting=False))
        for r in (run.leaving_out(["04.png"]), anew)
    )
    found = values(one)
    assert found["w/4.png"] > 0.01
    assert found.to_dict() == pytest.approx(values(other).to_dict(), rel=1e-3, abs=1e-5)


def test_other_clusters_are_told(run: Result, workspace: Workspace) -> None:
    table = clusters_table(run.training)
    stored = table.read(["id", "cluster", "copy"])
    cluster = stored["cluster"].to_numpy().copy()
    cluster[9] = 8
    table.write(stored.set_column(1, "cluster", [cluster]))
    with pytest.raises(WorkspaceError, match="near copies in 'train' are others than when"):
        open_run(workspace, "run")
    with pytest.raises(WorkspaceError, match="near copies in 'train' are others than when"):
        open_matcher(run.training, run=run.manifest, embedder=fake_embedder())
    (run.training.folder / RECORD).unlink()
    with pytest.raises(WorkspaceError, match="not known yet; `gmv duplicates train` finds them"):
        open_run(workspace, "run")
