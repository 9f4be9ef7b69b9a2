"""Runs that judge a run: spoilt copies and other distances; made, reused, made anew, deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from gmv_core import (
    GMVError,
    SettingsError,
    Workspace,
    WorkspaceError,
    build,
    open_run,
    open_source,
    value,
)
from gmv_core.criteria import report, sentences, tables
from gmv_core.criteria.report import as_json, criteria_of
from gmv_core.criteria.same_kind import PIXELS, RUN, lists_of
from gmv_core.criteria.trials.comparison import compare, usual_ks
from gmv_core.criteria.trials.copies import copies_of, drop_copies
from gmv_core.criteria.trials.corruption import Injection, spoil, spoilt_rows, spoilt_source
from gmv_core.criteria.trials.derived_runs import ready_distances, value_by, valued_by
from gmv_core.criteria.trials.injection import inject
from gmv_core.images.decode import pixels_of
from gmv_core.jobs import deletion
from gmv_core.models.catalogue import ModelRow
from gmv_core.results.result import Result
from gmv_core.sets.build import add
from gmv_core.store.files import finite
from gmv_core.types import Progress
from tests.built import write_judged_run
from tests.fakes import draw, fake_embedder, rows_of, strict_json, write_images

HEAVY = Injection("noise", 0.6, 0.25)


@pytest.fixture
def opened(
    copied: Callable[..., None], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> Result:
    rows = [ModelRow(key, "distance", key, None, "", "", True, "", "") for key in
            ("features", "none", "l2")]  # fmt: skip
    monkeypatch.setattr("gmv_core.criteria.trials.derived_runs.list_models", lambda: rows)
    copied(write_judged_run)
    return open_run(workspace, "run")


def test_injections_are_checked() -> None:
    for wrong in ({"kind": "rain"}, {"share": 0.0}, {"share": 0.6}, {"strength": 0.0},
                  {"strength": 2.0}, {"kind": "foreign"}, {"source_set": "other"}):  # fmt: skip
        with pytest.raises(SettingsError):
            Injection(**wrong)  # type: ignore[arg-type]
    assert Injection("blur").name("run") == "run-blur-0.03-5pct"
    foreign = Injection("foreign", source_set="other")
    assert foreign.name("run") == "run-foreign-other-5pct"
    assert Injection("noise", 0.2, 0.1, seed=3).name("run") == "run-noise-0.2-10pct-seed3"


def test_what_is_spoilt_is_drawn_by_the_seed() -> None:
    rows = np.arange(100, 300)
    assert spoilt_rows(rows, Injection()) == spoilt_rows(rows, Injection())
    assert spoilt_rows(rows, Injection()) != spoilt_rows(rows, Injection(seed=1))
    assert len(spoilt_rows(rows, Injection())) == 10
    assert len(spoilt_rows(rows[:3], Injection())) == 1


def test_noise_and_blur() -> None:
    rng, grey = np.random.default_rng(0), np.full((64, 64, 3), 128, np.uint8)
    noisy = spoil(grey, Injection("noise", 0.1), rng)
    assert (noisy == noisy[..., :1]).all()
    assert noisy[..., 0].std() == pytest.approx(25.5, rel=0.1)
    colour = spoil(draw(1), Injection("noise", 0.1), rng)
    assert (colour != colour[..., :1]).any()
    edge = np.zeros((64, 64, 3), np.uint8)
    edge[:, 32:] = 255
    blurred = spoil(edge, Injection("blur", 0.1), rng)
    assert 0 < blurred[32, 30, 0] < blurred[32, 33, 0] < 255


def test_a_copy_is_the_training_set_but_for_what_is_spoilt(opened: Result) -> None:
    images = list(spoilt_source(opened, HEAVY).read())
    originals = opened.training.images.read(["name", "preview", "label"]).to_pylist()
    assert [i.name for i in images] == [o["name"] for o in originals]
    assert [i.label for i in images] == [o["label"] for o in originals]
    changed = [i.data != o["preview"] for i, o in zip(images, originals, strict=True)]
    assert changed == [i.attributes["injected"] == "yes" for i in images]
    assert sum(changed) == 6
    assert (pixels_of(images[changed.index(True)].data).shape) == (24, 24, 3)
    assert [i.data for i in spoilt_source(opened, HEAVY).read(7)] == [i.data for i in images[7:]]


def test_an_injection_is_scored_kept_and_reused(workspace: Workspace, opened: Result) -> None:
    found = inject(workspace, "run", HEAVY, embedder=fake_embedder())
    assert (found.known, found.images, found.run) == (6, 24, "run-noise-0.6-25pct")
    assert 0 <= found.low <= found.auroc <= found.high <= 1
    (kept,) = criteria_of(workspace, opened).injections
    assert kept == found
    row = tables.detection_row(sentences.injection_name(kept), kept.detection)
    assert row["test"] == "noise, σ = 0.6, in 25 % of the images"
    assert row["noisy"] == (6, 24)
    assert tables.shown(pd.DataFrame([row]))["noisy"].tolist() == ["6 of 24"]
    before = rows_of(workspace.run(found.run).table("matches"))
    said: list[Progress] = []
    again = inject(workspace, "run", HEAVY, embedder=fake_embedder(), report=said.append)
    assert again.auroc == found.auroc
    assert "matches" not in [step.stage for step in said]
    assert rows_of(workspace.run(found.run).table("matches")).equals(before)


def test_foreign_images_take_the_places_of_others(
    workspace: Workspace, opened: Result, tmp_path: Path
) -> None:
    write_images(tmp_path / "other", 4, first_seed=500)
    build(workspace, open_source(tmp_path / "other"), name="other", embedder=fake_embedder())
    injection = Injection("foreign", None, 0.25, source_set="other")
    previews = workspace.image_set("other").images.read(["preview"])["preview"].to_pylist()
    images = list(spoilt_source(opened, injection, workspace.image_set("other")).read())
    foreign = [image for image in images if image.attributes["injected"] == "yes"]
    assert len(foreign) == 6 and all(image.data in previews for image in foreign)
    assert images[0].name == "class0/0000.png" and len(images) == 24
    found = inject(workspace, "run", injection, embedder=fake_embedder())
    assert (found.known, found.source_set) == (6, "other")
    assert sentences.injection_name(found) == "images of other, in 25 % of the images"
    for wrong in ("train", "nowhere"):
        with pytest.raises(GMVError, match=wrong):
            inject(workspace, "run", Injection("foreign", source_set=wrong))


def test_a_copy_of_an_older_training_set_is_made_anew(
    workspace: Workspace, opened: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = inject(workspace, "run", HEAVY, embedder=fake_embedder()).run
    write_images(tmp_path / "more" / "added", 4, first_seed=300)
    add(workspace, "train", open_source(tmp_path / "more"), embedder=fake_embedder())
    value(workspace, "run-generated", against="train", name="run", embedder=fake_embedder())

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("gmv_core.criteria.trials.injection.value", killed)
        inject(workspace, "run", HEAVY, embedder=fake_embedder())
    with pytest.raises(WorkspaceError, match="is unfinished"):  # its matches are of the old copy
        open_run(workspace, judge)
    found = inject(workspace, "run", HEAVY, embedder=fake_embedder())
    assert (found.known, found.images) == (7, 28)


def test_other_distances_have_runs_of_their_own(workspace: Workspace, opened: Result) -> None:
    assert ready_distances(opened) == ["features", "none", "l2"]
    assert valued_by(workspace, opened, "l2") is None
    other = value_by(workspace, opened, "l2", embedder=fake_embedder())
    assert other.run.name == "run-by-l2"
    assert value_by(workspace, opened, "features") is opened
    assert set(lists_of(other)[RUN][0]) == set(lists_of(opened)[RUN][0])  # the same candidates
    left = valued_by(workspace, opened.leaving_out(["class0/0000.png"]), "l2")
    assert left is not None and left.without == {0}
    classes = criteria_of(workspace, opened).classes
    assert classes is not None and PIXELS in set(classes.table["order"])


def test_a_run_of_other_sets_is_no_judge(workspace: Workspace, opened: Result) -> None:
    other = value_by(workspace, opened, "l2", embedder=fake_embedder())
    manifest = other.run.manifest()
    matching = msgspec.structs.replace(manifest.matching, training="another state")
    inputs = msgspec.structs.replace(manifest.inputs, matches=matching)
    other.run.write_manifest(msgspec.structs.replace(manifest, inputs=inputs))
    assert valued_by(workspace, opened, "l2") is None


def test_a_comparison_has_a_row_a_distance_and_k(workspace: Workspace, opened: Result) -> None:
    assert usual_ks(opened) == (4, 12)
    stages: list[str] = []
    found = compare(workspace, "run", embedder=fake_embedder(),
                    report=lambda step: stages.append(step.stage))  # fmt: skip
    assert [(r.distance, r.k) for r in found.rows] == [
        (distance, k) for distance in ("features", "none", "l2") for k in (4, 12)
    ]
    assert found.column == "noise"
    assert "l2: matches" in stages
    # With all candidates taken, the order cannot matter to classes.
    assert len({r.classes.share for r in found.rows if r.classes and r.k == 12}) == 1
    report = criteria_of(workspace, opened)
    assert report.comparison == found
    assert report.noise is not None
    first = found.rows[0]
    assert first.noise == pytest.approx(report.noise.auroc)
    assert first.foreign == pytest.approx(report.foreign["auroc"].mean())
    assert tables.comparison_rows(found)["distance"].tolist()[:2] == ["features", "features"]
    strict_json(json.dumps(finite(as_json(opened, report)), default=str))
    for k in (0, 13):  # of 12 candidates
        with pytest.raises(SettingsError, match="from 1 to 12"):
            compare(workspace, "run", ks=(k,), embedder=fake_embedder())


def test_a_small_set_has_fewer_candidates_than_asked(opened: Result) -> None:
    matching = msgspec.structs.replace(opened.manifest.matching, candidates=100)
    inputs = msgspec.structs.replace(opened.manifest.inputs, matches=matching)
    manifest = msgspec.structs.replace(opened.manifest, inputs=inputs)
    assert usual_ks(
        replace(opened, manifest=manifest, settings=replace(opened.settings, k=10))
    ) == (10, 24)


def test_copies_are_told_from_others_and_deleted(workspace: Workspace, opened: Result) -> None:
    inject(workspace, "run", HEAVY, embedder=fake_embedder())
    compare(workspace, "run", embedder=fake_embedder())
    before = report.stamp(workspace, opened)
    names = [record.name for record in copies_of(workspace, opened.run.name, opened.training.name)]
    assert names == ["run-by-l2", "run-by-none", "run-noise-0.6-25pct", "run-noise-0.6-25pct-set"]
    assert drop_copies(workspace, "run") == names
    assert [r.name for r in workspace.runs()] == ["run"]
    assert [s.name for s in workspace.sets()] == ["run-generated", "train"]
    left = criteria_of(workspace, open_run(workspace, "run"))
    assert (left.injections, left.comparison) == ([], None)
    assert report.stamp(workspace, opened) != before
    assert drop_copies(workspace, "run") == []


def test_a_run_is_deleted_with_what_was_made_for_it_alone(
    workspace: Workspace, opened: Result
) -> None:
    value(workspace, "run-generated", against="train", name="second", embedder=fake_embedder())
    inject(workspace, "run", HEAVY, embedder=fake_embedder())
    assert deletion.delete(workspace, opened.run.name) == "run"
    assert [r.name for r in workspace.runs()] == ["second"], "no copy is left"
    assert [s.name for s in workspace.sets()] == ["run-generated", "train"], "second uses them"
    assert deletion.delete(workspace, "second") == "run"
    assert [s.name for s in workspace.sets()] == ["run-generated", "train"], "it was given to it"


def test_with_a_run_goes_its_own_generated_set(workspace: Workspace, opened: Result) -> None:
    assert deletion.delete(workspace, opened.run.name, kind="run") == "run"
    assert [s.name for s in workspace.sets()] == ["train"]


def test_a_run_that_cannot_be_read_is_deleted_too(workspace: Workspace, opened: Result) -> None:
    (opened.run.folder / "manifest.json").write_text('{"format": 1}')
    assert deletion.delete(workspace, "run", kind="run") == "run"
    assert [s.name for s in workspace.sets()] == ["run-generated", "train"]
