"""What disks and hands do to a finished set or run is found, and repaired by the same call."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gmv_core import Workspace, WorkspaceError, add, build, open_run, open_source, value
from gmv_core.sets.soundness import damage
from gmv_core.settings import CLUSTER, RunSettings, ValueSettings
from gmv_core.store.tables.digests import DIGEST, row_digests, with_digests
from gmv_core.trust.duplicates import clusters_table, find_clusters, read_clusters
from gmv_core.types import Embedder
from tests.fakes import FAKE, assert_same_run, assert_same_set, fake_embedder, rows_of, write_images

pytestmark = pytest.mark.usefixtures("small_commits")


def write_valued(root: Path) -> None:
    workspace = Workspace(root / "home")
    build(workspace, open_source(write_images(root / "train", 24)), name="train",
          embedder=fake_embedder())  # fmt: skip
    value(workspace, open_source(write_images(root / "made", 10, first_seed=100)), against="train",
          name="run", embedder=fake_embedder())  # fmt: skip


@pytest.fixture
def valued(copied: Callable[..., None], workspace: Workspace) -> Workspace:
    copied(write_valued)
    return workspace


def write_more(root: Path) -> None:
    """The same with labels, near copies, a prediction of influence, and held-out images."""
    workspace = Workspace(root / "home")
    build(workspace, open_source(write_images(root / "train", 24)), name="train",
          embedder=fake_embedder())  # fmt: skip
    write_images(root / "made", 10, first_seed=100)
    write_images(root / "held", 12, first_seed=300)
    value_more(workspace, root)


def value_more(workspace: Workspace, root: Path) -> None:
    settings = RunSettings(value=ValueSettings(k=3, duplicates=CLUSTER), influence=True)
    value(workspace, open_source(root / "made"), against="train", name="run", settings=settings,
          held_out=open_source(root / "held"), embedder=fake_embedder())  # fmt: skip


def again(workspace: Workspace, root: Path) -> None:
    build(workspace, open_source(root / "train"), name="train", embedder=fake_embedder())
    value(workspace, open_source(root / "made"), against="train", name="run",
          embedder=fake_embedder())  # fmt: skip


def test_a_digest_is_of_every_bit_and_every_column() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(6, 5)).astype(np.float16)
    rows = pa.table(
        {
            "id": range(6),
            "text": ["a", "", "b", None, "a", "é"],
            "flag": [True, False, True, True, False, True],
            "number": pa.array([1.5, None, 0.0, -0.0, 2.5, 1.5], pa.float32()),
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 5),
            "picture": pa.array([b"x", b"", b"yy", b"x", None, b"x"], pa.large_binary()),
        }
    )
    own = row_digests(rows)
    assert len(set(own.tolist())) == 6
    assert np.array_equal(row_digests(with_digests(rows)), own)
    assert np.array_equal(row_digests(rows.slice(2)), own[2:])
    for name in rows.column_names:
        values = rows[name].to_pylist()
        changed = {"id": 9, "text": "c", "flag": False, "number": 7.0, "vector": [0.0] * 5,
                   "picture": b"z"}[name]  # fmt: skip
        column = pa.array([changed, *values[1:]], rows.schema.field(name).type)
        other = row_digests(rows.set_column(rows.column_names.index(name), name, column))
        assert other[0] != own[0] and np.array_equal(other[1:], own[1:])


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def test_a_flipped_byte_that_changes_what_is_read_is_found(valued: Workspace) -> None:
    """Flip single bytes all over the tables: what then reads otherwise is named, every time."""
    random, missed, changed = np.random.default_rng(5), [], 0
    for record in (valued.image_set("train"), valued.run("run")):
        assert damage(record) == []
        for path in sorted(record.folder.rglob("*.lance/data/*.lance")):
            table = next(t for t in path.parents if t.suffix == ".lance")
            before = pa.table(rows_of_path(table))
            whole = path.read_bytes()
            for at in random.integers(0, len(whole), 12):
                flip(path, int(at))
                found = damage(record)
                try:
                    after = pa.table(rows_of_path(table))
                    same = after.equals(before)
                except Exception:  # whatever Lance makes of it
                    same = False
                changed += not same
                if not same and not found:
                    missed.append((path.name, int(at)))
                path.write_bytes(whole)
    assert changed > 20 and missed == []


def rows_of_path(path: Path) -> pa.Table:
    import lance

    return lance.dataset(str(path)).to_table()


def cut_off(folder: Path) -> None:
    for path in folder.rglob("data/*.lance"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGE: dict[str, Callable[[Workspace], None]] = {
    "embeddings deleted": lambda w: shutil.rmtree(w.image_set("train").embeddings(FAKE).path),
    "embeddings cut off": lambda w: cut_off(w.image_set("train").embeddings(FAKE).path),
    "images deleted": lambda w: shutil.rmtree(w.image_set("train").images.path),
    "images cut off": lambda w: cut_off(w.image_set("train").images.path),
    "index deleted": lambda w: shutil.rmtree(w.image_set("train").index_folder(FAKE)),
    "matches cut off": lambda w: cut_off(w.run("run").table("matches").path),
    "quality deleted": lambda w: shutil.rmtree(w.run("run").table("quality").path),
    "values cut off": lambda w: cut_off(w.run("run").table("values").path),
    "generated images cut off": lambda w: cut_off(w.image_set("run-generated").images.path),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_the_same_call_repairs_it(what: str, valued: Workspace, tmp_path: Path) -> None:
    sound = tmp_path / "sound"
    shutil.copytree(valued.root, sound)
    updated = valued.image_set("train").manifest().updated
    DAMAGE[what](valued)
    records = (valued.image_set("train"), valued.run("run"), valued.image_set("run-generated"))
    if what != "index deleted":  # a small set is searched without one
        assert any(damage(record) for record in records)
    again(valued, tmp_path)
    assert [damage(record) for record in records] == [[], [], []]
    other = Workspace(sound)
    assert_same_set(valued.image_set("train"), other.image_set("train"))
    assert_same_set(valued.image_set("run-generated"), other.image_set("run-generated"))
    assert_same_run(valued.run("run"), other.run("run"))
    assert valued.image_set("train").manifest().updated == updated
    assert open_run(valued, "run").manifest.state == "ready"


def flip_all(folder: Path) -> None:
    for path in folder.rglob("data/*.lance"):
        flip(path, path.stat().st_size // 3)


def cut_manifests(folder: Path) -> None:
    for path in folder.rglob("*.manifest"):
        path.write_bytes(path.read_bytes()[:10])


HURT = {"flip": flip_all, "cut": cut_off, "cut manifest": cut_manifests, "delete": shutil.rmtree}


@pytest.mark.parametrize("hurt", HURT)
def test_the_same_calls_repair_every_table(
    hurt: str, copied: Callable[..., None], workspace: Workspace, tmp_path: Path
) -> None:
    """Each table of two sets and a run with all that is kept beside them, one by one."""
    copied(write_more)
    sound = shutil.copytree(workspace.root, tmp_path / "sound")
    tables = [path.relative_to(sound) for path in sound.rglob("*.lance") if path.is_dir()]
    assert {"clusters", "influence_totals", "pixels-16-colour", "identical"} < {
        table.stem for table in tables
    }
    for table in tables:
        shutil.rmtree(workspace.root)
        shutil.copytree(sound, workspace.root)
        HURT[hurt](workspace.root / table)
        build(workspace, open_source(tmp_path / "train"), name="train", embedder=fake_embedder())
        value_more(workspace, tmp_path)
        run, other = workspace.run("run"), Workspace(sound).run("run")
        sets = [workspace.image_set(name) for name in ("train", "run-generated", "run-held-out")]
        assert [damage(record) for record in (run, *sets)] == [[]] * 4, table
        assert_same_run(run, other)
        for name in ("influence", "influence_totals", "identical"):
            digests, others = (rows_of(one.table(name))[DIGEST] for one in (run, other))
            assert digests.equals(others), (table, name)


def test_what_lance_gives_up_at_is_damage(valued: Workspace) -> None:
    """A type that no version writes ends Lance's thread: a class of error that is no Exception."""
    table = valued.run("run").table("matches")
    (manifest,) = (table.path / "_versions").glob("*.manifest")
    kind = b"fixed_size_list:"
    manifest.write_bytes(manifest.read_bytes().replace(kind, b"fixed_cize_list:"))
    assert any("matches.lance of 'run' cannot be read" in one for one in damage(valued.run("run")))
    with pytest.raises(WorkspaceError, match=r"matches.lance of 'run' cannot be read"):
        table.read(["id", "candidates"])


def test_a_row_of_near_copies_that_names_no_image_is_damage(valued: Workspace) -> None:
    find_clusters(valued, "train", fake_embedder())
    table = clusters_table(valued.image_set("train"))
    table.rewrite(lambda rows: rows.set_column(1, "cluster", pa.array([1 << 36] * len(rows))))
    with pytest.raises(WorkspaceError, match="names images that there are not"):
        read_clusters(valued.image_set("train"))


def test_a_run_whose_lists_are_gone_is_a_sentence(valued: Workspace) -> None:
    shutil.rmtree(valued.run("run").table("matches").path)
    with pytest.raises(WorkspaceError, match=r"matches.lance of 'run' is missing; give the same"):
        open_run(valued, "run").values_table()
        open_run(valued, "run").totals()


def test_a_manifest_that_was_cut_off_is_made_again_without_it(
    valued: Workspace, tmp_path: Path
) -> None:
    sound = Workspace(shutil.copytree(valued.root, tmp_path / "sound"))
    for record in (valued.image_set("train"), valued.run("run")):
        file = record.folder / "manifest.json"
        file.write_bytes(file.read_bytes()[:200])
        with pytest.raises(WorkspaceError, match=f"restore the file .*{record.name}/manifest.json"):
            again(valued, tmp_path)
        file.unlink()  # as it says
        again(valued, tmp_path)
        assert damage(record) == []
    assert_same_set(valued.image_set("train"), sound.image_set("train"))


def test_a_half_built_set_that_was_damaged_is_finished(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    source = open_source(write_images(tmp_path / "train", 20))
    build(workspace, source, name="whole", embedder=embedder)

    class Killed(Exception):
        pass

    def kill(step: object) -> None:
        if getattr(step, "done", 0) == 16:
            raise Killed

    with pytest.raises(Killed):
        build(workspace, source, name="train", embedder=embedder, report=kill)
    cut_off(workspace.image_set("train").embeddings(FAKE).path)
    build(workspace, source, name="train", embedder=embedder)
    assert_same_set(workspace.image_set("train"), workspace.image_set("whole"))


def test_images_of_several_sources_cannot_be_made_again(valued: Workspace, tmp_path: Path) -> None:
    more = open_source(write_images(tmp_path / "more" / "x", 4, first_seed=50))
    add(valued, "train", more, embedder=fake_embedder())
    entries = len(valued.image_set("train").manifest().sources)
    assert add(valued, "train", more, embedder=fake_embedder()).reused
    assert len(valued.image_set("train").manifest().sources) == entries == 2
    cut_off(valued.image_set("train").images.path)
    with pytest.raises(WorkspaceError, match="came from 2 sources; delete the set, build and add"):
        build(valued, open_source(tmp_path / "train"), name="train", embedder=fake_embedder())


def test_another_set_of_the_same_size_is_not_taken_for_the_one_that_was_valued(
    valued: Workspace, tmp_path: Path
) -> None:
    valued.drop(valued.image_set("train"))
    others = open_source(write_images(tmp_path / "others", 24, first_seed=500))
    build(valued, others, name="train", embedder=fake_embedder())
    with pytest.raises(WorkspaceError, match="The set 'train' was built anew since the run 'run'"):
        open_run(valued, "run")


def test_a_reader_says_how_to_repair(valued: Workspace) -> None:
    cut_off(valued.image_set("train").images.path)
    with pytest.raises(WorkspaceError, match=r"images\.lance of 'train' cannot be read .* again"):
        valued.image_set("train").images.read(["preview"])


def test_tables_without_digests_are_read_and_no_more(valued: Workspace) -> None:
    import lance

    images = valued.image_set("train")
    lance.dataset(str(images.images.path)).drop_columns([DIGEST])
    assert damage(images) == []
    assert DIGEST not in rows_of(images.images).column_names
