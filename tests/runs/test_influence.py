"""Predicted influence of a run: against plain arrays; resumed, kept, recomputed; what without."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gmv_core import SettingsError, Workspace, WorkspaceError, add, open_run, open_source, value
from gmv_core.criteria.known_noise import judge
from gmv_core.method.denoiser import Denoiser, denoiser, losses, nearest_classes, statistics
from gmv_core.method.influence import influence, probes
from gmv_core.method.scales import Scales, detail_of, relative_influence, relative_probes, scales_of
from gmv_core.results.influence.fitted import fitted, influences_of, influences_on_pixels
from gmv_core.results.influence.tables import RECORD, Influence, read_record
from gmv_core.results.influence.what_if import largest_owners, owner_change, predicted_change
from gmv_core.runs.influence import predict_influence
from gmv_core.sets.pixels import pixel_blocks, pixel_table
from gmv_core.settings import InfluenceSettings, MatchSettings, RunSettings
from gmv_core.store.columns import IMAGES, previews_of
from gmv_core.types import Float64, Int64, Progress
from tests.fakes import fake_embedder, rows_of, write_images
from tests.runs.conftest import (
    BROKEN,
    GENERATED,
    SETTINGS,
    TRAINING,
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


def test_what_if_is_a_fit_without_them(predict: Predict, made: Path, workspace: Workspace) -> None:
    predict()
    linear, _, loss, own = by_hand(made, workspace)
    x, labels, names = arrays(made, workspace, "train")
    g, _, _ = arrays(made, workspace, "made")
    codes = np.array([int(label[-1]) for label in labels])
    result = open_run(workspace, "run")
    for gone in (np.arange(len(x)) % 7 == 0, codes == 0):
        rest = denoiser(statistics([(x[~gone], codes[~gone])], 3), sigma=linear.sigma)
        left = np.where(rest.statistics.counts[own] > 0, own, nearest_classes(rest.statistics, g))
        expected = 100 * (losses(rest, g, left) / loss - 1)
        some = result.leaving_out([names[i] for i in np.flatnonzero(gone)])
        change = predicted_change(some, model=fitted(result))
        np.testing.assert_allclose(change.by_image, expected, rtol=1e-3, atol=1e-3)
        assert change.images == gone.sum()
        assert change.percent == pytest.approx(expected.mean(), abs=1e-3)
        assert change.low < change.percent < change.high
    assert predicted_change(result).percent == 0


def without_classes(made: Path, workspace: Workspace) -> Float64:
    """All relative pairs (m, n) with one mean for all, in one go."""
    x, g = (arrays(made, workspace, part)[0] for part in ("train", "made"))
    zeros, asked = np.zeros(len(x), np.int64), np.zeros(len(g), np.int64)
    linear = denoiser(statistics([(x, zeros)], 1), kept=SETTINGS.kept_directions)
    pairs = influence(linear, probes(linear, g, asked), x, zeros)
    return pairs / losses(linear, g, asked)[:, None]


def assert_largest(found: list[Influence], pairs: Float64, names: list[str]) -> None:
    order = np.argsort(-pairs)
    helpful = [i for i in order if pairs[i] > 0]
    harmful = [i for i in order[::-1] if pairs[i] < 0][:20]
    assert [one.training for one in found] == [names[i] for i in (*helpful, *harmful)]
    percent = 100 * pairs[[*helpful, *harmful]]
    assert [one.percent for one in found] == pytest.approx(percent, rel=1e-3, abs=1e-3)


def test_an_image_of_no_set_is_held_against_one_mean(
    predict: Predict, made: Path, workspace: Workspace
) -> None:
    predict()
    result = open_run(workspace, "run")
    pairs = without_classes(made, workspace)
    names, images = (arrays(made, workspace, part)[2] for part in ("train", "made"))
    model = fitted(result, one_mean=True)
    spread, every = model.spread(), result.generated.images.read(["name"])["name"].to_pylist()
    for j in (0, len(images) - 1):
        (preview,) = previews_of(result.generated, np.array([every.index(images[j])]))
        assert_largest(influences_on_pixels(model, spread, preview), pairs[j], names)


def test_classes_need_labels_of_half_of_the_generated_images(
    predict: Predict, made: Path, workspace: Workspace
) -> None:
    images = workspace.image_set("made").images
    table = images.read([field.name for field in IMAGES])
    labels = ["class0" if i == 0 else "other" for i in range(GENERATED)]
    at = table.schema.get_field_index("label")
    images.write(table.set_column(at, "label", pa.array(labels)))
    record = predict()
    assert (record.classes, record.by_label) == (1, 0)
    pairs = without_classes(made, workspace)
    names, images_of = (arrays(made, workspace, part)[2] for part in ("train", "made"))
    result = open_run(workspace, "run")
    for j in (0, len(images_of) - 1):
        assert_largest(result.influence(images_of[j]), pairs[j], names)
    assert fitted(result).labels == ("",)


def test_left_out_images_are_not_listed(predict: Predict, workspace: Workspace) -> None:
    predict()
    result = open_run(workspace, "run")
    image = result.generated.images.read(["name"])["name"].to_pylist()[0]
    first, second = result.influence(image)[:2]
    rest = result.leaving_out([first.training])
    assert rest.influence(image)[0].training == second.training
    assert first.training not in rest.influence_totals()["training"].tolist()


def test_a_result_is_another_once_influence_is_predicted_or_predicted_otherwise(
    predict: Predict, workspace: Workspace
) -> None:
    result = open_run(workspace, "run")
    seen = [result.digest]
    for settings in (SETTINGS, InfluenceSettings(4, 5.0), SETTINGS, SETTINGS):
        predict(settings=settings)
        seen.append(result.digest)
    assert len(set(seen)) == 3
    assert seen[1] == seen[3] == seen[4]


def test_influence_of_sets_that_have_grown_is_not_read(
    predict: Predict, workspace: Workspace, tmp_path: Path
) -> None:
    predict()
    write_images(tmp_path / "more" / "added", 3, first_seed=500)
    add(workspace, "train", open_source(tmp_path / "more"), embedder=fake_embedder())
    settings = RunSettings(MatchSettings(5, "none", "none"))
    value(workspace, "made", against="train", name="run", embedder=fake_embedder(),
          settings=settings)  # fmt: skip
    with pytest.raises(WorkspaceError, match=r"have changed since .* `gmv influence run` predicts"):
        open_run(workspace, "run").influence_totals()
    said: list[str] = []
    predict(say=said.append)
    assert said[0].startswith("The influence is predicted anew, because training images")
    assert len(open_run(workspace, "run").influence_totals()) == TRAINING - 1 + 3


def test_a_training_images_influence_on_every_generated_image(
    predict: Predict, made: Path, workspace: Workspace
) -> None:
    predict()
    _, pairs, _, _ = by_hand(made, workspace)
    result = open_run(workspace, "run")
    names, images = (arrays(made, workspace, part)[2] for part in ("train", "made"))
    model = fitted(result)
    stored = result.influence_totals(("id", "training"))
    for at in (0, len(names) - 1):
        row = int(stored["id"][at])
        found = influences_of(result, model, model.spread(), row).set_index("generated")
        assert found["percent"].is_monotonic_decreasing
        expected = pairs[:, names.index(stored["training"][at])]
        scale = np.abs(pairs).max()
        np.testing.assert_allclose(found["influence"][images], expected, atol=1e-5 * scale)
        np.testing.assert_allclose(found["percent"], 100 * found["influence"])


def test_owners_are_left_out_one_by_one_the_largest_first(
    predict: Predict, workspace: Workspace
) -> None:
    predict()
    result = open_run(workspace, "run")
    assert largest_owners(result) == []
    with pytest.raises(SettingsError, match=r"choose another set; it has no owners\."):
        owner_change(result, "Ada")
    owners = np.array(["Ada", "Ben", "", "Ben", "Cy"], object)[np.arange(TRAINING) % 5]
    images = workspace.image_set("train").images
    table = images.read([field.name for field in IMAGES])
    at = table.schema.get_field_index("owner")
    images.write(table.set_column(at, "owner", pa.array(owners, pa.string())))
    assert largest_owners(result, most=2) == ["Ben", "Ada"]  # of Cy's images one is broken
    names = result.values_table(("training", "owner"))
    for owner in ("Ben", "Cy"):
        own = names["training"][names["owner"] == owner]
        change = owner_change(result, owner, model=fitted(result))
        expected = predicted_change(result.leaving_out(own.tolist()))
        assert (change.images, change.percent) == (len(own), expected.percent)
        assert (change.low, change.high) == (expected.low, expected.high)
    with pytest.raises(SettingsError, match=r"'Eve'; choose one of: Ada, Ben, Cy\."):
        owner_change(result, "Eve")


def test_known_noise_is_held_against_the_ranking_by_harm(
    predict: Predict, workspace: Workspace
) -> None:
    predict()
    result = open_run(workspace, "run")
    totals = result.influence_totals(("id", "influence"))
    worst = totals.nsmallest(4, "influence")["id"].tolist()
    images = workspace.image_set("train").images
    table = images.read([field.name for field in IMAGES])
    marks = [json.dumps({"noise": "yes" if i in worst else "no"}) for i in range(TRAINING)]
    at = table.schema.get_field_index("attributes")
    images.write(table.set_column(at, "attributes", pa.array(marks)))
    report = judge(result, "noise", by_influence=True)
    assert report.flags.tolist() == [True] * 4 + [False] * (len(totals) - 4)
    assert report.detection.auroc == 1 > judge(result, "noise").detection.auroc
