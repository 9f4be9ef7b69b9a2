"""Reading a run: contributors, values, the ranking from the bottom, exports; hand-made tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from gmv_core import Result, SettingsError, ValueSettings, Workspace, WorkspaceError, open_run
from gmv_core.criteria import known_noise
from gmv_core.results.export import values_of
from gmv_core.runs.stages import distances_to_generated
from gmv_core.store.columns import embedding_rows
from gmv_core.store.tables.table import Table
from tests.built import GENERATED, LOG2, TRAINING
from tests.fakes import set_manifest, strict_json


def test_contributors_by_hand(opened: Result) -> None:
    first, second = opened.contributors("x/one.png")
    assert (first.training, first.row, first.rank, first.recall_rank) == ("cat/a.png", 0, 1, 2)
    assert (second.training, second.row, second.rank, second.recall_rank) == ("cat/b.png", 1, 2, 1)
    assert (first.distance, second.distance) == pytest.approx((0, LOG2))
    assert (first.weight, second.weight) == pytest.approx((2 / 3, 1 / 3))
    assert (first.value, second.value) == pytest.approx((1 / 3, 1 / 6))
    assert (first.label, first.owner, second.owner) == ("cat", "", "Ada")
    assert (first.exact, second.exact) == (True, False)


def test_fewer_contributors_than_k(opened: Result) -> None:
    (only,) = opened.contributors("y/two.png")
    assert (only.row, only.weight, only.value) == (5, 1, pytest.approx(0.2))
    assert opened.contributors("y/broken.png") == []


def test_a_file_name_will_do_where_it_is_unique(opened: Result) -> None:
    assert opened.contributors("one.png") == opened.contributors("x/one.png")
    for unknown in ("two.png", "three.png", "x"):
        with pytest.raises(WorkspaceError, match=r"no generated image .* look like 'x/one.png'"):
            opened.contributors(unknown)


def test_the_table_of_generated_images(opened: Result) -> None:
    table = opened.generated_table()
    assert list(table.columns) == [
        "generated", "quality", "nearest_distance", "effective_contributors", "standing", "p_copy",
        "p_far", "nearer_than", "copy_of", "unattributed", "stability",
    ]  # fmt: skip
    assert table["generated"].tolist() == list(GENERATED)
    assert table["quality"].tolist()[:3] == [0.5, 0.9, 0.2]
    assert table["nearest_distance"].tolist()[:3] == pytest.approx([0.3, 0, 0.2])
    assert table.loc[3, ["quality", "nearest_distance"]].isna().all()
    # exp of the entropy of 2/3, 1/3 is 3/2^(2/3).
    assert table["effective_contributors"].tolist() == pytest.approx([3 / 2 ** (2 / 3), 2, 1, 0])


def test_the_table_of_values(opened: Result) -> None:
    table = opened.values_table()
    assert list(table.columns) == [
        "training", "value", "times_contributor", "nearest_distance", "label", "owner",
    ]  # fmt: skip
    assert table["training"].tolist() == [name for name in TRAINING if name != "broken.png"]
    assert table["value"].tolist() == pytest.approx([1 / 3, 1 / 6 + 0.45, 0, 0, 0.45 + 0.2])
    assert table["times_contributor"].tolist() == [1, 2, 0, 0, 2]
    # To (1, 0), (0, 1) and (0.8, 0.6).
    nearest = [0, 0, 2**0.5, 2**0.5, 0.08**0.5]
    assert table["nearest_distance"].tolist() == pytest.approx(nearest, abs=2e-3)
    assert table["owner"].tolist() == ["", "Ada", "", "Ada", "Ada"]


def test_the_totals(opened: Result) -> None:
    totals = opened.manifest.totals
    assert totals.value == pytest.approx(1.6) == pytest.approx(totals.quality)
    assert totals.contributors == 3
    mean = (3 / 2 ** (2 / 3) + 2 + 1) / 3  # the rejected image does not count
    assert totals.effective_contributors == pytest.approx(mean)


def test_the_ranking_from_the_bottom(opened: Result) -> None:
    ranking = opened.noisy()
    # c and d have no value and are equally far from the nearest generated image: in their order.
    assert ranking["training"].tolist() == [
        "dog/c.png", "dog/d.png", "cat/a.png", "cat/b.png", "dog/e.png",
    ]  # fmt: skip
    assert ranking["rank"].tolist() == [5, 4, 3, 2, 1]
    assert ranking["standing"].tolist() == [
        "never a contributor", "never a candidate", "contributor", "contributor", "contributor",
    ]  # fmt: skip
    assert ranking["nearest_distance"][:2].tolist() == pytest.approx([2**0.5] * 2, abs=1e-3)


def test_the_auroc_of_an_attribute(opened: Result) -> None:
    # c and d are marked, and are at the bottom.
    assert known_noise.judge(opened, "noise").detection.auroc == 1
    with pytest.raises(SettingsError, match="has no attribute 'hat'; give the name of a column"):
        known_noise.judge(opened, "hat")


@pytest.mark.parametrize(
    ("settings", "handed_out"),
    [
        (ValueSettings(k=1), 1.6),
        (ValueSettings(k=3), 1.6),
        (ValueSettings(k=10), 1.6),
        (ValueSettings(k=2, quality_weighting=False), 3),
        (ValueSettings(k=3, temperature="auto"), 1.6),
    ],
)
def test_other_settings_need_no_model(
    workspace: Workspace, opened: Result, settings: ValueSettings, handed_out: float
) -> None:
    other = open_run(workspace, "run", settings=settings)
    assert other.values_table()["value"].sum() == pytest.approx(handed_out)
    matches = pd.concat(list(other.matches_batches()))
    by_image = matches.groupby("training")["value"].sum()
    values = other.values_table().set_index("training")["value"]
    assert by_image.to_dict() == pytest.approx(values[by_image.index].to_dict())
    assert values.drop(by_image.index).sum() == 0
    assert len(matches) == sum(min(settings.k, n) for n in (3, 3, 1))
    one = other.contributors("one.png")
    assert [c.value for c in one] == pytest.approx(
        matches[matches["generated"] == "x/one.png"]["value"].tolist()
    )


def test_matches_by_hand(opened: Result) -> None:
    matches = pd.concat(list(opened.matches_batches()), ignore_index=True)
    assert list(matches.columns) == [
        "generated", "training", "rank", "recall_rank", "distance", "weight", "value", "convincing",
    ]  # fmt: skip
    assert matches["generated"].tolist() == ["x/one.png"] * 2 + ["x/two.png"] * 2 + ["y/two.png"]
    assert matches["training"].tolist() == [TRAINING[i] for i in (0, 1, 1, 5, 5)]
    assert matches["rank"].tolist() == [1, 2, 1, 2, 1]
    assert matches["recall_rank"].tolist() == [2, 1, 1, 2, 1]
    assert matches["weight"].tolist() == pytest.approx([2 / 3, 1 / 3, 0.5, 0.5, 1])
    assert matches["value"].tolist() == pytest.approx([1 / 3, 1 / 6, 0.45, 0.45, 0.2])


def test_exports_agree(opened: Result, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    written = opened.export(folder)
    assert sorted(p.name for p in written) == sorted(p.name for p in folder.iterdir()) == sorted(
        ["manifest.json", *(f"{n}.{e}" for n in ("matches", "generated", "values")
                            for e in ("csv", "parquet"))]
    )  # fmt: skip
    for name, table in (
        ("matches", pd.concat(list(opened.matches_batches()), ignore_index=True)),
        ("generated", opened.generated_table()),
        ("values", values_of(opened)),
    ):
        stored = pd.read_parquet(folder / f"{name}.parquet")
        text = pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values={
            c: [""] for c in table.columns if pd.api.types.is_numeric_dtype(table[c])
        })  # fmt: skip
        pd.testing.assert_frame_equal(stored, table, check_dtype=False)
        pd.testing.assert_frame_equal(text, table, check_dtype=False, rtol=1e-6)
    manifest = strict_json((folder / "manifest.json").read_text())
    assert manifest["name"] == "run"
    assert manifest["value"]["k"] == 2


def test_an_export_with_other_settings_says_so(
    workspace: Workspace, opened: Result, tmp_path: Path
) -> None:
    open_run(workspace, "run", settings=ValueSettings(k=1, temperature="auto")).export(tmp_path)
    manifest = strict_json((tmp_path / "manifest.json").read_text())
    assert manifest["value"] == {
        "k": 1, "temperature": "auto", "quality_weighting": True, "credit": "paper",
        "duplicates": "each",
    }  # fmt: skip
    assert manifest["totals"]["effective_contributors"] == 1
    assert len(pd.read_csv(tmp_path / "matches.csv")) == 3


def test_a_missing_run_is_a_sentence(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="There is no run named 'run'"):
        open_run(workspace, "run")


def test_distances_to_the_generated_images_are_brute_force(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(4500, 3))  # more than a block
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    half = vectors.astype(np.float16).astype(np.float32)
    half[7] = 0  # rejected
    table = Table(tmp_path / "t.lance")
    table.append(embedding_rows(0, half, None))
    generated = np.concatenate([half[:5], half[4400:4402]])
    nearest, mean = distances_to_generated(table, generated, 4500)
    d = np.linalg.norm(half[:, None].astype(float) - generated[None], axis=2)
    d[7] = np.nan
    assert nearest == pytest.approx(d.min(1), abs=1e-3, nan_ok=True)
    assert mean == pytest.approx(d.mean(1), abs=1e-3, nan_ok=True)
    assert nearest[:5] == pytest.approx(0, abs=1e-3)


def test_a_digest_tells_every_reading_apart(workspace: Workspace, opened: Result) -> None:
    later = msgspec.structs.replace(opened.manifest, updated="2999-01-01")
    readings = [
        opened,
        open_run(workspace, "run", settings=ValueSettings(k=1)),
        open_run(workspace, "run", settings=ValueSettings(k=2, temperature="auto")),
        opened.leaving_out(["cat/a.png"]),
        opened.leaving_out(["cat/b.png"]),
        replace(opened, manifest=later),
    ]
    assert len({reading.digest for reading in readings}) == len(readings)
    assert open_run(workspace, "run").digest == opened.digest
    both = opened.leaving_out(["cat/a.png", "cat/b.png"])
    assert both.digest == opened.leaving_out(["cat/b.png", "cat/a.png"]).digest


def test_the_digest_of_a_set_changes_with_its_state(opened: Result) -> None:
    before = opened.training.digest
    assert opened.generated.digest != before
    manifest = opened.training.manifest()
    opened.training.write_manifest(msgspec.structs.replace(manifest, updated="2999-01-01"))
    assert opened.training.digest != before


def test_a_half_built_set_that_is_begun_again_is_another(workspace: Workspace) -> None:
    images = workspace.image_set("half")
    begun = msgspec.structs.replace(set_manifest("half"), state="building", updated=None)
    digests = set()
    for created in ("2026-01-01T00:00:00.000", "2026-01-01T00:00:00.001"):
        images.write_manifest(msgspec.structs.replace(begun, created=created))
        digests.add(images.digest)
    assert len(digests) == 2


def test_a_notebook_shows_the_most_valuable_first(opened: Result) -> None:
    html = opened._repr_html_()
    assert "run: 4 generated images against 6 training images of train" in html
    assert html.index("dog/e.png") < html.index("cat/b.png") < html.index("cat/a.png")
    assert "dog/c.png" not in html, "it has no value"
    assert "No training image has value." in opened.leaving_out(TRAINING)._repr_html_()
    assert "weight 0.667" in opened.contributors("x/one.png")._repr_html_()
    assert "No contributors" in opened.contributors("y/broken.png")._repr_html_()


def test_a_notebook_shows_what_has_gone_as_a_sentence(opened: Result) -> None:
    found = opened.contributors("x/one.png")
    opened.training.images.drop()
    assert "which now has 0; run its `value` command again" in opened._repr_html_()
    assert "cat/a.png" in found._repr_html_() and "<img" not in found._repr_html_()
