"""A training image's generated images, and images dropped in: against brute force and by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gmv_core import (
    Contributor,
    MatchSettings,
    Result,
    RunSettings,
    ValueSettings,
    Workspace,
    WorkspaceError,
    build,
    labels_for,
    open_run,
    open_source,
    open_uploads,
    value,
)
from gmv_core.matching.dropped import MOST, Dropped, match_dropped, weigh
from gmv_core.models.embedders.embedder import NetworkEmbedder
from gmv_core.results.opening import open_matcher, settings_of
from gmv_core.settings import IngestSettings
from gmv_core.types import Float32, UInt8
from tests.fakes import (
    DIM,
    NORM_SQUARED,
    SIDE_PX,
    draw,
    fake_embedder,
    fake_vectors,
    png,
    rows_of,
    write_images,
)


def write_valued(root: Path) -> None:
    """Write 40 generated images against 30 training images; a further generated one is broken."""
    workspace, source = Workspace(root / "home"), open_source(write_images(root / "train", 30))
    labels = labels_for(source, None)
    build(workspace, source, name="train", labels=labels, embedder=fake_embedder())
    made = write_images(root / "made", 40, first_seed=100)
    (made / "class0" / "broken.png").write_bytes(b"no image")
    value(workspace, open_source(made), against="train", name="run", embedder=fake_embedder())


@pytest.fixture
def run(copied: Callable[..., None], workspace: Workspace) -> Result:
    copied(write_valued)
    return open_run(workspace, "run", settings=ValueSettings(k=5, temperature="auto"))


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer a set's embedder with the fake one."""
    monkeypatch.setattr("gmv_core.matching.loading.reload_embedder", lambda *_: fake_embedder())


def everything(result: Result) -> dict[str, list[Contributor]]:
    """Return every contribution by the training image's name, in the order of the generated set."""
    found: dict[str, list[Contributor]] = {}
    for name in result.generated.images.read(["name"])["name"].to_pylist():
        for one in result.contributors(name):
            found.setdefault(one.training, []).append(one)
    return found


@pytest.mark.parametrize("weighting", [True, False])
def test_generated_of_is_contributors_read_backwards(run: Result, weighting: bool) -> None:
    result = replace(run, settings=replace(run.settings, quality_weighting=weighting))
    seen, expected = 0, everything(result)
    for training in result.training.images.read(["name"])["name"].to_pylist():
        found = result.generated_of(training)
        assert sorted(found, key=lambda c: c.generated_row or 0) == expected.get(training, [])
        assert [c.value for c in found] == sorted((c.value for c in found), reverse=True)
        seen += len(found)
    assert seen == 40 * 5


def test_what_an_image_gave_adds_up_to_its_value(run: Result) -> None:
    values = run.values_table().set_index("training")
    for training, row in values.iterrows():
        found = run.generated_of(str(training))
        assert sum(c.value for c in found) == pytest.approx(row["value"])
        assert len(found) == row["times_contributor"]


def test_another_k_changes_what_an_image_gave_to(run: Result, workspace: Workspace) -> None:
    nearest = open_run(workspace, "run", settings=ValueSettings(k=1))
    for training in ("class0/0000.png", "class1/0001.png"):
        assert {c.rank for c in nearest.generated_of(training)} <= {1}
        ranks = {c.generated for c in run.generated_of(training) if c.rank == 1}
        assert {c.generated for c in nearest.generated_of(training)} == ranks


def test_an_image_may_be_named_by_its_file(run: Result) -> None:
    assert run.generated_of("0004.png") == run.generated_of("class1/0004.png")


def test_an_unknown_training_image_is_one_sentence(run: Result) -> None:
    with pytest.raises(WorkspaceError, match=r"no training image 'nobody.png'.*class0/0000.png"):
        run.generated_of("nobody.png")


def test_the_table_of_generated_images_tells_row_label_and_status(run: Result) -> None:
    table = run.generated_table(("generated", "id", "label", "status"))
    assert table["id"].tolist() == list(range(41))
    broken = table[table["generated"] == "class0/broken.png"].iloc[0]
    assert (broken["label"], broken["status"]) == ("class0", "not an image")


def drop(run: Result, files: list[tuple[str, bytes]]) -> Dropped:
    matcher = open_matcher(run.training, run=run.manifest)
    return match_dropped(matcher, open_uploads(files), ingest=IngestSettings())


def test_a_dropped_image_is_answered_as_one_of_the_run(run: Result, network: None) -> None:
    seeds = (100, 105)
    dropped = drop(run, [(f"{s}.png", png(draw(s))) for s in seeds])
    answers = weigh(dropped, run.training, run.settings)
    for seed, answer in zip(seeds, answers, strict=True):
        kept = run.contributors(f"{seed - 100:04d}.png")
        assert [c.training for c in answer.contributors] == [c.training for c in kept]
        assert [c.distance for c in answer.contributors] == pytest.approx(
            [c.distance for c in kept], rel=1e-3
        )
        assert [c.exact for c in answer.contributors] == [c.exact for c in kept]


def test_other_value_settings_need_no_second_match(run: Result, network: None) -> None:
    dropped = drop(run, [("one.png", png(draw(100)))])
    assert len(weigh(dropped, run.training, ValueSettings(k=3))[0].contributors) == 3
    unweighted = weigh(dropped, run.training, ValueSettings(k=3, quality_weighting=False))[0]
    assert sum(c.value for c in unweighted.contributors) == pytest.approx(1)


def test_the_contributors_of_a_dropped_image_draw_themselves(run: Result, network: None) -> None:
    (answer,) = weigh(drop(run, [("one.png", png(draw(100)))]), run.training, run.settings)
    html = answer.contributors._repr_html_()
    assert html.count("data:image/") == run.settings.k
    assert f"1. {answer.contributors[0].training}" in html


def test_a_broken_image_costs_one_sentence(run: Result, network: None) -> None:
    dropped = drop(run, [("bad.png", b"no image"), ("good.png", png(draw(1)))])
    assert dropped.names == ["good.png"]
    assert dropped.problems == {"bad.png": "not an image"}
    assert drop(run, [("bad.png", b"")]).names == []
    assert weigh(drop(run, [("bad.png", b"")]), run.training, run.settings) == []


def test_no_more_than_a_dozen_are_answered_at_once(run: Result, network: None) -> None:
    dropped = drop(run, [(f"{s}.png", png(draw(s))) for s in range(MOST + 3)])
    assert len(dropped.names) == MOST


def test_a_dropped_image_is_matched_with_the_settings_of_the_run(run: Result) -> None:
    settings = settings_of(run.manifest)
    made = run.manifest
    assert settings == MatchSettings(
        100, made.matching.distance, made.judging.quality, made.judging.seed
    )


def test_another_embedder_is_scaled_by_its_own_norm(workspace: Workspace, tmp_path: Path) -> None:
    """Ten times the features are a hundred times the squared distance, estimates and all."""
    sources = [open_source(write_images(tmp_path / "train", 60)),
               open_source(write_images(tmp_path / "made", 3, first_seed=500))]  # fmt: skip
    found = {}
    for times in (1, 10):

        def scaled(pixels: UInt8, times: int = times) -> tuple[Float32, Float32]:
            vectors, features = fake_vectors(pixels)
            return vectors, features * np.float32(times)

        embedder = NetworkEmbedder(f"x{times}", SIDE_PX, DIM, NORM_SQUARED * times**2, scaled)
        build(workspace, sources[0], name=f"train{times}", embedder=embedder)
        settings = RunSettings(MatchSettings(distance="features"))
        value(workspace, sources[1], against=f"train{times}", name=f"run{times}",
              settings=settings, embedder=embedder)  # fmt: skip
        found[times] = rows_of(workspace.run(f"run{times}").table("matches"))
    assert found[1]["candidates"].to_pylist() == found[10]["candidates"].to_pylist()
    assert found[1]["exact"].to_pylist() == [20] * 3, "the rest of the lists are estimates"
    small, large = (np.stack(found[times]["distance"].to_pylist()) for times in (1, 10))
    assert large == pytest.approx(100 * small, rel=1e-4)
