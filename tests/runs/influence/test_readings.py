"""What is read off a predicted influence: without some images, of other images, by owner."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gmv_core import SettingsError, Workspace, WorkspaceError, add, open_run, open_source, value
from gmv_core.criteria.known_noise import judge
from gmv_core.method.denoiser import denoiser, losses, nearest_classes, statistics
from gmv_core.method.influence import influence, probes
from gmv_core.results.influence.fitted import fitted, influences_of, influences_on_pixels
from gmv_core.results.influence.tables import Influence
from gmv_core.results.influence.what_if import largest_owners, owner_change, predicted_change
from gmv_core.settings import InfluenceSettings, MatchSettings, RunSettings
from gmv_core.store.columns import IMAGES, previews_of
from gmv_core.types import Float64
from tests.fakes import fake_embedder, write_images
from tests.runs.influence.conftest import GENERATED, SETTINGS, TRAINING, Predict, arrays, by_hand


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
