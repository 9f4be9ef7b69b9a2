"""Copies with noise under a network that takes every image for a stranger: pixels alone tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import RunSettings, Workspace, add, open_run, open_source, value
from gmv_core.matching import thumbnails
from gmv_core.matching.dropped import match_dropped
from gmv_core.results.candidate_lists import blocks
from gmv_core.results.opening import open_matcher
from gmv_core.results.result import Result
from gmv_core.results.standings import sentences_of, standing_of_dropped
from gmv_core.sets.removal import remove
from gmv_core.settings import CLUSTER, IngestSettings, ValueSettings
from gmv_core.store.columns import matrix
from gmv_core.trust.duplicates import find_clusters
from gmv_core.trust.null import null_table
from gmv_core.trust.standing import LEFT_OUT, NEAR_COPY
from tests.fakes import OneByOne
from tests.strangers import COPIED, FEW, noisy, strangers, write_noisy_run


@pytest.fixture
def home(workspace: Workspace, copied: Callable[..., None]) -> Workspace:
    copied(write_noisy_run)
    return workspace


def valued(workspace: Workspace, tmp_path: Path, name: str = "run", **given: object) -> Result:
    given.setdefault("settings", RunSettings(FEW))
    if given.pop("unseen", True):
        given["held_out"] = open_source(tmp_path / "held")
    value(workspace, open_source(tmp_path / "made"), against="train", name=name,
          embedder=strangers(), **given)  # fmt: skip
    return open_run(workspace, name)


def copies_of(result: Result) -> list[str]:
    """Return what the first three generated images are near copies of; they are the ones told."""
    table = result.generated_table(("generated", "standing", "copy_of")).sort_values("generated")
    near = (table["standing"] == NEAR_COPY).to_numpy()
    assert near[:3].all() and near[3:].sum() <= 1, "one more may be, by chance"
    assert ((table["copy_of"] != "") == near).all()
    return table["copy_of"].tolist()[:3]


def test_the_source_is_told_and_named_and_gets_no_credit(home: Workspace, tmp_path: Path) -> None:
    result = open_run(home, "run")
    assert copies_of(result) == list(COPIED)
    named = {one.training for place in range(3) for one in result.contributors(f"{place}.png")}
    assert not named & set(COPIED), "the candidates are strangers"
    said = sentences_of(result.generated_row("0.png"), result.manifest.null)
    assert said[0].startswith("Near copy of class0/0000.png (p = ")
    again = valued(home, tmp_path, settings=RunSettings(FEW, ValueSettings(k=1)))
    assert copies_of(again) == list(COPIED)


def test_workers_and_clusters_find_the_same(home: Workspace, tmp_path: Path) -> None:
    find_clusters(home, "train", strangers())
    by_cluster = RunSettings(FEW, ValueSettings(duplicates=CLUSTER))
    assert copies_of(valued(home, tmp_path, settings=by_cluster)) == list(COPIED)
    assert copies_of(valued(home, tmp_path, "shared", workers=OneByOne())) == list(COPIED)


def test_left_out_images_meet_all_but_themselves(home: Workspace, tmp_path: Path) -> None:
    """By brute force: each image's nearest in pixels without it, of the 60 that stand there."""
    entry = valued(home, tmp_path, unseen=False).manifest.null
    assert entry is not None and entry.kind == LEFT_OUT
    training = home.image_set("train")
    stored = null_table(training, entry.key).read(["row", "in_pixels"])
    small = matrix(training.table("pixels-16-colour").read(["pixels"])["pixels"]) / 255.0
    apart = np.sqrt(((small[:, None] - small) ** 2).mean(axis=2))
    np.fill_diagonal(apart, np.inf)
    found, expected = matrix(stored["in_pixels"]), np.sort(apart, axis=1)[stored["row"]]
    assert found[:, 0] == pytest.approx(expected[:, 0], abs=1e-5)


def test_a_dropped_image_is_told_alike(
    home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = open_run(home, "run")
    monkeypatch.setattr("gmv_core.matching.loading.reload_embedder", lambda *_: strangers())
    matcher = open_matcher(result.training, run=result.manifest)
    source = open_source(tmp_path / "made" / "0.png")
    dropped = match_dropped(matcher, source, ingest=IngestSettings())
    about = standing_of_dropped(dropped, result.training, result.manifest.null).iloc[0]
    assert (about["standing"], about["copy_of"]) == (NEAR_COPY, COPIED[0])
    (stored,) = [block.matches for block in blocks(result.run)]
    row = result.row_of("0.png")
    assert dropped.matches is not None
    for one, other in ((dropped.matches.nearest_in_pixels, stored.nearest_in_pixels),
                       (dropped.matches.in_pixels, stored.in_pixels)):  # fmt: skip
        assert one is not None and other is not None
        assert np.array_equal(one[0], other[row], equal_nan=True)


def test_what_is_added_is_found_and_what_is_removed_is_not(home: Workspace, tmp_path: Path) -> None:
    assert copies_of(open_run(home, "run")) == list(COPIED)
    more = tmp_path / "more"
    more.mkdir()
    noisy(tmp_path / "train" / COPIED[0], more / "nearer.png", 77)
    noisy(more / "nearer.png", tmp_path / "made" / "0.png", 78)
    add(home, "train", open_source(more), embedder=strangers())
    remove(home, "train", [COPIED[1]])
    table = valued(home, tmp_path).generated_table(("generated", "copy_of"))
    copies = dict(zip(table["generated"], table["copy_of"], strict=True))
    assert copies["0.png"] == "nearer.png"
    assert copies["1.png"] != COPIED[1]
    assert copies["2.png"] == COPIED[2]


def test_of_too_many_images_the_candidates_pixels_alone_are_looked_at(
    home: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "MOST_BYTES", 59 * 192)
    result = valued(home, tmp_path, "large")
    (stored,) = [block.matches for block in blocks(result.run)]
    assert result.manifest.matching.thumbnails == 0
    assert stored.nearest_in_pixels is None and stored.pixels is not None
    table = result.generated_table(("generated", "standing", "copy_of"))
    assert not set(table["copy_of"]) & set(COPIED), "their sources are no candidates"
    assert result.manifest.null != open_run(home, "run").manifest.null
