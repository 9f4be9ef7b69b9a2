"""Stability by hand, and of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, open_run
from gmv_core.criteria.trials import derived_runs
from gmv_core.criteria.trials.stability import hold
from gmv_core.results.stability import read_stability
from gmv_core.trust.stability import stability, words
from tests.built import write_judged_run
from tests.fakes import fake_embedder


def test_by_hand() -> None:
    own = np.array([[0, 1, 2, 3], [4, 5, 6, 7], [-1, -1, -1, -1]])
    same = own
    other = np.array([[0, 2, 8, 9], [9, 8, 4, 5], [-1, -1, -1, -1]])
    found = stability({"a": own, "b": same, "c": other})
    assert found.same_first[:2].tolist() == [3, 2]
    assert found.overlap[:2].tolist() == pytest.approx([(1 + 0.5) / 2, (1 + 0.5) / 2])
    assert found.value[:2].tolist() == pytest.approx([(1 + 0.75) / 2, (0.5 + 0.75) / 2])
    assert np.isnan(found.value[2])
    assert words(3, 4) == "first contributor under 3 of 4 readings"


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
    import msgspec

    assert read_stability(run, msgspec.structs.replace(manifest, updated="later")) is None
