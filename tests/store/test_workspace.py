"""The workspace on disk: names, what may be deleted, and the writer's lock."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from gmv_core.errors import WorkspaceError
from gmv_core.store.manifests import Part
from gmv_core.store.workspace import Workspace, default_root, file_name
from tests.fakes import run_manifest, set_manifest


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


def test_a_workspace_takes_a_string(tmp_path: Path) -> None:
    assert Workspace(str(tmp_path)) == Workspace(tmp_path)


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
    workspace.image_set("spare").images.append(pa.table({"id": range(5)}))

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
