"""The truth benchmarks: their arithmetic by hand, and one short run of everything."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.truth.__main__ import SCRIPTS
from benchmarks.truth.ablations.class_share import PAPER, image_paths, in_percent, table_of
from benchmarks.truth.ablations.lists import (
    Lists,
    by_embedding,
    class_share,
    contributors_in_common,
    rank_agreement,
    top_in_common,
    value,
    value_in_class,
    within,
)
from benchmarks.truth.ablations.settling import contributions, settling
from benchmarks.truth.figures.draw import PLOTS, draw
from gmv_core import ValueSettings
from gmv_core.measures.agreement import coded
from tests.benchmarks.conftest import CIFAR, FASHION, ROOT

DATA = ("fashion", "cifar10") if CIFAR.exists() else ("fashion",)


def lists_by_hand() -> Lists:
    """Two generated images, five training images; re-ranking turned the first list round."""
    return Lists(
        candidates=np.array([[2, 1, 0], [3, 4, 1]]),
        distances=np.array([[1.0, 2.0, 3.0], [1.0, 1.0, 9.0]], np.float32),
        recall_rank=np.array([[3, 2, 1], [1, 2, 3]]),
        recall_distances=np.array([[0.9, 0.5, 0.1], [0.2, 0.3, 0.4]], np.float32),
        quality=np.array([0.5, 1.0]),
        codes=coded(["a", "a", "b", "b", "b"], ["a", "b"]),
        nearest=np.ones(5),
    )


def random_lists(m: int = 400, n: int = 60, *, seed: int = 0) -> Lists:
    """Lists of generated images that all prefer the same training images, more or less."""
    rng = np.random.default_rng(seed)
    liking = rng.random(n)
    d = (liking + 0.3 * rng.random((m, n))).astype(np.float32)
    order = np.argsort(d, axis=1)[:, :20]
    near = np.take_along_axis(d, order, 1)
    rank = np.tile(np.arange(1, 21), (m, 1))
    codes = coded(["a"] * n, ["a"] * m)
    return Lists(order, near, rank, near, rng.uniform(0.2, 1, m), codes, liking)


def test_fewer_candidates_are_those_of_the_smaller_recall() -> None:
    fewer = within(lists_by_hand(), 2)
    assert fewer.candidates.tolist() == [[1, 0], [3, 4]]
    assert fewer.distances.tolist() == [[2, 3], [1, 1]]


def test_without_reranking_the_embedding_orders() -> None:
    plain = by_embedding(lists_by_hand())
    assert plain.candidates.tolist() == [[0, 1, 2], [3, 4, 1]]
    assert plain.distances[0] == pytest.approx([0.1, 0.5, 0.9])


def test_shares_of_class_and_of_value_by_hand() -> None:
    lists = lists_by_hand()
    assert class_share(lists, 1, seed=0)["share"] == 50
    assert class_share(lists, 3, seed=0)["share"] == pytest.approx(66.67)
    # k = 2: the first gives 1/(1 + e⁻¹) of its 0.5 to the wrong class, the second nothing.
    lost = 0.5 / (1 + math.exp(-1))
    assert value_in_class(lists, ValueSettings(k=2)) == pytest.approx(
        100 * (1.5 - lost) / 1.5, abs=0.01
    )
    even = ValueSettings(k=2, quality_weighting=False)
    assert value_in_class(lists, even) == pytest.approx(100 * (2 - 2 * lost) / 2, abs=0.01)


def test_agreement_of_two_valuations() -> None:
    a = np.array([0, 0, 1, 2, 3, 4.0])
    assert rank_agreement(a, 10 * a) == 1
    assert rank_agreement(a, -a) == -1
    assert top_in_common(a, a, 0.34) == 100
    assert top_in_common(a, a[::-1], 0.34) == 0
    lists = np.array([[1, 2], [3, -1]])
    assert contributors_in_common(lists, lists[:, ::-1], 2) == 75  # one place has nobody


def test_values_settle_with_more_images() -> None:
    lists = random_lists()
    rows = settling(lists, "flow", (5, 50, 200, 300), seed=0, draws=5)
    assert [row["m"] for row in rows] == [5, 50, 200]  # 300 would leave too few to judge by
    assert {row["against"] for row in rows} == {200}
    agreement = [row["spearman"] for row in rows]
    assert agreement == sorted(agreement)
    assert all(row["spearman_low"] <= row["spearman"] <= row["spearman_high"] for row in rows)
    assert rows == settling(lists, "flow", (5, 50, 200, 300), seed=0, draws=5)


def test_contributions_add_up_to_the_values() -> None:
    lists = random_lists(50)
    given = contributions(lists)
    rows = lists.candidates[:, : given.shape[1]]
    phi = np.bincount(rows.ravel(), given.ravel(), minlength=60)
    assert phi == pytest.approx(value(lists, ValueSettings())[0])
    assert phi.sum() == pytest.approx(lists.quality.sum())


def test_the_first_images_of_each_class_are_taken(tmp_path: Path) -> None:
    for i in range(6):
        path = tmp_path / f"class{i % 2}" / f"{i:05d}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (4, 4), i).save(path)
    (tmp_path / "recipe.json").write_text("{}")
    assert [p.name for p in image_paths(tmp_path, 2)] == [
        "00000.png", "00002.png", "00001.png", "00003.png",
    ]  # fmt: skip
    assert len(image_paths(tmp_path)) == 6
    assert image_paths(tmp_path / "nothing") == []


def test_a_table_has_a_column_for_each_k() -> None:
    cells = in_percent(np.array([[1, 0.5], [1, 0.5]]), seed=0)
    assert cells[1] == {"share": 50, "low": 50, "high": 50}
    about = {"data": "fashion", "generator": "vae", "images": 2, "distance": "none"}
    rows = [{**about, "k": k, **cell} for k, cell in zip((1, 10), cells, strict=True)]
    assert table_of(rows) == [{**about, "k=1": "100.0 [100.0, 100.0]", "k=10": "50.0 [50.0, 50.0]"}]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The figures of one short run of every script, on the sets that are here."""
    if not FASHION.is_dir():
        pytest.skip("Fashion-MNIST is not installed")
    work = tmp_path_factory.mktemp("truth")
    command = [sys.executable, "-m", "benchmarks.truth", "--quick", "--work", str(work),
               "--cifar", str(CIFAR), "--fashion", str(FASHION)]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    yield work / "results"


def figures(results: Path, script: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((results / f"{script}.json").read_text())
    return told


def found(told: object, key: str) -> list[float]:
    """Every number under a key, however deep."""
    if isinstance(told, dict):
        own = [told[key]] if isinstance(told.get(key), int | float) else []
        return own + [x for part in told.values() for x in found(part, key)]
    if isinstance(told, list):
        return [x for part in told for x in found(part, key)]
    return []


@pytest.mark.models
@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_saves_what_it_found(results: Path, script: str) -> None:
    told = figures(results, script)
    assert told["quick"] is True
    assert told["seed"] == 0
    assert all(0 <= x <= 1 for x in found(told, "auroc"))


@pytest.mark.models
def test_class_share_of_all_generators(results: Path) -> None:
    told = figures(results, "class_share")
    assert told["missing"] == []
    assert {(row["data"], row["generator"]) for row in told["rows"]} == {
        (data, generator) for data in DATA for generator in ("vae", "gan", "flow")
    }
    assert len({row["distance"] for row in told["rows"]}) == 6
    assert all(0 <= row["low"] <= row["share"] <= row["high"] <= 100 for row in told["rows"])
    chance = [row["share"] for row in told["rows"] if row["distance"] == "chance"]
    assert chance == pytest.approx([10] * len(chance), abs=3)
    assert told["paper"] == list(PAPER)


@pytest.mark.models
def test_ablations_of_every_choice(results: Path) -> None:
    told = figures(results, "ablations")
    on, off = told["quality"]
    assert on["share"] == off["share"]  # quality changes no list
    assert [row["k"] for row in told["depth"]] == [1, 10]
    assert all(1 <= row["effective"] <= 10 for row in told["temperature"])
    unit = [row for row in told["temperature"] if row["temperature"] == 1]
    assert [row["spearman"] for row in unit] == pytest.approx([1, 1])
    assert told["candidates"][-1]["in_common"] == 100
    assert told["index"][0]["recall_at_100"] == 1
    assert {row["generator"] for row in told["settling"]} == {"flow", "vae"}


@pytest.mark.models
def test_noise_is_read_in_every_way(results: Path) -> None:
    told = figures(results, "noise")
    kinds = {one["kind"] for one in told["findings"]}
    assert len(kinds) == (5 if CIFAR.exists() else 4)
    for one in told["findings"]:
        readings = one["generated"]["readings"]
        assert {"product", "value", "mean distance", "own neighbours", "random"} <= set(readings)
        assert all(r["low"] <= r["auroc"] <= r["high"] for r in readings.values())


@pytest.mark.models
def test_retraining_is_told_with_its_intervals(results: Path) -> None:
    told = figures(results, "lds")
    methods = {row["method"]: row["LDS"] for row in told["methods"]}
    assert {"ours", "TracIn", "pixel L2", "random", "predicted influence"} <= methods.keys()
    own = told["influence"][0]
    assert own["LDS"] == methods["predicted influence"]
    assert {row["method"] for row in told["influence"]} >= {"refit on each half", "pixel L2"}
    assert len(told["influence_sides"]) == 5 and told["bands"]
    assert all(-1 <= score <= 1 for score in methods.values())
    assert all(one["low"] <= one["high"] for one in told["cells"].values())
    told = figures(results, "removal")
    arms = [losses for by_arm in told["losses"].values() for losses in by_arm.values()]
    assert all(len(losses) == told["seeds"] and min(losses) > 0 for losses in arms)


@pytest.mark.models
@pytest.mark.parametrize("script", ["influence", "classes", "kernel", "owners", "credit"])
def test_choices_are_made_on_what_was_kept(results: Path, script: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.choices.{script}", "--work", str(results.parent),
               "--json"]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "| " in done.stdout and json.loads(done.stdout.splitlines()[-1])


@pytest.mark.models
def test_every_plot_is_drawn(results: Path, tmp_path: Path) -> None:
    drawn = draw(results, tmp_path)
    assert [path.stem for path in drawn] == list(PLOTS)
    for path in drawn:
        with Image.open(path) as image:
            assert image.width == 1800
