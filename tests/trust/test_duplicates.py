"""Near copies of a set: found, told apart, joined, kept; and that copying earns nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gmv_core import (
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
    value,
)
from gmv_core.method import clusters as clusters_module
from gmv_core.method.clusters import nearest_clusters, repeats
from gmv_core.method.recall import ExactIndex, Neighbours
from gmv_core.results.repeated import repeated_share, short_clusters
from gmv_core.results.shares import credits_of, group_shares
from gmv_core.trust import pairs
from gmv_core.trust.duplicates import RECORD, find_clusters, members, read_clusters
from gmv_core.trust.near_copies import decorrelation
from gmv_core.trust.null import read_null
from tests.built import write_csv
from tests.fakes import OneByOne, draw, fake_embedder, lighter, lossless, png, write_images


def write(folder: Path, images: dict[str, bytes]) -> Path:
    for name, content in images.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def copied(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Twelve images; the first as bytes again, as pixels and lighter; the second lighter."""
    images = {f"{i:02d}.png": png(draw(i)) for i in range(12)}
    images |= {"x/bytes.png": png(draw(0)), "x/pixels.png": lossless(draw(0))}
    images |= {f"{x}/lighter.png": png(lighter(draw(i))) for i, x in enumerate("xy")}
    source = open_source(write(tmp_path / "train", images))
    owners = [[n, "Eve" if n.startswith("x/") else "Ada"] for n in source.names or []]
    write_csv(tmp_path / "owners.csv", [["name", "owner"], *owners])
    build(workspace, source, name="train", labels=labels_for(source, tmp_path / "owners.csv"),
          embedder=fake_embedder())  # fmt: skip
    return workspace


def test_workers_find_the_same_copies(copied: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    images, workers = copied.image_set("train"), OneByOne()
    find_clusters(copied, "train", fake_embedder())
    alone = read_clusters(images)
    (images.folder / RECORD).unlink()
    monkeypatch.setattr(pairs, "SEARCHED", 5)
    find_clusters(copied, "train", fake_embedder(), workers=workers)
    shared = read_clusters(images)
    assert workers.batches == 4 + 1, "four of images, and one of the pairs that look alike"
    assert (alone.of == shared.of).all() and (alone.copy == shared.copy).all()


def test_copies_are_found_and_told_apart(copied: Workspace) -> None:
    record = find_clusters(copied, "train", fake_embedder())
    assert (record.clusters, record.extra, record.exact) == (2, 4, 2)
    table = members(copied.image_set("train"))
    assert table["training"].tolist() == [
        "00.png", "x/bytes.png", "x/lighter.png", "x/pixels.png", "01.png", "y/lighter.png"
    ]  # fmt: skip
    assert table["copy"].tolist() == ["", "bytes", "near", "pixels", "", "near"]
    assert table["owners"].tolist() == [2] * 4 + [1] * 2, "those across owners come first"
    clusters = read_clusters(copied.image_set("train"))
    assert sorted(clusters.sizes.tolist()) == [1] * 10 + [2] * 2 + [4] * 4


def test_they_are_kept_until_the_set_changes(copied: Workspace, tmp_path: Path) -> None:
    images = copied.image_set("train")
    with pytest.raises(WorkspaceError, match=r"not known yet; `gmv duplicates train` finds them"):
        read_clusters(images)
    first = find_clusters(copied, "train", fake_embedder())
    version = images.table("clusters").open().version
    assert find_clusters(copied, "train", fake_embedder()) == first
    assert images.table("clusters").open().version == version
    from gmv_core import add

    more = open_source(write(tmp_path / "more", {"z.png": png(draw(5))}))
    add(copied, "train", more, embedder=fake_embedder())
    with pytest.raises(WorkspaceError, match="not known yet"):
        read_clusters(images)
    assert find_clusters(copied, "train", fake_embedder()).extra == 5


def test_decorrelation_leaves_light_and_contrast_alone() -> None:
    x = np.random.default_rng(0).uniform(size=(3, 50)).astype(np.float32)
    assert decorrelation(x, 0.5 * x + 0.2) == pytest.approx(0, abs=1e-6)
    assert decorrelation(x, -x) == pytest.approx(2)
    flat = np.full((1, 50), 0.3, np.float32)
    assert decorrelation(flat, flat + 0.1).tolist() == [0]
    assert decorrelation(flat, x[:1]).tolist() == [1]


def test_repeats_by_hand() -> None:
    clusters = np.array([0, 1, 0, 3, 1])
    lists = np.array([[2, 3, 0, 1, 4, -1], [-1, -1, -1, -1, -1, -1]])
    assert repeats(lists, clusters).tolist() == [
        [True, False, False, False, True, False], [False] * 6
    ]  # fmt: skip


def test_the_search_goes_on_until_there_are_enough_clusters() -> None:
    vectors = np.repeat(np.eye(4, dtype=np.float32), 30, axis=0)
    index = ExactIndex(np.arange(120), vectors)
    clusters = np.arange(120) // 30 * 30
    query = np.array([[1, 0.5, 0.2, 0]], np.float32)
    for k, ids in ((3, [0, 30, 60]), (6, [0, 30, 60, 90, -1, -1])):
        found = nearest_clusters(index.search, query, clusters, vectors.__getitem__, k=k, n=120)
        assert found.ids.tolist() == [ids]


def test_who_asks_beside_a_query_changes_neither_its_depth_nor_the_lists_held_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors = np.concatenate([np.tile(np.float32([1, 0]), (96, 1)), np.float32([[0, 1], [0, 2]])])
    index, of = ExactIndex(np.arange(98), vectors), np.array([0] * 96 + [96, 97])
    asked: list[tuple[int, int]] = []

    def shallow(queries: np.ndarray, k: int) -> Neighbours:
        """Miss the nearest image where few are asked for, as an index of codes may."""
        asked.append((len(queries), k))
        found = index.search(queries, k + 1)
        return Neighbours(found.ids[:, 1:], found.distances[:, 1:]) if k < 4 else found

    queries = np.float32([[0, 1.4]] + [[2, 0]] * 5)  # the first has two clusters at once
    monkeypatch.setattr(clusters_module, "LISTED", 128)
    both = nearest_clusters(shallow, queries, of, vectors.__getitem__, k=2, n=98)
    assert all(m == 1 or m * k <= 128 for m, k in asked) and (1, 98) in asked
    alone = [nearest_clusters(shallow, q[None], of, vectors.__getitem__, k=2, n=98).ids[0]
             for q in queries]  # fmt: skip
    assert both.ids.tolist() == np.stack(alone).tolist()


def test_a_cluster_stands_where_its_first_member_is() -> None:
    vectors = np.array([[3, 0], [2, 0], [1, 0], [2.5, 0]], np.float32)
    index, clusters = ExactIndex(np.arange(4), vectors), np.array([0, 1, 0, 3])
    found = nearest_clusters(
        index.search, np.zeros((1, 2), np.float32), clusters, vectors.__getitem__, k=3, n=4
    )
    assert found.ids.tolist() == [[1, 3, 0]]
    assert found.distances.tolist() == [[2, 2.5, 3]]


def run_with_copies(root: Path, times: int, **settings: object) -> Result:
    """Ada's and Ben's twelve images, Ada's `times` times more; 9 generated ones, k = 4."""
    workspace, folder = Workspace(root / "home"), root / "train"
    images = {f"{i:02d}.png": png(draw(i)) for i in range(24)}
    images |= {f"copy{t}/{i:02d}.png": png(draw(i)) for t in range(times) for i in range(0, 24, 2)}
    source = open_source(write(folder, images))
    owners = [[n, "Ben" if int(n[-6:-4]) % 2 else "Ada"] for n in source.names or []]
    write_csv(root / "owners.csv", [["name", "owner"], *owners])
    build(workspace, source, name="train", labels=labels_for(source, root / "owners.csv"),
          embedder=fake_embedder())  # fmt: skip
    made = open_source(write_images(root / "made", 9, first_seed=100))
    chosen = RunSettings(MatchSettings(candidates=8, distance="features", quality="none"),
                         ValueSettings(k=4, **settings))  # fmt: skip
    value(workspace, made, against="train", name="run", settings=chosen, embedder=fake_embedder())
    return open_run(workspace, "run")


def totals(result: Result) -> dict[str, float]:
    return dict(group_shares(result, "owner")[["owner", "value"]].itertuples(index=False))


@pytest.mark.parametrize("times", [1, 5, 20])
def test_copying_ones_own_images_earns_nothing(tmp_path: Path, times: int) -> None:
    before = totals(run_with_copies(tmp_path / "a", 0, duplicates="cluster"))
    after = run_with_copies(tmp_path / "b", times, duplicates="cluster")
    assert totals(after) == pytest.approx(before, abs=1e-9)
    each = totals(run_with_copies(tmp_path / "c", times))
    assert each["Ada"] > before["Ada"] + 0.3, "as the paper, it does"


def test_no_left_out_image_meets_its_own_cluster(tmp_path: Path) -> None:
    """More copies of each than are held against each other one by one."""
    result = run_with_copies(tmp_path, 25, duplicates="cluster")
    entry = result.manifest.null
    assert entry is not None
    nearest = read_null(result.training, entry).nearest
    assert (nearest.embedding[:, 0] > 0.01).all() and (nearest.distance[:, 0] > 0.01).all()


def test_the_very_pixels_of_a_later_member_are_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "home")
    images = {f"{i:02d}.png": lossless(draw(i)) for i in range(24)}
    again = {"later.png": lossless(lighter(draw(3)))}
    build(workspace, open_source(write(tmp_path / "train", images | again)), name="train",
          embedder=fake_embedder())  # fmt: skip
    made = open_source(write(tmp_path / "made", again))
    settings = RunSettings(
        MatchSettings(distance="features", quality="none"), ValueSettings(duplicates="cluster")
    )
    value(workspace, made, against="train", name="run", settings=settings,
          embedder=fake_embedder())  # fmt: skip
    result = open_run(workspace, "run")
    of = read_clusters(result.training).of
    assert (of != np.arange(len(of))).sum() == 1
    assert result.generated_table(("same_pixels",))["same_pixels"].tolist() == ["later.png"]


def test_members_share_equally_and_all_readings_agree(tmp_path: Path) -> None:
    result = run_with_copies(tmp_path, 2, duplicates="cluster")
    table = result.values_table(("id", "training", "value", "times_contributor"))
    of = read_clusters(result.training).of
    shared = table.assign(cluster=of[table["id"]]).groupby("cluster")
    assert (shared["value"].nunique() == 1).all() and (
        shared["times_contributor"].nunique() == 1
    ).all()
    assert table["value"].sum() == pytest.approx(9)
    credits = credits_of(result)
    values = table.set_index("id")["value"].reindex(range(len(of)), fill_value=0)
    assert np.bincount(credits.training, credits.value, len(of)) == pytest.approx(values.to_numpy())
    copy = table.loc[table["training"].str.startswith("copy1") & (table["value"] > 0)].iloc[0]
    parts = result.generated_of(copy["training"])
    assert sum(one.value for one in parts) == pytest.approx(copy["value"])
    assert {one.shared_by for one in parts} == {3}
    without = result.leaving_out([copy["training"]])
    left = without.values_table(("id", "value"))
    assert left["value"].sum() == pytest.approx(9)
    twin = of[left["id"]] == of[copy["id"]]
    assert left["value"][twin].tolist() == pytest.approx([copy["value"] * 3 / 2] * 2)


def test_a_run_of_the_paper_is_read_by_clusters_without_a_model(tmp_path: Path) -> None:
    result = run_with_copies(tmp_path, 5)
    workspace = Workspace(tmp_path / "home")
    find_clusters(workspace, "train", fake_embedder())
    assert 0 < repeated_share(result) <= 1
    read = open_run(workspace, "run", settings=ValueSettings(k=4, duplicates="cluster"))
    assert read.values_table()["value"].sum() == pytest.approx(9)
    assert short_clusters(read) > 0, "eight candidates hold few clusters of six"


def test_lists_of_clusters_are_not_read_as_the_paper(tmp_path: Path) -> None:
    run_with_copies(tmp_path, 1, duplicates="cluster")
    with pytest.raises(WorkspaceError, match="hold one image of each cluster"):
        open_run(Workspace(tmp_path / "home"), "run", settings=ValueSettings(k=4))
