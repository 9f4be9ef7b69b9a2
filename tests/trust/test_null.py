"""The null of a set: kept, reused, measured anew where what it depends on changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gmv_core import (
    MatchSettings,
    RunSettings,
    Workspace,
    WorkspaceError,
    build,
    open_run,
    open_source,
    remove,
    value,
)
from gmv_core.matching.matcher import Matches
from gmv_core.method.recall import ExactIndex
from gmv_core.store.columns import all_vectors, matrix
from gmv_core.store.manifests import NullEntry, RunManifest
from gmv_core.trust.near_copies import judge_of
from gmv_core.trust.null import nearest_of, null_table, read_null
from gmv_core.trust.sentences import power_sentences, unseen
from gmv_core.trust.standing import HELD_OUT, LEFT_OUT, NEAR_COPY, copy_scores
from tests.built import write_copied_run
from tests.fakes import draw, fake_embedder, lossless, write_images

PLAIN = RunSettings(MatchSettings(distance="none", quality="none"))


def valued(workspace: Workspace, made: Path, name: str = "run", **given: object) -> RunManifest:
    return value(workspace, open_source(made), against="train", name=name, settings=PLAIN,
                 embedder=fake_embedder(), **given)  # fmt: skip


@pytest.fixture
def trained(workspace: Workspace, tmp_path: Path) -> Workspace:
    source = open_source(write_images(tmp_path / "train", 30))
    build(workspace, source, name="train", embedder=fake_embedder())
    write_images(tmp_path / "made", 8, first_seed=100)
    return workspace


def test_left_out_images_are_brute_force(trained: Workspace, tmp_path: Path) -> None:
    entry = valued(trained, tmp_path / "made").null
    training = trained.image_set("train")
    assert (entry.kind, entry.images, entry.source) == (LEFT_OUT, 30, "")
    stored = null_table(training, entry.key).read(["row", "distance", "embedding"])
    rows = stored["row"].to_numpy()
    assert sorted(rows) == list(range(30))
    vectors = all_vectors(training.embeddings("fake"))[1]
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    expected = np.sort(apart, axis=1)[rows, :20]
    for column in ("distance", "embedding"):
        assert matrix(stored[column]) == pytest.approx(expected, abs=1e-3)


def test_a_null_is_kept_and_serves_other_runs(trained: Workspace, tmp_path: Path) -> None:
    first = valued(trained, tmp_path / "made").null
    training = trained.image_set("train")
    before = null_table(training, first.key).open().version
    assert valued(trained, tmp_path / "made", "other").null == first
    assert valued(trained, tmp_path / "made").null == first
    assert null_table(training, first.key).open().version == before


def test_what_it_depends_on_makes_another_null(trained: Workspace, tmp_path: Path) -> None:
    first = valued(trained, tmp_path / "made").null
    other = value(
        trained, open_source(tmp_path / "made"), against="train", name="l2",
        settings=RunSettings(MatchSettings(distance="l2", quality="none")),
        embedder=fake_embedder(),
    ).null  # fmt: skip
    assert other.key != first.key
    held = write_images(tmp_path / "held", 12, first_seed=500)
    unseen = valued(trained, tmp_path / "made", held_out=open_source(held)).null
    assert (unseen.kind, unseen.images, unseen.source) == (HELD_OUT, 12, "run-held-out")
    assert unseen.own and unseen.key != first.key


def test_a_held_out_set_may_be_named_and_is_kept_from_deletion(
    trained: Workspace, tmp_path: Path
) -> None:
    held = open_source(write_images(tmp_path / "held", 12, first_seed=500))
    build(trained, held, name="held", embedder=fake_embedder())
    entry = valued(trained, tmp_path / "made", held_out="held").null
    assert (entry.source, entry.own) == ("held", False)
    with pytest.raises(WorkspaceError, match="is used by the run 'run'"):
        trained.delete("held")
    with pytest.raises(WorkspaceError, match="is the training set itself"):
        valued(trained, tmp_path / "made", "again", held_out="train")


def test_an_image_with_a_copy_in_the_set_is_not_unseen(
    workspace: Workspace, tmp_path: Path
) -> None:
    """The same images twice: each one's nearest is its copy, and is dropped with it."""
    for folder in ("a", "b"):
        write_images(tmp_path / "train" / folder, 15)
    source = open_source(tmp_path / "train")
    build(workspace, source, name="train", embedder=fake_embedder())
    made = write_images(tmp_path / "made", 8, first_seed=100)
    entry = valued(workspace, made).null
    assert (read_null(workspace.image_set("train"), entry).nearest.distance[:, 0] > 0.1).all()
    for i in range(15):
        path = tmp_path / "held" / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(lossless(draw(i)))
    entry = valued(workspace, made, held_out=open_source(tmp_path / "held")).null
    assert entry.images == 15
    assert (read_null(workspace.image_set("train"), entry).nearest.distance[:, 0] > 0.1).all()


def test_held_out_images_that_are_in_the_training_set_are_not_unseen(
    trained: Workspace, tmp_path: Path
) -> None:
    held = write_images(tmp_path / "held", 12, first_seed=24)
    said: list[str] = []
    entry = valued(trained, tmp_path / "made", held_out=open_source(held), say=said.append).null
    assert (entry.kind, entry.images) == (HELD_OUT, 6)
    assert any("6 of 12 held-out images are in the training set, too" in s for s in said)
    rows = null_table(trained.image_set("train"), entry.key).read(["row"])["row"].to_pylist()
    names = trained.image_set("run-held-out").images.take(np.array(rows), ["name"])["name"]
    assert sorted(n[-8:] for n in names.to_pylist()) == [f"{i:04d}.png" for i in range(6, 12)]
    gone = [f"class{i % 3}/{i:04d}.png" for i in range(24, 30)]
    remove(trained, "train", gone)
    entry = valued(trained, tmp_path / "made", held_out=open_source(held)).null
    assert entry.images == 12, "the others were removed from the training set"


def test_held_out_images_of_which_none_is_unseen_are_a_sentence(
    trained: Workspace, tmp_path: Path
) -> None:
    made, wrong = tmp_path / "made", tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "broken.png").write_bytes(b"no image")
    for source, why in ((wrong, "No held-out image in"), (tmp_path / "train", "Each of the 30 he")):
        with pytest.raises(WorkspaceError, match=f"{why}.*nothing unseen to compare with; give"):
            valued(trained, made, held_out=open_source(source))
    build(trained, open_source(wrong), name="wrong", embedder=fake_embedder())
    with pytest.raises(WorkspaceError, match="No image of the set 'wrong' could be read"):
        valued(trained, made, held_out="wrong")
    assert trained.runs() == []


def test_one_held_out_image_is_one() -> None:
    one = NullEntry("key", HELD_OUT, 1)
    assert unseen(one) == "the 1 held-out image"
    assert power_sentences(8, 0, 0, one) == ["1 unseen image is too few to tell any of 8 apart."]


def test_copies_stand_out(workspace: Workspace, tmp_path: Path) -> None:
    write_copied_run(tmp_path)
    table = open_run(Workspace(tmp_path / "home"), "run").generated_table(
        ("generated", "standing", "same_pixels", "nearer_than", "copy_of")
    )
    copied = table["generated"].str.startswith("copied/")
    assert set(table["standing"][copied]) == {NEAR_COPY}
    assert (table["same_pixels"][copied] != "").all()
    assert (table["nearer_than"][copied] == 1).all()
    assert (table["same_pixels"][~copied] == "").all()
    assert (table["copy_of"] == table["same_pixels"]).all()
    assert NEAR_COPY not in set(table["standing"][~copied])
    entry = Workspace(tmp_path / "home").run("run").manifest().null
    assert entry.closeness < 0 and 0 < entry.closeness_p < 0.5, "half of the images are copies"


def test_without_a_null_nothing_is_said(trained: Workspace, tmp_path: Path) -> None:
    valued(trained, tmp_path / "made", calibrated=False)
    table = open_run(trained, "run").generated_table()
    assert set(table["standing"]) == {""}
    assert table[["p_copy", "p_far", "nearer_than"]].isna().all(axis=None)


def test_what_is_usual_in_a_set_bounds_what_a_copy_is(trained: Workspace) -> None:
    training = trained.image_set("train")
    index = ExactIndex(*all_vectors(training.embeddings("fake")))
    judge = judge_of(training, fake_embedder(), index)
    assert 0 < judge.limit <= 0.04


def test_near_copies_of_a_nearer_candidate_are_not_the_next_ones() -> None:
    """A copy of what stands three times in the set: ratio 1 / 8, and not 1 / 2.75."""
    apart = np.array([[1, 1, 1, 8, 8]], np.float32)
    pixels = np.array([[0.1, np.nan, np.nan, 0.8]], np.float32)
    lists = {"candidates": np.arange(5)[None], "recall_rank": np.arange(1, 6)[None],
             "recall_distance": apart, "distance": apart}  # fmt: skip
    nearest = nearest_of(Matches(**lists, exact=5, pixels=pixels))
    for found in (nearest.distance, nearest.embedding):
        assert found[0, :4].tolist() == [1, 8, 8, np.inf]
    assert nearest.pixels[0, :3] == pytest.approx([0.1, 0.8, np.inf])
    assert copy_scores(nearest) == pytest.approx([(1 / 8) ** 1.5])
    earlier = nearest_of(Matches(**lists, exact=2))
    assert earlier.pixels.shape == (1, 0)
    assert earlier.distance[0, :3].tolist() == [1, 1, np.inf]
    assert copy_scores(earlier) == pytest.approx([(4 / 18) ** 1.5])
