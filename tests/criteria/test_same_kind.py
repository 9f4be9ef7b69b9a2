"""The criteria on a run of fakes: who counts, who is held out, what a run costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from gmv_core import Workspace, build, open_run, open_source, value
from gmv_core.criteria import sentences, tables
from gmv_core.criteria.cost import cost
from gmv_core.criteria.foreign_classes import distances_without, held_out_classes
from gmv_core.criteria.known_noise import judge
from gmv_core.criteria.same_kind import (
    RECALL,
    RUN,
    Agreement,
    attribute_agreement,
    class_agreement,
    lists_of,
)
from gmv_core.criteria.trials.derived_runs import derived_name
from gmv_core.criteria.trials.findings import (
    ComparisonFinding,
    ComparisonRow,
    SharesFound,
    comparison,
    injections,
    write_finding,
)
from gmv_core.results.result import Result
from gmv_core.runs.stages import distances_to_generated
from gmv_core.store.columns import all_vectors, attribute_values, attributes
from tests.built import write_judged_run
from tests.fakes import fake_embedder, write_images

CLASSES = ("class0", "class1", "class2")


@pytest.fixture
def opened(copied: Callable[..., None], workspace: Workspace) -> Result:
    copied(write_judged_run)
    return open_run(workspace, "run")


def by_value(agreement: Agreement, order: str, value: str, k: int) -> float:
    table = agreement.table
    row = table[(table["order"] == order) & (table["value"] == value) & (table["k"] == k)]
    return float(row["share"].iloc[0])


def test_class_shares_against_the_contributors(opened: Result) -> None:
    found = class_agreement(opened, lists_of(opened))
    assert found is not None and found.images == 6
    names = opened.generated.images.read(["name", "label"]).to_pylist()
    same = [
        np.mean([c.label == image["label"] for c in at_k(opened, 5).contributors(image["name"])])
        for image in names
    ]
    assert by_value(found, RUN, "", 5) == pytest.approx(np.mean(same))
    assert by_value(found, RUN, "class0", 5) == pytest.approx(
        np.mean([s for s, i in zip(same, names, strict=True) if i["label"] == "class0"])
    )
    assert found.overall()["k"].tolist() == [1, 5, 10]  # 30 is more than the 12 candidates
    assert found.overall()["by_chance"].tolist() == pytest.approx([1 / 3] * 3)
    assert found.overall()["images"].tolist() == [6] * 3


def at_k(result: Result, k: int) -> Result:
    return replace(result, settings=replace(result.settings, k=k))


def test_the_order_without_re_ranking_is_by_recall_rank(opened: Result) -> None:
    lists = lists_of(opened)
    stored = opened.run.table("matches").read(["candidates", "recall_rank"]).to_pylist()
    for j, row in enumerate(stored):
        assert lists[RUN][j].tolist() == row["candidates"]
        by_rank = sorted(zip(row["recall_rank"], row["candidates"], strict=True))
        assert lists[RECALL][j].tolist() == [candidate for _, candidate in by_rank]


def test_images_left_out_cannot_be_drawn(opened: Result) -> None:
    names = opened.training.images.read(["name"])["name"].to_pylist()
    without = opened.leaving_out([n for n in names if n.startswith("class1")])
    found = class_agreement(without, lists_of(without))
    assert found is not None
    assert by_value(found, RUN, "class1", 1) == 0
    chance = found.table[found.table["value"] == "class1"]["by_chance"]
    assert chance.tolist() == [0] * len(chance)


def test_attributes_that_both_sets_have(opened: Result) -> None:
    assert set(attributes(opened.training)) == {"hat", "noise"}
    assert set(attributes(opened.training)["hat"]) == {"yes", "no"}
    known = {name: set(values) for name, values in attributes(opened.training).items()}
    assert attribute_values(opened.training) == known
    found = attribute_agreement(opened, lists_of(opened))
    assert list(found) == ["hat"]
    table = found["hat"].table
    yes = table[(table["value"] == "yes") & (table["order"] == RUN)]
    assert yes["k"].tolist() == [5, 10]  # 15 is more than there are
    assert yes["images"].tolist() == [2, 2]
    assert yes["by_chance"].tolist() == pytest.approx([6 / 24] * 2)
    rows = tables.attribute_rows(found)
    assert rows["value"].tolist() == ["all", "no", "yes"]
    assert rows["by chance"].tolist()[2] == tables.Share(0.25)
    assert tables.shown(rows)["by chance"].tolist()[2] == "25 %"


def test_generated_images_that_do_not_count(
    opened: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = np.array(["class0", "", "bird", "owl", "bird", ""], object)
    trained = np.array(["class0"] * 12 + [""] * 12, object)
    monkeypatch.setattr(
        "gmv_core.criteria.same_kind.labels_of",
        lambda i: trained if i.name == "train" else made,
    )
    found = class_agreement(opened, lists_of(opened))
    assert found is not None
    assert (found.images, found.without_value, found.unknown_value) == (1, 2, 3)
    assert (found.unknown, found.unvalued_training) == (("bird", "owl"), 12)
    said = " ".join(sentences.counted(found, "class"))
    assert "has no interval" in said and "(bird, owl)" in said and "12 training images" in said
    row = found.overall().iloc[0]
    assert row["low"] == row["share"] == row["high"]
    made[0] = "owl"
    none = class_agreement(opened, lists_of(opened))
    assert none is not None and (none.images, len(none.table)) == (0, 0)


def test_without_labels_there_is_no_class_share(workspace: Workspace, tmp_path: Path) -> None:
    write_images(tmp_path / "flat", 12, labels=1)
    flat = sorted((tmp_path / "flat" / "class0").iterdir())
    for file in flat:
        file.rename(tmp_path / "flat" / file.name)
    build(workspace, open_source(tmp_path / "flat"), name="train", embedder=fake_embedder())
    value(workspace, "train", against="train", name="run", embedder=fake_embedder())
    result = open_run(workspace, "run")
    assert class_agreement(result, lists_of(result)) is None
    assert attribute_agreement(result, lists_of(result)) == {}
    assert held_out_classes(result).empty


def test_known_noise_of_a_run(opened: Result) -> None:
    found = judge(opened, "noise").detection
    assert (found.known, found.images) == (6, 24)
    assert 6 in found.precision


def test_a_class_held_out_is_as_if_it_had_not_been_generated(opened: Result) -> None:
    table = held_out_classes(opened).set_index("label")
    assert list(table.index) == list(CLASSES)
    assert table["left_out"].tolist() == [2, 2, 2]
    assert table["known"].tolist() == [8, 8, 8]
    # The slow way: value the other four alone.
    labels = np.array(opened.training.images.read(["label"])["label"].to_pylist())
    worth = np.zeros(24)
    for image in opened.generated.images.read(["name", "label"]).to_pylist():
        if image["label"] != "class1":
            for one in opened.contributors(image["name"]):
                worth[one.row] += one.value
    ids, vectors = all_vectors(opened.generated.embeddings("fake"))
    made = np.array(opened.generated.images.read(["label"])["label"].to_pylist())[ids]
    far = distances_to_generated(opened.training.embeddings("fake"), vectors[made != "class1"], 24)
    np.testing.assert_allclose(distances_without(opened).without["class1"], far[0], rtol=1e-6)
    order = np.lexsort((-far[0], worth))
    below = [(labels[order[i + 1 :]] != "class1").sum() for i in range(24)]
    pairs = sum(b for i, b in enumerate(below) if labels[order[i]] == "class1")
    assert table.loc["class1", "auroc"] == pytest.approx(pairs / (8 * 16))


def test_of_large_sets_some_images_are_drawn(
    opened: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = distances_without(opened)
    monkeypatch.setattr("gmv_core.criteria.foreign_classes.MOST_TRAINING", 15)
    monkeypatch.setattr("gmv_core.criteria.foreign_classes._BLOCK", 4)
    some = distances_without(opened)
    assert len(some.rows) == 15 and (np.diff(some.rows) > 0).all()
    np.testing.assert_allclose(some.without["class2"], whole.without["class2"][some.rows])
    table = held_out_classes(opened, some)
    assert (table["images"] == 15).all() and table["known"].sum() == 15
    monkeypatch.setattr("gmv_core.criteria.foreign_classes.MOST_GENERATED", 3)
    assert np.isfinite(held_out_classes(opened)["auroc"]).all()


def test_cost_by_hand(opened: Result) -> None:
    manifest = msgspec.structs.replace(
        opened.manifest, seconds={"matches": 3.0}, memory_mb={"matches": 70.0}
    )
    table = cost(replace(opened, manifest=manifest)).set_index("stage")
    row = table.loc["matches"]
    assert row[["seconds", "per_generated", "per_training"]].tolist() == [3.0, 0.5, 0.125]
    assert row["memory_mb"] == 70
    assert np.isnan(table.loc["embed", "per_generated"]) and table.loc["embed", "memory_mb"] > 0


def test_every_stage_keeps_its_time_and_memory(opened: Result) -> None:
    table = cost(opened)
    assert table["stage"].tolist() == ["embed", "index", "matches", "quality", "null", "values"]
    assert (table["memory_mb"] > 0).all() and (table["seconds"] >= 0).all()


def test_findings_know_when_they_are_stale(opened: Result) -> None:
    shares = SharesFound(float("nan"), 0.1, 0.2, 0.3)
    row = ComparisonRow(
        distance="l2", run="run", k=5, classes=shares, attributes={"hat": shares},
        attributes_share=0.5, attributes_by_chance=float("nan"), noise=None, foreign=None,
        seconds_per_image=float("nan"),
    )  # fmt: skip
    finding = ComparisonFinding(column="", ks=(5,), rows=(row,))
    written = write_finding(opened, "comparison", finding)
    kept = comparison(opened)
    assert kept == written and kept is not None and not kept.stale
    assert kept.rows[0].classes == SharesFound(None, 0.1, 0.2, 0.3), "nan is no JSON"
    for name, text in (("b", "{broken"), ("c", '{"format": 0, "run_updated": ""}'), ("d", "[]")):
        (opened.run.folder / "criteria" / f"comparison-{name}.json").write_text(text)
    later = replace(opened, manifest=msgspec.structs.replace(opened.manifest, updated="2999"))
    kept = comparison(later)
    assert kept is not None and kept.stale
    assert injections(opened) == []


def test_derived_names_fit_and_differ() -> None:
    assert derived_name("run", "-by-l2") == "run-by-l2"
    long = [derived_name("x" * 60 + end, "-by-l2") for end in ("aaaa", "bbbb")]
    assert long[0] != long[1] and all(len(name) == 60 and name.endswith("-by-l2") for name in long)
