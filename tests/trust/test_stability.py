"""Stability by hand, and of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from gmv_core import Workspace, open_run
from gmv_core.criteria.trials import derived_runs
from gmv_core.criteria.trials.stability import hold
from gmv_core.models.embedders.embedder import from_callable
from gmv_core.results.stability import read_stability, share_ranges
from gmv_core.sets.filling import ensure_embedded
from gmv_core.settings import ValueSettings
from gmv_core.store.columns import all_vectors
from gmv_core.trust.stability import first_shares, share_words, stability, words
from tests.built import write_judged_run
from tests.fakes import fake_embedder, fake_vectors


def test_by_hand() -> None:
    own = np.array([[0, 1, 2, 3], [4, 5, 6, 7], [-1, -1, -1, -1]])
    same = own
    other = np.array([[0, 2, 8, 9], [9, 8, 4, 5], [-1, -1, -1, -1]])
    found = stability({"a": own, "b": same, "c": other})
    assert found.same_first[:2].tolist() == [3, 2]
    assert found.overlap[:2].tolist() == pytest.approx([(1 + 0.5) / 2, (1 + 0.5) / 2])
    assert found.value[:2].tolist() == pytest.approx([(1 + 0.75) / 2, (0.5 + 0.75) / 2])
    assert np.isnan(found.value[2])
    assert words(3, 4) == "first contributor under 3 of 4 ways"


def test_a_run_is_held_against_its_other_readings(
    workspace: Workspace, copied: Callable[..., None], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    copied(write_judged_run)
    monkeypatch.setattr(
        "gmv_core.criteria.trials.stability.ready_distances", lambda _: ["features", "l2"]
    )
    found = hold(workspace, "run", embedder=fake_embedder())
    assert found.readings == ("features", "l2", "none")
    result = open_run(workspace, "run")
    table = result.generated_table(("stability", "same_first"))
    assert table["stability"].between(0, 1).all() and table["same_first"].between(1, 3).all()
    first = [
        {derived_runs.valued_by(workspace, result, d).contributors(name)[0].training
         for d in ("l2", "none")} | {result.contributors(name)[0].training}
        for name in result.generated_table(("generated",))["generated"]
    ]  # fmt: skip
    assert ((table["same_first"] == 3) == [len(one) == 1 for one in first]).all()


def test_it_is_forgotten_when_the_run_is_valued_again(
    workspace: Workspace, copied: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(write_judged_run)
    monkeypatch.setattr(
        "gmv_core.criteria.trials.stability.ready_distances", lambda _: ["features"]
    )
    hold(workspace, "run", embedder=fake_embedder())
    run = workspace.run("run")
    manifest = run.manifest()
    assert read_stability(run, manifest) is not None
    assert read_stability(run, msgspec.structs.replace(manifest, updated="later")) is None


def test_the_share_of_the_first_contributor_by_hand() -> None:
    distances = np.log(2) * np.array([[0, 1, 2, 3], [0, np.inf, np.inf, np.inf], [np.inf] * 4])
    low, high = first_shares(distances.astype(np.float32), ValueSettings(k=2))
    at_two = np.exp(-distances[0] / 2)  # τ = 2, and k = 4
    assert low[0] == pytest.approx(1 / at_two.sum())
    assert high[0] == 1  # k = 1
    low, high = first_shares(distances.astype(np.float32), ValueSettings(k=4))
    assert high[0] == pytest.approx(1 / (1 + np.exp(-2)))  # k = 2, whose spread is half of ln 2
    assert low[1] == high[1] == 1 and np.isnan(low[2]) and np.isnan(high[2])
    assert share_words(0.25, 0.8) == "it gets 25.0 % to 80.0 % of the credit under other k and τ"


def test_the_share_holds_what_a_run_gives_under_other_settings(
    workspace: Workspace, copied: Callable[..., None]
) -> None:
    copied(write_judged_run)
    result = open_run(workspace, "run")
    names = result.generated_table(("generated",))["generated"]
    low, high = share_ranges(result.run, result.settings)
    assert (low < high).all()
    for k, tau in ((2, 1.0), (4, "auto"), (8, 2.0)):
        other = open_run(workspace, "run", settings=ValueSettings(k=k, temperature=tau))
        share = np.array([other.contributors(name)[0].weight for name in names])
        assert (low - 1e-12 <= share).all() and (share <= high + 1e-12).all()
    one = share_ranges(result.run, result.settings, row=3)
    assert (one[0][0], one[1][0]) == (low[3], high[3])


def test_vectors_of_another_embedder_are_a_reading(
    workspace: Workspace, copied: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(write_judged_run)
    monkeypatch.setattr(
        "gmv_core.criteria.trials.stability.ready_distances", lambda _: ["features"]
    )
    result = open_run(workspace, "run")
    other = from_callable(lambda p: -fake_vectors(p)[0][:, ::2], key="other", side_px=8, dim=12)
    for images in (result.training, result.generated):
        own = images.manifest().embedder
        entry = msgspec.structs.replace(own, key="other", precision="own")
        ensure_embedded(images, entry, embedder=other)
    found = hold(workspace, "run", embedder=fake_embedder())
    assert found.readings == ("features", "none", "other alone")
    theirs, mine = (
        all_vectors(images.embeddings("other"))[1] for images in (result.training, result.generated)
    )
    nearest = (mine @ theirs.T).argmax(axis=1)
    names = result.training.images.read(["name"])["name"].to_pylist()
    table = open_run(workspace, "run").generated_table(("generated", "same_first"))
    lists = [open_run(workspace, "run-by-none").contributors(g)[0] for g in table["generated"]]
    firsts = [result.contributors(g)[0].training for g in table["generated"]]
    expected = [
        1 + (names[row] == first) + (by.training == first)
        for row, first, by in zip(nearest, firsts, lists, strict=True)
    ]
    assert table["same_first"].tolist() == expected
