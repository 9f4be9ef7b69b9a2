"""Predicted influence as a stage of valuing: resumed, kept, told in the manifest; exported."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gmv_core import SettingsError, Workspace, WorkspaceError, open_run, value
from gmv_core.results.influence import fitted
from gmv_core.results.influence.tables import read_record
from gmv_core.runs.influence import predict_influence
from gmv_core.settings import InfluenceSettings, MatchSettings, RunSettings
from gmv_core.store.manifests import RunManifest
from gmv_core.types import Progress, Report, silent
from tests.fakes import fake_embedder, rows_of
from tests.runs.influence.conftest import Killed, Predict, arrays, by_hand, killing


def revalue(
    workspace: Workspace, report: Report = silent, *, influence: bool = True
) -> RunManifest:
    settings = RunSettings(MatchSettings(5, "none", "none"), influence=influence)
    return value(workspace, "made", against="train", name="run", embedder=fake_embedder(),
                 settings=settings, report=report)  # fmt: skip


def test_valuing_predicts_influence_too(predict: Predict, workspace: Workspace) -> None:
    seen: list[Progress] = []
    told = revalue(workspace, seen.append)
    assert not told.reused and told.seconds["influence"] > 0
    stages = [step.stage for step in seen]
    assert stages.index("values") < stages.index("pixels") < stages.index("influence")
    assert (stages[-1], stages.count("done")) == ("done", 1)
    assert open_run(workspace, "run").manifest.seconds == told.seconds
    assert read_record(workspace.run("run")) == predict(settings=InfluenceSettings())
    assert revalue(workspace).reused
    assert revalue(workspace, influence=False).reused
    assert open_run(workspace, "run").influence_totals() is not None


@pytest.mark.parametrize("stage", ["pixels", "influence"])
def test_a_killed_stage_leaves_the_values_and_goes_on(
    predict: Predict, made: Path, workspace: Workspace, stage: str
) -> None:
    with pytest.raises(Killed):
        revalue(workspace, killing(stage))
    result = open_run(workspace, "run")
    assert result.values_table()["value"].sum() > 0
    with pytest.raises(WorkspaceError, match="has no predicted influence yet"):
        result.influence_totals()
    seen: list[Progress] = []
    revalue(workspace, seen.append)
    assert next(step.done for step in seen if step.stage == stage) > 8
    assert not [step for step in seen if step.stage == "matches"]
    other = Workspace(workspace.root.with_name("fresh"))
    shutil.copytree(made / "workspace", other.root)
    predict_influence(other, "run")
    for table in ("influence", "influence_totals"):
        mine, fresh = (rows_of(w.run("run").table(table)) for w in (workspace, other))
        assert mine.to_pandas().to_json() == fresh.to_pandas().to_json()


def test_an_export_has_the_lists_the_totals_and_all_pairs(
    predict: Predict, made: Path, workspace: Workspace, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(fitted, "PAIRS_AT_ONCE", 200)  # of 12 × 49
    before = open_run(workspace, "run").export(tmp_path / "before")
    assert not [path for path in before if "influence" in path.name]
    predict()
    result = open_run(workspace, "run")
    names, images = (arrays(made, workspace, part)[2] for part in ("train", "made"))
    gone = result.influence(images[0])[1].training
    for part, left in ((result, names), (result.leaving_out([gone]), sorted({*names} - {gone}))):
        folder = tmp_path / str(len(left))
        part.export(folder, all_pairs=True)
        pairs = pd.read_parquet(folder / "influence.parquet")
        assert pairs["generated"].tolist() == [image for image in images for _ in left]
        assert pairs["training"].tolist() == left * len(images)
        _, expected, _, _ = by_hand(made, workspace)
        expected = expected[:, [names.index(name) for name in left]]
        scale = np.abs(expected).max()
        np.testing.assert_allclose(pairs["influence"], expected.ravel(), atol=1e-5 * scale)
        lists = pd.read_parquet(folder / "influence_lists.parquet")
        for image in images:
            stored = [(one.rank, one.training, one.influence, one.percent)
                      for one in part.influence(image)]  # fmt: skip
            mine = lists[lists["generated"] == image]
            columns = ["rank", "training", "influence", "percent"]
            assert list(mine[columns].itertuples(index=False, name=None)) == stored
            assert mine["effect"].tolist() == [
                "helpful" if one[2] > 0 else "harmful" for one in stored
            ]
        totals = pd.read_csv(folder / "influence_totals.csv")
        np.testing.assert_allclose(totals["influence"], part.influence_totals()["influence"])


def test_too_many_pairs_are_a_sentence_and_nothing_is_written(
    predict: Predict, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = open_run(workspace, "run")
    with pytest.raises(WorkspaceError, match="has no predicted influence yet"):
        result.export(tmp_path / "out", all_pairs=True)
    predict()
    monkeypatch.setattr(fitted, "MOST_PAIRS", 12 * 49 - 1)
    with pytest.raises(SettingsError, match=r"There are 588 pairs .* at most 587 are written"):
        result.export(tmp_path / "out", all_pairs=True)
    assert not (tmp_path / "out").exists()
