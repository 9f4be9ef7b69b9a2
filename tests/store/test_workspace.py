"""The workspace on disk: names, tables, manifests, what may be deleted, and the writer's lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gmv_core.errors import WorkspaceError
from gmv_core.store.files import write_json
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import EmbedderEntry, Part
from gmv_core.store.table import Table
from gmv_core.store.workspace import Workspace, default_root, file_name
from tests.fakes import change_json, rows_of, run_manifest, set_manifest


def numbers(first: int, count: int) -> pa.Table:
    ids = np.arange(first, first + count)
    return pa.table({"id": ids, "square": ids**2})


@pytest.mark.parametrize("name", ["a", "A9", "my-set_1.2", "0", "x" * 64])
def test_names_that_are_fine(workspace: Workspace, name: str) -> None:
    assert workspace.image_set(name).folder == workspace.root / "sets" / name
    assert workspace.run(name).folder == workspace.root / "runs" / name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        ".hidden",
        "-x",
        "_x",
        "a b",
        "a\n",
        "ä",
        "x" * 65,
        "a.",
    ],
)
def test_names_that_are_none(workspace: Workspace, name: str) -> None:
    for where in (workspace.image_set, workspace.run):
        with pytest.raises(WorkspaceError, match="cannot be a name; use 1 to 64 letters"):
            where(name)


def test_a_models_key_becomes_a_file_name() -> None:
    assert file_name("open_clip:ViT-B-32:/data/x.pt") == "open_clip-ViT-B-32-data-x.pt"
    assert file_name("../..") == "model"


def test_the_root_is_gmv_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GMV_HOME", "/somewhere")
    assert default_root() == Path("/somewhere")
    monkeypatch.delenv("GMV_HOME")
    assert default_root() == Path("workspace")


def test_a_table_grows_is_cut_and_is_dropped(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.lance")
    assert len(table) == 0
    assert list(table.batches(["id"])) == []
    table.append(numbers(0, 5))
    table.append(numbers(5, 5))
    assert len(table) == 10
    table.cut(7)
    table.cut(9)  # longer than it is: nothing to do
    table.append(numbers(7, 2))
    assert rows_of(table)["square"].to_pylist() == [i**2 for i in range(9)]
    table.drop()
    assert len(table) == 0
    table.drop()
    table.append(numbers(0, 2))
    assert len(table) == 2
    table.write(numbers(0, 3))
    assert len(table) == 3


def test_rows_come_in_the_order_asked_for_with_repeats(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.lance")
    for first in (0, 4, 8):
        table.append(numbers(first, 4))
    taken = table.take(np.array([9, 0, 9, 5]), ["square"])
    assert taken["square"].to_pylist() == [81, 0, 81, 25]
    assert table.take(np.empty(0, np.int64), ["id"]).num_rows == 0


@pytest.mark.parametrize("start", [0, 3, 11, 12, 40])
def test_batches_come_in_order_from_any_row(tmp_path: Path, start: int) -> None:
    table = Table(tmp_path / "t.lance")
    for first in (0, 4, 8):
        table.append(numbers(first, 4))
    batches = list(table.batches(["id"], start=start, size=5))
    assert [i for b in batches for i in b["id"].to_pylist()] == list(range(start, 12))
    assert all(0 < len(batch) <= 5 for batch in batches)


def test_tidying_merges_files_and_keeps_the_rows(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.lance")
    for first in range(0, 12, 3):
        table.append(numbers(first, 3))
    table.cut(10)
    before = rows_of(table)
    table.tidy()
    assert rows_of(table).equals(before)
    dataset = table.open()
    assert dataset is not None
    assert len(dataset.get_fragments()) == 1
    assert len(dataset.versions()) == 1
    version = dataset.version
    table.tidy()  # a tidy table is left alone
    assert table.open().version == version
    assert table.take(np.array([9, 2]), ["id"])["id"].to_pylist() == [9, 2]


def test_files_and_versions_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmv_core.store.table.MERGED_COMMITS", 4)
    monkeypatch.setattr("gmv_core.store.table.FILE_ROWS", 6)
    table, most = Table(tmp_path / "t.lance"), 0
    for first in range(0, 60, 2):
        table.append(numbers(first, 2))
        most = max(most, len(table.open().versions()))
    assert rows_of(table)["id"].to_pylist() == list(range(60))
    assert most <= 7, "its own versions of one merging and the commits since"
    counts = [fragment.count_rows() for fragment in table.open().get_fragments()]
    assert len(counts) <= 10 and max(counts) <= 12, "a full file is not merged again"


@pytest.mark.parametrize("left", ["", "data", "_versions", "_transactions"])
def test_a_first_append_that_was_killed_counts_for_nothing(tmp_path: Path, left: str) -> None:
    table = Table(tmp_path / "t.lance")
    (table.path / left).mkdir(parents=True)
    (table.path / left / "half-written").write_bytes(b"\0" * 10)
    assert len(table) == 0
    table.append(numbers(0, 3))
    assert rows_of(table)["id"].to_pylist() == [0, 1, 2]


def test_a_missing_table_is_a_sentence(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.lance")
    for read in (lambda: table.read(["id"]), lambda: table.take(np.array([0]), ["id"])):
        with pytest.raises(WorkspaceError, match=r"t\.lance .*is missing; give the same build"):
            read()


def test_a_workspace_takes_a_string(tmp_path: Path) -> None:
    assert Workspace(str(tmp_path)) == Workspace(tmp_path)


def test_a_manifest_is_read_as_it_was_written(workspace: Workspace) -> None:
    record = workspace.image_set("faces")
    assert not record.exists()
    record.write_manifest(set_manifest("faces", embedder=EmbedderEntry("fake", "own", "Käthe φ")))
    assert record.exists()
    read = record.manifest()
    assert read == set_manifest("faces", embedder=EmbedderEntry("fake", "own", "Käthe φ"))
    assert "updated" not in as_json(read), "what is not known yet is not written"
    assert [s.name for s in workspace.sets()] == ["faces"]
    assert workspace.runs() == []
    assert list(record.folder.iterdir()) == [record.folder / "manifest.json"]  # nothing aside


def test_a_manifest_is_replaced_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "manifest.json"
    write_json(path, {"version": 1})

    def killed(self: Path, target: Path) -> None:
        assert json.loads(self.read_text()) == {"version": 2}  # complete before it is seen
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_json(path, {"version": 2})
    assert json.loads(path.read_text()) == {"version": 1}


def test_missing_broken_and_foreign_manifests_are_sentences(workspace: Workspace) -> None:
    record = workspace.image_set("faces")
    with pytest.raises(WorkspaceError, match="There is no set named 'faces' in this workspace"):
        record.manifest()
    with pytest.raises(WorkspaceError, match="There is no run named 'faces'"):
        workspace.run("faces").manifest()
    record.write_manifest(set_manifest("faces"))
    path = record.folder / "manifest.json"
    path.write_text('{"format": 1}')
    with pytest.raises(WorkspaceError, match="written in format 1, this version reads format 2"):
        record.manifest()
    path.write_text("[]")
    with pytest.raises(WorkspaceError, match="is not readable"):
        record.manifest()
    path.write_text("{}")
    with pytest.raises(WorkspaceError, match="written in format None, this version reads format 2"):
        record.manifest()
    for broken in ('{"format"', '{"format": 2}', '{"format": 2, "name": 3}', "\xff", ""):
        path.write_text(broken, encoding="latin-1")
        with pytest.raises(WorkspaceError, match="is not readable"):
            record.manifest()


def test_settings_that_no_version_writes_are_a_sentence(workspace: Workspace) -> None:
    record = workspace.image_set("faces")
    record.write_manifest(set_manifest("faces"))
    change_json(record, ingest={"max_pixels": 0, "preview_side_px": 256})
    with pytest.raises(WorkspaceError, match="holds what cannot be"):
        record.manifest()


def test_a_later_versions_keys_are_passed_over(workspace: Workspace) -> None:
    record = workspace.image_set("faces")
    record.write_manifest(set_manifest("faces"))
    change_json(record, weather="fine")
    assert record.manifest() == set_manifest("faces")


def test_no_image_that_could_be_read_has_no_typical_one(workspace: Workspace) -> None:
    """Format 2 was written with an empty object there."""
    record = workspace.image_set("faces")
    record.write_manifest(set_manifest("faces"))
    change_json(record, typical={})
    assert record.manifest().typical is None


def with_run(workspace: Workspace) -> None:
    for name in ("train", "made", "spare"):
        workspace.image_set(name).write_manifest(set_manifest(name))
    used = run_manifest("first", Part("train", 0), Part("made", 0))
    workspace.run("first").write_manifest(used)


def test_a_set_is_kept_while_a_run_that_cannot_be_read_may_use_it(workspace: Workspace) -> None:
    with_run(workspace)
    (workspace.run("first").folder / "manifest.json").write_text('{"format": 1}')
    with pytest.raises(WorkspaceError, match=r"run .first. cannot be read.*delete that run first"):
        workspace.delete("spare")
    assert workspace.delete("first") == "run"
    assert workspace.delete("spare") == "set"


@pytest.mark.parametrize("name", ["train", "made"])
def test_a_set_that_a_run_uses_is_kept(workspace: Workspace, name: str) -> None:
    with_run(workspace)
    with pytest.raises(WorkspaceError, match=f"'{name}' is used by the run 'first'; delete that"):
        workspace.delete(name)
    assert workspace.image_set(name).exists()
    assert workspace.delete("first") == "run"
    assert workspace.delete(name) == "set"
    assert not workspace.image_set(name).folder.exists()
    assert workspace.image_set("spare").exists()


def test_of_a_set_and_a_run_of_one_name_the_one_that_is_meant_is_deleted(
    workspace: Workspace,
) -> None:
    with_run(workspace)
    workspace.image_set("first").write_manifest(set_manifest("first"))
    assert workspace.delete("first", kind="set") == "set"
    assert workspace.run("first").exists()
    with pytest.raises(WorkspaceError, match="There is no set named 'first'"):
        workspace.delete("first", kind="set")
    assert workspace.delete("first", kind="run") == "run"


def test_nothing_but_our_own_folders_is_deleted(workspace: Workspace, tmp_path: Path) -> None:
    with_run(workspace)
    foreign = workspace.root / "sets" / "holiday"
    foreign.mkdir()
    (foreign / "photo.jpg").write_bytes(b"dear")
    with pytest.raises(WorkspaceError, match="There is no set or run named 'holiday'"):
        workspace.delete("holiday")
    with pytest.raises(WorkspaceError, match="is not a set or run of this workspace"):
        workspace.drop(workspace.image_set("holiday"))
    assert (foreign / "photo.jpg").exists()
    other = Workspace(tmp_path / "other")
    other.image_set("train").write_manifest(set_manifest("train"))
    with pytest.raises(WorkspaceError, match="is not a set or run of this workspace"):
        workspace.drop(other.image_set("train"))
    assert other.image_set("train").exists()


def test_a_deletion_that_was_killed_leaves_no_half_of_a_set(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_run(workspace)
    workspace.image_set("spare").images.append(numbers(0, 5))

    def killed(path: Path, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gmv_core.store.files.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            workspace.delete("spare")
    # A manifest without its rows, or rows without their manifest, would be taken up again.
    assert not workspace.image_set("spare").exists()
    assert len(workspace.image_set("spare").images) == 0
    assert [s.name for s in workspace.sets()] == ["made", "train"]
    workspace.image_set("spare").write_manifest(set_manifest("spare"))
    assert workspace.delete("spare") == "set"


HOLDER = """
import sys
from pathlib import Path
from gmv_core.store.workspace import Workspace
with Workspace(Path(sys.argv[1])).writing():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_gets_a_sentence_and_a_killed_one_lets_go(workspace: Workspace) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(workspace.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(WorkspaceError, match=r"Another build or run is writing in .*; wait"),
            workspace.writing(),
        ):
            raise AssertionError("two writers at once")
    finally:
        holder.kill()
        holder.communicate()
    with workspace.writing():
        pass


def test_the_lock_is_let_go_after_an_error(workspace: Workspace) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), workspace.writing():
            _ = 1 / 0


def test_a_workspace_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(WorkspaceError, match=r"cannot be written .*; choose another with"),
        Workspace(tmp_path / "file").writing(),
    ):
        pass
    assert os.listdir(tmp_path) == ["file"]
