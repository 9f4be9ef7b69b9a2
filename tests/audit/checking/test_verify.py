"""Verification: what holds, and what someone who can write digests cannot make hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gmv_core import ValueSettings, open_source
from gmv_core.audit.archive import canonical
from gmv_core.audit.checking.verify import Against, as_json, verify
from gmv_core.audit.evidence import write_evidence
from gmv_core.trust.duplicates import find_clusters
from tests.audit.checking.conftest import answers, of_table, rebuilt, told, up
from tests.audit.conftest import Opened
from tests.fakes import fake_embedder


def nearest(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return what changes the rows that are nearest in pixels."""
    rows = "nearest_in_pixels"
    return lambda frame: frame.assign(**{rows: [change(some) for some in frame[rows]]})


def test_evidence_of_a_run_holds(archive: Path, evidence_of_run: Path) -> None:
    sources = {
        name: [open_source(evidence_of_run / "run" / folder)]
        for name, folder in (("training", "train"), ("generated", "made"))
    }
    checks = verify(archive, Against(**sources, pairs=20, embedder=fake_embedder()))
    assert answers(checks) == {
        "bytes": True, "signature": None, "tables": True, "credit and values": True,
        "standings": True, "shares": True, "previews": True,
        "training files": True, "generated files": True, "distances": True,
    }  # fmt: skip
    said = next(check for check in checks if check.what == "training files").said
    assert said == "24 images have the digests of their files."


def test_distances_are_measured_on_previews_where_no_source_is_given(archive: Path) -> None:
    checks = verify(archive, Against(pairs=20, embedder=fake_embedder()))
    assert answers(checks)["distances"] is True
    assert answers(checks)["training files"] is None


@pytest.mark.parametrize(
    "settings",
    [
        ValueSettings(k=3, temperature="auto"),
        ValueSettings(k=2, quality_weighting=False),
        ValueSettings(k=2, credit="convincing"),
        ValueSettings(k=2, duplicates="cluster"),
    ],
)
def test_each_way_of_reading_can_be_recounted(
    result: Opened, tmp_path: Path, settings: ValueSettings
) -> None:
    opened = result(settings)
    if settings.duplicates == "cluster":
        from gmv_core import Workspace

        find_clusters(Workspace(tmp_path / "home"), "run-set", fake_embedder())
    write_evidence(opened, tmp_path / "e.zip")
    checks = verify(tmp_path / "e.zip")
    assert False not in answers(checks).values(), told(checks)


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("values", up("value", 1e-6), "value of its values"),
        ("values", up("times_contributor", 1), "times_contributor of its values"),
        ("values", up("times_candidate", 1), "times_candidate of its values"),
        ("values", up("value_high", -1e-3), "value_high of its values"),
        ("values", lambda f: f.iloc[1:], "each once, in order"),
        ("values", lambda f: f.iloc[[0, *range(len(f))]], "each once, in order"),
        ("matches", up("value", 1e-6), "value of its matches"),
        ("matches", up("rank", 1), "rank of its matches"),
        ("matches", lambda f: f.iloc[:-1], "number of its matches"),
        ("matches", lambda f: f.iloc[[*range(len(f)), 0]], "number of its matches"),
        ("matches", lambda f: f.assign(convincing=~f["convincing"]), "convincing of its matches"),
        ("matches", lambda f: f.assign(training=f["training"].iloc[::-1].to_numpy()),
         "training of its matches"),
        ("generated", up("quality", -1e-3), "not what follows"),
        ("generated", lambda f: f.assign(quality=1.5), "outside 0 … 1"),
        ("generated", lambda f: f.assign(quality=np.nan), "not what follows"),
        ("generated", lambda f: f.assign(standing="near copy"), "standing of its generated"),
        ("generated", up("p_copy", -1e-3), "p_copy of its generated"),
        ("generated", up("p_far", -1e-3), "p_far of its generated"),
        ("generated", up("nearest_distance", np.float32(0.1)), "nearest_distance of its generated"),
        ("generated", up("effective_contributors", 0.1), "effective_contributors of its"),
        ("generated", lambda f: f.assign(unattributed=0.1), "The unattributed of its"),
        ("generated", lambda f: f.iloc[:-1], "4 rows, and the run 5"),
        ("shares", up("value", 1e-6), "value by label"),
        ("shares", up("share_of_value", 1e-6), "share_of_value by"),
        ("shares", up("share_of_images", 1e-6), "share_of_images by"),
        ("shares", up("low", 1e-6), "low by"),
        ("shares", up("high", 1e-6), "high by"),
        ("shares", up("images_needed", 2), "images_needed by"),
        ("shares", lambda f: f.iloc[1:], "of other"),
        ("shares", lambda f: f.assign(by=f["by"].replace("owner", "licence")), "by more columns"),
        ("training", lambda f: f.assign(owner="Mallory"), "other images than its set counts"),
        ("training", lambda f: f.assign(owner=f["owner"].iloc[::-1].to_numpy()), "by owner"),
        ("training", lambda f: f.assign(name="one"), "have one name"),
        ("training", lambda f: f.assign(sha256="00" * 32), "other images than its set counts"),
        ("training", lambda f: f.assign(preview_sha256="00" * 32), "not the one of its digest"),
        ("training", lambda f: f.assign(status="broken"), "other images than its set counts"),
        ("training", lambda f: f.assign(cluster=f["id"].iloc[::-1].to_numpy()), "its first image"),
        ("previews-training", lambda f: f.assign(preview=f["preview"].iloc[0]), "of its digest"),
        ("previews-training", lambda f: f.iloc[1:], "of its digest"),
        ("previews-training", lambda f: f.iloc[:-1], "23 previews of its 24"),
        ("null", lambda f: f.assign(distance=[2 * d for d in f["distance"]]), "reach of convinc"),
        ("null", lambda f: f.iloc[1:], "Its null has 23 images"),
        ("candidates", lambda f: f.assign(candidates=[c + 100 for c in f["candidates"]]),
         "names a training image that is not there"),
        ("candidates", lambda f: f.assign(candidates=[0 * c for c in f["candidates"]]), "twice"),
        ("candidates", lambda f: f.assign(candidates=[0 * c - 1 for c in f["candidates"]]),
         "or a distance no candidate"),
        ("candidates", lambda f: f.assign(distance=[-d for d in f["distance"]]), "has no distance"),
        ("candidates", lambda f: f.assign(distance=[d[::-1] for d in f["distance"]]), "not rise"),
        ("candidates", lambda f: f.assign(distance=[d[:-1] for d in f["distance"]]), "not as long"),
        ("candidates", lambda f: f.assign(exact=-1), "how many distances are exact"),
        ("candidates", lambda f: f.assign(exact=2), "p_copy of its generated"),
        ("candidates", nearest(lambda r: r + 99),
         "nearest in pixels are not there"),
        ("candidates", nearest(lambda r: 0 * r),
         "nearest in pixels twice"),
        ("candidates", lambda f: f.assign(in_pixels=[d[:-1] for d in f["in_pixels"]]),
         "more images that are nearest in pixels, or fewer"),
        ("candidates", lambda f: f.assign(in_pixels=[-d for d in f["in_pixels"]]),
         "nearest in pixels has no distance"),
        ("candidates", lambda f: f.assign(in_pixels=[d[::-1] for d in f["in_pixels"]]),
         "nearest in pixels do not rise"),
        ("candidates", lambda f: f.assign(in_pixels=[d**2 for d in f["in_pixels"]]),
         "p_copy of its generated"),
        ("generated", lambda f: f.assign(copy_of="other.png"), "The copy_of of its generated"),
        ("candidates", lambda f: f.iloc[::-1], "not those of its generated images, in order"),
        ("candidates", lambda f: f.iloc[:-1], "of its 5 images"),
        ("candidates", lambda f: f.drop(columns="distance"), "not the columns that it should"),
        ("values", lambda f: f.assign(bonus=1), "not the columns that it should"),
        ("values", lambda f: f.assign(value=f["value"].astype(str)), "not the columns that it"),
        ("values", lambda f: f.assign(value=None), "lacks values"),
    ],
)  # fmt: skip
def test_what_does_not_follow_is_found_though_the_digests_fit(
    archive: Path, table: str, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    rebuilt(archive, f"tables/{table}/00000.parquet", of_table(change))
    checks = verify(archive)
    assert answers(checks)["bytes"] is True
    assert said in told(checks)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: {**d, "format": 9}, "so check it with the version that wrote it"),
        (lambda d: {**d, "run": {}}, "holds what cannot be"),
        (lambda d: {**d, "says": 1}, "other fields"),
        (lambda d: {k: v for k, v in d.items() if k != "training"}, "other fields"),
        (lambda d: {**d, "run": {**d["run"], "says": 1}}, "fields that no version writes"),
        (lambda d: {**d, "run": {**d["run"], "totals": {**d["run"]["totals"], "value": 9.0}}},
         "totals of its run"),
        (lambda d: {**d, "training": {**d["training"], "name": "other"}}, "not the one of its run"),
        (lambda d: {**d, "training": {**d["training"], "ingest": {"max_pixels": "x"}}},
         "holds what cannot be"),
        (lambda d: {**d, "weights": {}}, "weights are of other models"),
        (lambda d: {**d, "run": {k: v for k, v in d["run"].items() if k != "null"}},
         "not the tables of its run, or others: null"),
        (lambda d: {**d, "run": {**d["run"], "value": {**d["run"]["value"], "k": 0}}}, "cannot be"),
        (lambda d: {**d, "run": {**d["run"], "value": {**d["run"]["value"], "k": 2}}},
         "not what follows"),
        (lambda d: {**d, "reach": 1e9}, "reach of convincing"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_are_found(
    archive: Path, change: Callable[[dict[str, object]], dict[str, object]], said: str
) -> None:
    rebuilt(archive, "evidence.json", lambda data: canonical(change(json.loads(data))))
    assert said in told(verify(archive))


def test_files_that_changed_are_named(archive: Path, evidence_of_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    files = sorted((evidence_of_run / "run" / "train").rglob("*.png"))
    for place, file in enumerate(files[1:]):
        target = folder / file.relative_to(evidence_of_run / "run" / "train")
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_bytes(file.read_bytes() + (b" " if place == 0 else b""))
    (folder / "other.png").write_bytes(b"no image of the set")
    checks = verify(archive, Against(training=[open_source(folder)]))
    said = next(check for check in checks if check.what == "training files")
    assert said.held is False
    assert "1 are in no file" in said.said and "1 have other bytes" in said.said
    assert {kind: len(names) for kind, names in said.files.items()} == {
        "missing": 1, "changed": 1, "extra": 1,
    }  # fmt: skip
    listed = as_json(checks)["checks"][checks.index(said)]
    assert listed["missing"] == [
        Path(files[0]).relative_to(evidence_of_run / "run/train").as_posix()
    ]
