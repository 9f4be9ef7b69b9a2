"""A run against naive computation; what is kept, recomputed, said or refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gmv_core import (
    MatchSettings,
    ModelError,
    RunSettings,
    SettingsError,
    ValueSettings,
    WorkspaceError,
    open_run,
    open_source,
    value,
)
from gmv_core.models.embedders.embedder import from_callable, stack
from gmv_core.results.totals import quality_warnings
from gmv_core.sets.build import add, build
from gmv_core.store.columns import matrix
from gmv_core.store.manifests import Part, RunManifest
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder, Float64, UInt8
from tests.fakes import (
    FAKE,
    SIDE_PX,
    draw,
    embed_one,
    fake_embedder,
    fake_vectors,
    png,
    rows_of,
    write_images,
)

pytestmark = pytest.mark.usefixtures("small_commits")

TRAINING, GENERATED = range(40), [*range(5), *range(100, 113)]  # seeds; the first 5 are copies


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sources")
    for folder, seeds in (("train", TRAINING), ("made", GENERATED)):
        (root / folder).mkdir()
        for seed in seeds:
            (root / folder / f"{seed:03d}.png").write_bytes(png(draw(seed)))
    return root


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Path:
    """The set "train", built once; the tests work on copies."""
    root = tmp_path_factory.mktemp("built")
    build(Workspace(root), open_source(sources / "train"), name="train", embedder=fake_embedder())
    return root


@pytest.fixture
def run(workspace: Workspace, sources: Path, built: Path) -> Callable[..., RunManifest]:
    """Value the generated images, by default with features, k = 4 and 15 candidates."""
    shutil.copytree(built, workspace.root)

    def work(**given: Any) -> RunManifest:  # noqa: ANN401  (settings of two classes)
        generated = given.pop("generated", sources / "made")
        value_settings = {
            k: given.pop(k) for k in ("k", "temperature", "quality_weighting") if k in given
        }
        kept = {k: given.pop(k) for k in ("say", "embedder", "name", "against") if k in given}
        settings = RunSettings(
            MatchSettings(**{"candidates": 15, "distance": "features", **given}),
            ValueSettings(**{"k": 4, **value_settings}),
        )
        return value(
            workspace,
            open_source(generated) if isinstance(generated, Path) else generated,
            **{"against": "train", "name": "run", "embedder": fake_embedder(), **kept},
            settings=settings,
        )

    return work


def columns(workspace: Workspace, table: str, name: str = "run") -> dict[str, np.ndarray]:
    rows = rows_of(workspace.run(name).table(table))
    lists = ("candidates", "recall_rank", "recall_distance", "distance")
    return {
        c: matrix(rows[c]) if table == "matches" and c in lists else rows[c].to_numpy()
        for c in rows.column_names
    }


def naive_recall() -> Float64:
    """Embedding distances of all pairs, (m, n)."""
    training = np.stack([embed_one(draw(s)) for s in TRAINING]).astype(float)
    generated = np.stack([embed_one(draw(s)) for s in GENERATED]).astype(float)
    return np.linalg.norm(generated[:, None] - training[None], axis=2)


def naive_features() -> Float64:
    """Squared feature distances of all pairs, (m, n)."""

    def features(seeds: Any) -> Float64:  # noqa: ANN401  (any iterable of seeds)
        pixels = stack([draw(s) for s in seeds], SIDE_PX)
        return fake_vectors(pixels)[1].astype(float)

    return ((features(GENERATED)[:, None] - features(TRAINING)[None]) ** 2).sum(2)


def enlarged(pixels: UInt8) -> Float64:
    image = Image.fromarray(pixels).resize((64, 64), Image.Resampling.BILINEAR)
    return np.asarray(image, float) / 255


def naive_l2() -> Float64:
    """Root mean squared pixel difference at 64 px of all pairs, (m, n)."""
    training, generated = (np.stack([enlarged(draw(s)) for s in x]) for x in (TRAINING, GENERATED))
    return np.sqrt(((generated[:, None] - training[None]) ** 2).mean((2, 3, 4)))


def test_without_reranking_matches_are_the_nearest_embeddings(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    run(distance="none")
    found, d = columns(workspace, "matches"), naive_recall()
    order = np.argsort(d, axis=1)[:, :15]
    assert np.array_equal(found["candidates"], order)
    assert found["distance"] == pytest.approx(np.take_along_axis(d, order, 1), abs=1e-5)
    assert np.array_equal(found["recall_rank"], np.tile(np.arange(1, 16), (18, 1)))
    assert np.array_equal(found["distance"], found["recall_distance"])


def test_pixel_distances_reorder_the_recalled_candidates(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    run(distance="l2")
    found = columns(workspace, "matches")
    recalled = np.argsort(naive_recall(), axis=1)[:, :15]
    d = np.take_along_axis(naive_l2(), recalled, 1)
    order = np.argsort(d, axis=1)
    assert np.array_equal(found["candidates"], np.take_along_axis(recalled, order, 1))
    assert found["distance"] == pytest.approx(np.take_along_axis(d, order, 1), abs=2e-3)
    assert np.array_equal(found["recall_rank"], order + 1)
    expected = np.take_along_axis(naive_recall(), found["candidates"], 1)
    assert found["recall_distance"] == pytest.approx(expected, abs=1e-5)


def test_features_decide_in_the_exact_part(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    run(candidates=40)  # all of them: 20 exact, 20 estimates behind
    found, d = columns(workspace, "matches"), naive_features()
    assert set(found["exact"]) == {20}
    own = np.take_along_axis(d, found["candidates"], 1)
    assert found["distance"][:, :20] == pytest.approx(own[:, :20], rel=1e-3, abs=1e-5)
    assert (np.diff(found["distance"][:, :20], axis=1) >= 0).all()
    assert np.array_equal(found["candidates"][:, :4], np.argsort(d, axis=1)[:, :4])
    estimates, truth = found["distance"][:, 20:], own[:, 20:]
    assert np.abs(estimates / truth - 1).mean() < 0.05
    assert not np.allclose(estimates, truth, rtol=1e-3)  # they are estimates and say so
    recalled = np.argsort(np.argsort(naive_recall(), axis=1), axis=1)
    assert np.array_equal(
        found["recall_rank"], np.take_along_axis(recalled, found["candidates"], 1) + 1
    )


def test_a_copy_of_a_training_image_is_its_first_contributor(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    for distance in ("none", "l2", "features"):
        run(distance=distance)
        found = columns(workspace, "matches")
        assert found["candidates"][:5, 0].tolist() == [0, 1, 2, 3, 4]
        assert found["recall_rank"][:5, 0].tolist() == [1] * 5
        assert found["distance"][:5, 0] == pytest.approx(0, abs=2e-3)
        values = columns(workspace, "values")
        assert values["nearest_distance"][:5] == pytest.approx(0, abs=1e-3)
        assert columns(workspace, "generated")["nearest_distance"][:5] == pytest.approx(0, abs=1e-6)


def test_values_add_up_to_quality_and_the_totals_say_so(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    manifest = run()
    values, quality = columns(workspace, "values"), columns(workspace, "quality")["quality"]
    assert values["value"].sum() == pytest.approx(quality.sum())
    assert ((quality > 0) & (quality <= 1)).all()
    assert (quality < 1).any()
    totals = manifest.totals
    assert totals.value == pytest.approx(totals.quality) == pytest.approx(quality.sum())
    assert totals.contributors == (values["times_contributor"] > 0).sum()
    assert totals.contributors + totals.never_contributor == 40
    assert values["times_contributor"].sum() == 18 * 4
    assert values["times_candidate"].sum() == 18 * 15
    distances = naive_recall()
    assert values["nearest_distance"] == pytest.approx(distances.min(0), abs=1e-3)
    assert values["mean_distance"] == pytest.approx(distances.mean(0), abs=1e-3)
    assert manifest.state == "ready"


def test_the_same_command_again_does_nothing_but_values(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    run()
    before, kept = columns(workspace, "values"), mtimes(workspace)

    def refuse(pixels: UInt8) -> None:
        raise AssertionError("embedded again")

    said: list[str] = []
    idle = from_callable(refuse, key=FAKE, side_px=8, dim=24)  # type: ignore[arg-type]
    manifest = run(embedder=Featured(idle), say=said.append)
    assert manifest.reused is True
    assert said == []
    assert mtimes(workspace) == kept
    assert np.array_equal(columns(workspace, "values")["value"], before["value"])


class Featured:
    """An embedder that claims feature maps, to be taken for the one a set was built with."""

    has_features = True
    features_norm_squared = 5.0

    def __init__(self, inner: Embedder) -> None:
        self.key, self.side_px, self.dim, self.crop = inner.key, inner.side_px, inner.dim, False
        self._inner = inner

    def __call__(self, pixels: UInt8) -> Any:  # noqa: ANN401  (never returns)
        return self._inner(pixels)


def mtimes(workspace: Workspace) -> dict[Path, int]:
    """When each file of the tables that need models was written."""
    tables = (workspace.run("run").table(name).path for name in ("matches", "quality"))
    return {p: p.stat().st_mtime_ns for t in tables for p in t.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "changed",
    [{"k": 2}, {"temperature": 0.1}, {"temperature": "auto"}, {"quality_weighting": False}],
)
def test_what_needs_no_model_keeps_matches_and_quality(
    workspace: Workspace, run: Callable[..., RunManifest], changed: dict[str, Any]
) -> None:
    run()
    before, kept = columns(workspace, "values")["value"], mtimes(workspace)
    said: list[str] = []
    manifest = run(**changed, say=said.append)
    assert manifest.reused is True
    assert said == []
    assert mtimes(workspace) == kept
    after = columns(workspace, "values")["value"]
    assert not np.allclose(after, before)
    assert manifest.value == ValueSettings(**{"k": 4, **changed})
    quality = columns(workspace, "quality")["quality"]
    handed_out = 18 if "quality_weighting" in changed else quality.sum()
    assert after.sum() == pytest.approx(handed_out)


@pytest.mark.parametrize(
    ("changed", "matches", "quality", "words"),
    [
        ({"distance": "l2"}, True, False, ["The matches are computed anew, because distance"]),
        ({"candidates": 9}, True, False, ["because candidates changed"]),
        ({"quality": "none"}, False, True, ["The quality are computed anew, because quality"]),
        ({"seed": 1}, False, True, ["because seed changed"]),
        ({"k": 30, "candidates": 15}, True, False, ["because exact depth changed"]),
    ],
)
def test_what_needs_a_model_is_recomputed_and_said(
    workspace: Workspace,
    run: Callable[..., RunManifest],
    changed: dict[str, Any],
    matches: bool,
    quality: bool,
    words: list[str],
) -> None:
    run()
    kept = mtimes(workspace)
    said: list[str] = []
    assert run(**changed, say=said.append).reused is False
    assert len(said) == len(words)
    for sentence, part in zip(said, words, strict=True):
        assert part in sentence
    gone = [str(path) for path, _ in kept.items() - mtimes(workspace).items()]
    assert any("matches.lance" in path for path in gone) is matches
    assert any("quality.lance" in path for path in gone) is quality


def test_a_smaller_k_after_a_larger_one_keeps_the_deeper_list(
    run: Callable[..., RunManifest],
) -> None:
    run(k=12, candidates=40)
    said: list[str] = []
    assert run(k=3, candidates=40, say=said.append).reused is True
    assert said == []


def test_a_recomputed_run_is_as_a_fresh_one(
    workspace: Workspace, run: Callable[..., RunManifest]
) -> None:
    from tests.fakes import assert_same_run

    run(distance="none", k=2)
    run(distance="l2", k=3)
    run()
    run(name="fresh")
    assert_same_run(workspace.run("run"), workspace.run("fresh"))


@pytest.fixture
def within_a_second(monkeypatch: pytest.MonkeyPatch, built: Path) -> None:
    """Let every manifest bear the same time: it cannot be what tells two sets apart."""
    time = Workspace(built).image_set("train").manifest().updated
    monkeypatch.setattr("gmv_core.sets.build.now", lambda: time)


@pytest.mark.usefixtures("within_a_second")
def test_more_training_images_make_the_matches_stale(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    run()
    more = write_images(tmp_path / "more", 5, first_seed=100)  # now copies of generated ones
    add(workspace, "train", open_source(more), embedder=fake_embedder())
    said: list[str] = []
    assert run(say=said.append).reused is False
    assert len(said) == 2
    assert all("training" in sentence for sentence in said)
    found = columns(workspace, "matches")
    assert sorted(found["candidates"][5:10, 0].tolist()) == [40, 41, 42, 43, 44]
    assert len(columns(workspace, "values")["value"]) == 45


@pytest.mark.usefixtures("within_a_second")
def test_other_generated_images_replace_those_of_the_run(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    run()
    other = write_images(tmp_path / "other", 18, first_seed=300)
    said: list[str] = []
    assert run(generated=other, say=said.append).reused is False
    assert len(said) == 2
    assert all("generated" in sentence for sentence in said)
    names = rows_of(workspace.image_set("run-generated").images)["name"].to_pylist()
    assert names[0].startswith("class0/")
    assert columns(workspace, "matches")["distance"][:, 0].min() > 0.01  # no copies any more


def test_images_that_another_run_uses_too_are_not_replaced(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    run()
    run(generated="run-generated", name="again")
    other = write_images(tmp_path / "other", 18, first_seed=300)
    with pytest.raises(WorkspaceError, match="'run' was given before are those of the run 'again'"):
        run(generated=other)
    names = rows_of(workspace.image_set("run-generated").images)["name"].to_pylist()
    assert names[0] == "000.png"
    for name in ("run", "again"):
        assert len(open_run(workspace, name).contributors("000.png")) == 4


def test_a_run_whose_images_are_being_replaced_cannot_be_opened(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run()

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    other = write_images(tmp_path / "other", 18, first_seed=300)
    with monkeypatch.context() as patched:
        patched.setattr("gmv_core.runs.valuation.load_matcher", killed)
        with pytest.raises(KeyboardInterrupt):
            run(generated=other)
    with pytest.raises(WorkspaceError, match="The run 'run' is unfinished"):
        open_run(workspace, "run")
    run(generated=other)
    assert open_run(workspace, "run").contributors("class0/0000.png")


def test_a_set_in_the_way_of_the_runs_own_is_not_replaced(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    mine = write_images(tmp_path / "mine", 4)
    build(workspace, open_source(mine), name="run-generated", embedder=fake_embedder())
    with pytest.raises(WorkspaceError, match="The name 'run-generated' is taken"):
        run()
    assert len(workspace.image_set("run-generated").images) == 4


def test_a_set_of_the_workspace_can_be_valued(
    workspace: Workspace, run: Callable[..., RunManifest], sources: Path
) -> None:
    build(workspace, open_source(sources / "made"), name="made", embedder=fake_embedder())
    assert run(generated="made").generated == Part("made", 18, own=False)
    run(name="from-source")
    by_name, by_source = (columns(workspace, "matches", name) for name in ("run", "from-source"))
    assert np.array_equal(by_name["candidates"], by_source["candidates"])
    assert not workspace.image_set("run-generated").exists()


def test_a_set_of_another_embedder_is_embedded_again(
    workspace: Workspace, run: Callable[..., RunManifest], sources: Path
) -> None:
    other = from_callable(lambda p: -fake_vectors(p)[0], key="minus", side_px=8, dim=24)
    build(workspace, open_source(sources / "made"), name="made", embedder=other)
    run(generated="made")
    assert columns(workspace, "matches")["candidates"][:5, 0].tolist() == [0, 1, 2, 3, 4]


def test_a_rejected_generated_image_keeps_its_row_and_earns_nothing(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    for seed in range(10):
        (made / f"{seed:03d}.png").write_bytes(png(draw(seed))[: 50 if seed == 3 else None])
    manifest = run(generated=made)
    matches, generated = columns(workspace, "matches"), columns(workspace, "generated")
    assert (matches["candidates"][3] == -1).all()
    assert np.isinf(matches["distance"][3]).all()
    assert matches["candidates"][4, 0] == 4  # nothing has shifted
    assert np.isnan(generated["quality"][3])
    assert np.isnan(generated["nearest_distance"][3])
    assert generated["effective_contributors"][3] == 0
    values = columns(workspace, "values")
    assert values["value"].sum() == pytest.approx(np.nansum(generated["quality"]))
    assert values["times_contributor"].sum() == 9 * 4
    fine = np.delete(generated["effective_contributors"], 3)
    assert manifest.totals.effective_contributors == pytest.approx(fine.mean())


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
