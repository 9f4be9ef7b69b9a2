"""Files on an object store as a path, and the sentences where it does not answer."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from gmv_core import Workspace, WorkspaceError
from gmv_core.store.files import aside
from gmv_core.store.remote import copies
from gmv_core.store.remote.copies import on_this_machine
from gmv_core.store.remote.objects import ObjectPath, system, unreachable
from gmv_core.store.remote.places import place_of
from gmv_core.store.tables.damage import damage_of
from gmv_core.store.tables.table import Table
from gmv_core.store.workspace import default_root


def write(path: ObjectPath, text: str) -> None:
    with aside(path) as unfinished:
        unfinished.write_text(text)


@pytest.fixture
def root(place: Workspace) -> ObjectPath:
    assert isinstance(place.root, ObjectPath)
    return place.root


def test_an_object_is_named_read_and_deleted_as_a_file_is(root: ObjectPath) -> None:
    path = root / "sets" / "a b.json"
    with pytest.raises(FileNotFoundError):
        path.read_bytes()
    assert not path.exists() and not path.parent.exists()
    write(path, "ü")
    assert path.read_text() == "ü" and path.is_file() and path.parent.exists()
    assert not path.parent.is_file()
    assert (path.name, path.stem, path.suffix) == ("a b.json", "a b", ".json")
    assert path.parent.parent == root and path.with_name("c") == root / "sets" / "c"
    assert str(path.relative_to(root)) == "sets/a b.json"
    path.unlink()
    path.unlink(missing_ok=True)
    with pytest.raises(FileNotFoundError):
        path.unlink()


def test_patterns_find_what_lies_directly_below(root: ObjectPath) -> None:
    for name in ("sets/a/manifest.json", "sets/b/other", "sets/c.json", "sets/.d.json"):
        write(root / name, name)
    sets = root / "sets"
    assert [p.name for p in sets.glob("*/manifest.json")] == ["manifest.json"]
    assert [p.name for p in sets.glob("[!.]*.json")] == ["c.json"]
    assert [p.name for p in sets.glob("[ab]")] == ["a", "b"]
    assert list((root / "runs").glob("*")) == []
    assert {str(p.relative_to(sets)): size for p, size in sets.sizes().items()} == {
        "a/manifest.json": 20, "b/other": 12, "c.json": 11, ".d.json": 12,
    }  # fmt: skip


def test_nothing_appears_where_writing_failed(root: ObjectPath) -> None:
    with pytest.raises(ZeroDivisionError), aside(root / "half") as unfinished:
        unfinished.write_text("half")
        1 / 0  # noqa: B018
    assert not (root / "half").exists()


def test_a_copy_is_kept_until_the_object_changes(root: ObjectPath) -> None:
    path = root / "codes.faiss"
    write(path, "one")
    with on_this_machine(path) as first, on_this_machine(path) as again:
        assert first.samefile(again)
        write(path, "two")
        with on_this_machine(path) as second:
            assert (first.read_text(), second.read_text()) == ("one", "two")
    assert [kept.read_text() for kept in copies_of(path)] == ["two"]
    with on_this_machine(Path("here")) as here:
        assert here == Path("here")


def copies_of(path: ObjectPath) -> list[Path]:
    """Return all that lies where copies of objects are kept."""
    with on_this_machine(path) as lent:
        folder = lent.parent.parent
    return list(folder.iterdir())


def test_a_copy_that_another_session_replaces_is_fetched_again(
    root: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = root / "reviews.sqlite", copies._kept
    write(path, "one")

    def replaced(path: ObjectPath, folder: Path, own: Path) -> Path:
        monkeypatch.setattr(copies, "_kept", kept)
        copy = kept(path, folder, own)
        copy.unlink()  # as another session does that fetched a newer one
        write(path, "two")
        return copy

    monkeypatch.setattr(copies, "_kept", replaced)
    with on_this_machine(path) as lent:
        assert lent.read_text() == "two"


def test_an_object_that_is_replaced_while_it_is_fetched_is_fetched_again(
    root: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, download = root / "codes.faiss", ObjectPath.download
    write(path, "one")

    def meanwhile(self: ObjectPath, file: Path) -> None:
        monkeypatch.setattr(ObjectPath, "download", download)
        write(path, "two")
        self.download(file)

    monkeypatch.setattr(ObjectPath, "download", meanwhile)
    with on_this_machine(path) as lent:
        assert lent.read_text() == "two"
    write(path, "one")
    with on_this_machine(path) as lent:
        assert lent.read_text() == "one"


def test_what_a_killed_process_was_lent_goes_with_the_next_fetching(root: ObjectPath) -> None:
    path = root / "codes.faiss"
    write(path, "one")
    with on_this_machine(path) as lent:
        folder, (machine, pid, _) = lent.parent.parent, lent.parent.name[1:].split(".")
    assert pid == str(os.getpid())
    left, others = (folder / f".{of}.{2**22 + 1}.abc" for of in (machine, f"{machine}-2"))
    for killed in (left, others):
        killed.mkdir()
        (killed / ".unfinished").write_text("half")
    write(path, "two")
    found = copies_of(path)
    assert left not in found and others in found  # who runs on another machine is not known here


def test_sessions_at_once_each_get_a_whole_copy(root: ObjectPath) -> None:
    path, content = root / "reviews.sqlite", os.urandom(3_000_000)
    path.put(content, over=None)
    with ThreadPoolExecutor(8) as sessions:
        assert set(sessions.map(content_here, [path] * 8)) == {content}
    assert len(copies_of(path)) == 1


def content_here(path: ObjectPath) -> bytes:
    with on_this_machine(path) as lent:
        return lent.read_bytes()


def test_a_place_is_a_folder_or_an_address_of_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    assert place_of("some/folder") == Path("some/folder")
    assert place_of("S3://bucket/ws/") == ObjectPath("s3://bucket/ws")
    assert Workspace("s3://bucket").root == ObjectPath("s3://bucket")
    monkeypatch.setenv("GMV_HOME", "s3://bucket/ws")
    assert default_root() == ObjectPath("s3://bucket/ws")
    for wrong in ("gs://bucket/ws", "https://host/ws", "s3://", "s3:///"):
        with pytest.raises(WorkspaceError, match="is no place for a workspace"):
            place_of(wrong)


@pytest.mark.parametrize(
    "text",
    ["s3://b/../c", "s3://b/a/../c", "s3://b/./c", "s3://b/a?x", "s3://b/a#x", "s3://b/%2e%2e/c",
     "s3://b/a\\c", "s3://b/a\nc"],
)  # fmt: skip
def test_an_address_that_two_libraries_read_differently_is_refused(text: str) -> None:
    with pytest.raises(WorkspaceError, match="cannot be a part of a workspace's address"):
        place_of(text)


def test_two_spellings_are_one_place_and_a_strange_one_holds_its_own_tables(
    root: ObjectPath,
) -> None:
    assert place_of(f"{root}//ws/") == place_of(f"{root}/ws")
    for name in ("two words", "wsé", "a:b@c+d,e=f", "st*r [1]", "a::b"):
        place = place_of(f"{root}/{name}")
        assert isinstance(place, ObjectPath)
        Table(place / "some.lance").append(pa.table({"id": [0]}))
        assert len(Table(place / "some.lance")) == 1
        assert any(path.parent == place / "some.lance" / "_versions" for path in place.sizes())


def test_secrets_are_not_repeated(root: ObjectPath, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("s3://KEY:secret@bucket/ws", "https://ada:secret@host/ws?secret"):
        with pytest.raises(WorkspaceError, match="is no place for a workspace") as told:
            place_of(wrong)
        assert "secret" not in str(told.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://ada:secret@127.0.0.1:9")
    with pytest.raises(WorkspaceError, match="cannot be used") as told:
        Workspace(root).sets()
    assert "secret" not in str(told.value)
    refused = OSError("403: <Error><AWSAccessKeyId>secret</AWSAccessKeyId><StringToSign>secret")
    assert "secret" not in str(unreachable(root, refused))


def test_a_set_is_found_by_no_name_that_no_set_has(root: ObjectPath) -> None:
    for name in ("..", ".hidden", "a b", "train"):
        ObjectPath(f"{root}/ws/sets/{name}/manifest.json").put(b"{}", over=None)
    assert [found.name for found in Workspace(root / "ws").sets()] == ["train"]


def test_a_missing_bucket_is_one_sentence(bucket: str) -> None:
    place = Workspace("s3://nowhere/ws")
    assert place.sets() == []
    with pytest.raises(WorkspaceError, match="There is no bucket 'nowhere'; make it first"):
        with place.writing():
            pass


def test_a_store_that_does_not_answer_is_one_sentence_and_no_damage(
    root: ObjectPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table(root / "some.lance")
    table.append(pa.table({"id": [0]}))
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(WorkspaceError, match=r"some.lance cannot be used"):
            damage_of(table)
        patch.setattr(Table, "exists", lambda _: True)  # it ceases to answer after that
        for asked in (lambda: damage_of(table), lambda: table.read(["id"])):
            with pytest.raises(WorkspaceError, match=r"some.lance cannot be used"):
                asked()
    assert not damage_of(table) and len(table) == 1


def test_a_missing_package_is_named(root: ObjectPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(WorkspaceError, match=r"needs the package s3fs; `pip install"):
        Workspace(root).sets()


def test_credentials_that_are_missing_are_one_sentence(
    root: ObjectPath, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    system(root).clear_instance_cache()
    with pytest.raises(WorkspaceError, match="Unable to locate credentials"):
        with Workspace(root).writing():
            pass
    system(root).clear_instance_cache()
