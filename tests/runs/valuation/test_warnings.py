"""What a run says of its inputs: shifts, quality that tells nothing apart, and mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import (
    MatchSettings,
    ModelError,
    SettingsError,
    ValueSettings,
    WorkspaceError,
    open_source,
)
from gmv_core.results.totals import quality_warnings
from gmv_core.sets.build import build
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import Workspace
from tests.fakes import draw, fake_embedder, png, write_images
from tests.runs.valuation.conftest import columns

pytestmark = pytest.mark.usefixtures("small_commits")


@pytest.mark.parametrize(("rejected", "words"), [("made", "run-generated"), ("train", "broken")])
def test_a_set_without_a_readable_image_is_a_sentence(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path, rejected: str, words: str
) -> None:
    broken = write_images(tmp_path / "broken", 3)
    for path in broken.rglob("*.png"):
        path.write_bytes(path.read_bytes()[:40])
    if rejected == "train":
        build(workspace, open_source(broken), name="broken", embedder=fake_embedder())
    given = {"generated": broken} if rejected == "made" else {"against": "broken"}
    with pytest.raises(WorkspaceError, match=f"No image of '{words}' could be read; give"):
        run(**given)


def test_a_shift_of_the_whole_set_is_said(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    bright, grey = tmp_path / "bright", tmp_path / "grey"
    for folder in (bright, grey):
        folder.mkdir()
    for seed in range(12):
        (bright / f"{seed}.png").write_bytes(png(draw(seed) // 3 + 170))
        flat = np.repeat(draw(seed).mean(2, keepdims=True).astype(np.uint8), 3, axis=2)
        (grey / f"{seed}.png").write_bytes(png(flat))
    said: list[str] = []
    manifest = run(generated=bright, say=said.append, name="bright", quality="none")
    assert list(manifest.shifts) == said
    assert [s.split(" is typically")[0] for s in said] == [
        "The darkest grey level", "The brightest grey level", "The mean grey level",
    ]  # fmt: skip
    said.clear()
    run(generated=grey, say=said.append, name="grey")
    assert said == ["100% of the generated images are grey, 0% of the training images."]
    said.clear()
    run(say=said.append, name="same")
    assert said == []


def test_a_small_training_set_has_no_realism(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    few = write_images(tmp_path / "few", 6)
    build(workspace, open_source(few), name="few", embedder=fake_embedder())
    manifest = run(against="few")
    assert manifest.inputs.quality.quality == "none"
    assert "Realism needs 10 training images that differ" in manifest.reasons["quality"]
    assert (columns(workspace, "quality")["quality"] == 1).all()
    assert columns(workspace, "matches")["candidates"].shape == (18, 6)  # R > n
    with pytest.raises(ModelError, match="at least 10 training images and there are 6"):
        run(against="few", quality="realism", name="strict")


def test_mistakes_are_sentences_and_leave_no_run(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    for given, error, words in (
        ({"against": "nothing"}, WorkspaceError, "There is no set named 'nothing'"),
        ({"generated": "nothing"}, WorkspaceError, "There is no set named 'nothing'"),
        ({"name": "../run"}, WorkspaceError, "cannot be a name"),
        ({"distance": "lpps"}, SettingsError, "Unknown distance 'lpps'; choose one of"),
        ({"embedder": None}, ModelError, "given from Python; give it again"),
        ({"embedder": fake_embedder(features=False)}, ModelError, "needs an embedder with feature"),
    ):
        with pytest.raises(error, match=words):
            run(**given)
    assert workspace.runs() == []


@pytest.mark.parametrize(
    ("setting", "seen"), [({"k": 0}, "k is 0"), ({"candidates": 0}, "candidates is 0")]
)
def test_settings_out_of_range_are_sentences(setting: dict[str, int], seen: str) -> None:
    kind = ValueSettings if "k" in setting else MatchSettings
    with pytest.raises(SettingsError, match=f"{seen}; give a number of at least 1"):
        kind(**setting)


def test_a_set_of_copies_does_not_cost_every_image_its_quality(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    for seed in range(20):  # ten pictures four times each, forty once
        for turn in range(4):
            path = copies / f"{seed % 10:02d}" / f"{turn}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(draw(seed % 10)))
    for seed in range(10, 50):
        (copies / f"{seed}.png").write_bytes(png(draw(seed)))
    build(workspace, open_source(copies), name="copies", embedder=fake_embedder())
    manifest = run(against="copies", quality="realism", name="copied")
    quality = columns(workspace, "quality", "copied")["quality"]
    assert np.nanmin(quality) > 0.05
    assert manifest.totals is not None and manifest.totals.value > 1


def test_a_metric_that_tells_images_apart_no_more_is_said() -> None:
    low = quality_warnings(np.array([0.0] * 19 + [0.4, np.nan]), "realism")
    assert low[0].startswith("The quality metric realism gives 0 to 19 of 20 generated images")
    assert "hand out no credit" in low[0]
    both = quality_warnings(np.array([1.0] * 9 + [0.0]), "piqe")
    assert "gives 0 to 1 and 1 to 9 of 10" in both[0]
    high = quality_warnings(np.ones(6), "piqe")
    assert "gives 1 to 6 of 6" in high[0] and "as good as unweighted" in high[0]
    for fine in (np.linspace(0, 1, 20), np.array([1.0, 1.0]), np.array([np.nan] * 9)):
        assert quality_warnings(fine, "realism") == ()
    assert quality_warnings(np.ones(9), "none") == ()


def test_a_run_keeps_its_warnings_and_says_them(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    said: list[str] = []
    bright = tmp_path / "bright"  # nearer to some training image than these are to each other
    bright.mkdir()
    for seed in range(12):
        (bright / f"{seed}.png").write_bytes(png(draw(seed) // 3 + 170))
    manifest = run(generated=bright, quality="realism", name="bright", say=said.append)
    assert len(manifest.warnings) == 1 and said[-1] == manifest.warnings[0]
    assert "gives 1 to 12 of 12" in manifest.warnings[0]
    assert workspace.run("bright").manifest().warnings == manifest.warnings
