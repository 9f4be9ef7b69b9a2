"""Predicted influence of a run against plain arrays; resumed, kept, and computed anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, WorkspaceError, open_run
from gmv_core.method.denoiser import Denoiser, denoiser, losses, nearest_classes, statistics
from gmv_core.method.scales import Scales, detail_of, relative_influence, relative_probes, scales_of
from gmv_core.results.influence.fitted import fitted
from gmv_core.results.influence.tables import RECORD, read_record
from gmv_core.results.influence.what_if import predicted_change
from gmv_core.runs.influence import predict_influence
from gmv_core.sets.pixels import pixel_blocks, pixel_table
from gmv_core.settings import InfluenceSettings
from gmv_core.types import Float64, Int64, Progress
from tests.fakes import rows_of
from tests.runs.influence.conftest import (
    BROKEN,
    SETTINGS,
    Killed,
    Predict,
    arrays,
    by_hand,
    killing,
)


def test_lists_and_totals_are_those_of_all_pairs(
    predict: Predict, made: Path, workspace: Workspace
) -> None:
    record = predict()
    linear, pairs, _, _ = by_hand(made, workspace)
    assert record.ready and record.grey == ("grey" in made.name)
    assert record.sigma == pytest.approx(linear.sigma, rel=1e-5)
    assert (record.classes, record.by_label) == (3, 6)  # one of the seven is broken
    result = open_run(workspace, "run")
    names, images = (arrays(made, workspace, part)[2] for part in ("train", "made"))
    for j, image in enumerate(images):
        found = result.influence(image)
        order = np.argsort(-pairs[j])
        helpful = [i for i in order if pairs[j, i] > 0]
        harmful = [i for i in order[::-1] if pairs[j, i] < 0][:20]
        assert [one.training for one in found] == [names[i] for i in (*helpful, *harmful)]
        expected = pairs[j, [*helpful, *harmful]]
        scale = np.abs(expected).max()
        assert [one.influence for one in found] == pytest.approx(expected, abs=1e-4 * scale)
        assert found[0].percent == pytest.approx(100 * pairs[j].max(), rel=1e-4)
        assert [one.rank for one in found] == [*range(1, len(helpful) + 1),
                                               *range(1, len(harmful) + 1)]  # fmt: skip
        assert all(one.label == one.training.split("/")[0] for one in found)
    totals = result.influence_totals()
    assert totals["training"].tolist() == names
    np.testing.assert_allclose(totals["percent"], 100 * totals["influence"] / len(images))
    scale = np.abs(pairs).sum(0).max()
    np.testing.assert_allclose(totals["influence"], pairs.sum(0), atol=1e-4 * scale)


def test_a_rejected_generated_image_has_no_list(predict: Predict, workspace: Workspace) -> None:
    predict()
    result = open_run(workspace, "run")
    name = result.generated.images.read(["name"])["name"].to_pylist()[BROKEN]
    assert result.influence(name) == []


@pytest.mark.parametrize("stage", ["pixels", "influence"])
def test_what_was_done_before_a_kill_is_kept_and_the_result_is_the_same(
    predict: Predict, made: Path, workspace: Workspace, stage: str
) -> None:
    with pytest.raises(Killed):
        predict(report=killing(stage))
    with pytest.raises(WorkspaceError, match=r"no predicted influence yet; `gmv influence run`"):
        open_run(workspace, "run").influence_totals()
    seen: list[Progress] = []
    resumed = predict(report=seen.append)
    assert next(step.done for step in seen if step.stage == stage) > 8
    other = Workspace(workspace.root.with_name("fresh"))
    shutil.copytree(made / "workspace", other.root)
    assert predict_influence(other, "run", settings=SETTINGS) == resumed
    for table in ("influence", "influence_totals"):
        mine, fresh = (rows_of(w.run("run").table(table)) for w in (workspace, other))
        assert mine.to_pandas().to_json() == fresh.to_pandas().to_json()  # nan is nan there


def test_equal_inputs_are_reused_and_changed_ones_computed_anew(
    predict: Predict, workspace: Workspace
) -> None:
    seen: list[Progress] = []
    said: list[str] = []
    first = predict(say=said.append)
    assert predict(report=seen.append, say=said.append) == first
    assert (seen, said) == ([], [])
    other = predict(settings=InfluenceSettings(4, 5.0), report=seen.append, say=said.append)
    assert said == ["The influence is predicted anew, because side px changed."]
    assert other.sigma != first.sigma
    assert read_record(workspace.run("run")) == other
    assert predict() == first  # the pixels of both sides are kept
    assert [step.stage for step in seen].count("pixels") > 0


def test_pixels_that_a_new_build_took_away_are_made_again(
    predict: Predict, workspace: Workspace
) -> None:
    first = predict()
    result = open_run(workspace, "run")
    before = predicted_change(result.leaving_out([result.influence_totals()["training"][0]]))
    pixel_table(result.generated, first.form).drop()
    with pytest.raises(WorkspaceError, match="small pixels of 'made' are not there"):
        predicted_change(result)
    assert predict() == first
    again = predicted_change(result.leaving_out([result.influence_totals()["training"][0]]))
    np.testing.assert_array_equal(again.by_image, before.by_image)


def test_a_broken_record_is_no_record(predict: Predict, workspace: Workspace) -> None:
    first = predict()
    (workspace.run("run").folder / RECORD).write_text('{"training": 3}')
    seen: list[Progress] = []
    assert predict(report=seen.append) == first
    assert [step.done for step in seen if step.stage == "influence"] == [5, 10, 13]


def test_detail_is_read_off_the_generated_images_and_weighs_the_blocks(
    predict: Predict, made: Path, workspace: Workspace
) -> None:
    side = 8
    record = predict(settings=InfluenceSettings(side))
    x, labels, _ = arrays(made, workspace, "train", side)
    codes = np.array([int(label[-1]) for label in labels])
    whole = denoiser(statistics([(x, codes)], 3))
    result = open_run(workspace, "run")
    g = np.concatenate([x for _, x in pixel_blocks(result.generated, record.form)])
    asked = arrays(made, workspace, "made")[1]
    near = nearest_classes(whole.statistics, g)
    own = np.array([0 if label == "class0" else near[j] for j, label in enumerate(asked)])
    detail = detail_of(whole, [(g, own)])
    assert record.detail == pytest.approx(detail, rel=1e-4)
    scales = scales_of(whole, side, detail)
    pairs = relative_influence(scales, relative_probes(scales, g, own), x, codes)
    totals = result.influence_totals()["influence"]
    scale = np.abs(pairs).sum(0).max()
    np.testing.assert_allclose(totals, pairs.sum(0), atol=1e-3 * scale)
    model = fitted(result)
    assert [one.weight for one in model.scales] == pytest.approx([one.weight for one in scales])
    gone = np.arange(len(x)) % 7 == 0
    rest = scales_without(scales, x[~gone], codes[~gone])
    expected = sum(
        each.weight * (losses(after, g, own) / losses(each.denoiser, g, own) - 1)
        for each, after in zip(scales, rest, strict=True)
    )
    names = arrays(made, workspace, "train")[2]
    change = predicted_change(result.leaving_out([names[i] for i in np.flatnonzero(gone)]))
    np.testing.assert_allclose(change.by_image, 100 * expected, rtol=1e-3, atol=1e-3)


def scales_without(scales: Scales, x: Float64, codes: Int64) -> list[Denoiser]:
    found = statistics([(x, codes)], 3)
    return [
        denoiser(found, sigma=each.denoiser.sigma, blocks=each.denoiser.blocks) for each in scales
    ]
