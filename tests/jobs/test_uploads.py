"""Uploads: safe names, the limit, what becomes a source; and which server paths may be read."""

from __future__ import annotations

import io
import os
import time
import zipfile
from pathlib import Path

import pytest

from gmv_core import SettingsError, SourceError
from gmv_core.jobs import control
from gmv_core.jobs.uploads import (
    Upload,
    limit_bytes,
    open_spooled,
    spool,
    sweep,
    uploads_of,
    used_bytes,
    with_table,
)
from gmv_core.sources.on_server import data_roots, open_on_server
from gmv_core.store.workspace import Workspace
from gmv_core.words import size_text
from tests.fakes import draw, png, write_images


class File(io.BytesIO):
    """What a browser uploads: bytes with a name."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def image(name: str, seed: int = 0) -> Upload:
    return File(name, png(draw(seed)))


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for i, name in enumerate(names):
            archive.writestr(name, png(draw(i)))
    return file.getvalue()


def opened_names(workspace: Workspace, *files: Upload) -> list[str]:
    return list(open_spooled(spool(workspace, files)).names or ())


def test_a_folder_keeps_its_paths_without_the_top(workspace: Workspace) -> None:
    table = File("photos/labels.csv", b"name,owner\ncat/1.png,Ada\n")
    folder = spool(workspace, [image("photos/cat/1.png"), image("photos/dog/1.png"), table])
    source = open_spooled(folder)
    assert source.names == ["cat/1.png", "dog/1.png"]
    assert source.labels_file == folder / "files" / "labels.csv"
    assert uploads_of(workspace, source) == folder
    assert [i.data for i in source.read()] == [png(draw(0))] * 2
    assert (folder / "files" / "cat" / "1.png").read_bytes() == png(draw(0))


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("../../../etc/evil.png", "etc/evil.png"),
        ("/absolute.png", "absolute.png"),
        ("C:\\photos\\a.png", "photos/a.png"),
        ("a/./b//c.png", "a/b/c.png"),
        ("nul\0byte.png", "nulbyte.png"),
        ("x" * 300 + ".png", "x" * 40 + ".png"),
        ("é" * 150 + ".png", "é" * 40 + ".png"),
    ],
)
def test_names_are_made_safe(workspace: Workspace, given: str, written: str) -> None:
    folder = spool(workspace, [image(given), image("other.png")])
    assert (folder / "files" / written).is_file()
    outside = [p for p in workspace.root.rglob("*.png") if folder not in p.parents]
    assert outside == []


def test_names_with_lone_surrogates_are_written_out(workspace: Workspace) -> None:
    source = open_spooled(spool(workspace, [image("\ud800.png"), image("\udcff.png", 1)]))
    assert source.names == ["ud800.png", "xff.png"]  # a backslash separates folders


def test_the_same_name_twice_is_two_files(workspace: Workspace) -> None:
    names = opened_names(workspace, image("a.png", 1), image("a.png", 2), image("b.png"))
    assert sorted(names) == ["a (2).png", "a.png", "b.png"]


def test_a_file_read_before_is_read_from_its_start(workspace: Workspace) -> None:
    file = image("a.png")
    file.read()
    folder = spool(workspace, [file])
    assert (folder / "files" / "a.png").read_bytes() == png(draw(0))


def test_one_archive_is_the_source_itself(workspace: Workspace) -> None:
    archive = File("my.zip", zipped("cat/1.png", "dog/2.png"))
    folder = spool(workspace, [archive], table=File("t.csv", b"name\n"))
    source = open_spooled(folder)
    assert (source.kind, source.location) == ("zip", str(folder / "files" / "my.zip"))
    assert source.labels_file == folder / "labels.csv"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([], r"No images in what was uploaded \(it is empty\); give a source"),
        ([("a.txt", b"hello"), ("b.txt", b"x")], r"No images in what was uploaded \(2 not an im"),
        ([("a.pdf", b"%PDF-1.7")], "a.pdf is a PDF document; save its pictures"),
        ([("e.zip", zipped())], "No images in e.zip"),
        ([("e.zip", b"")], r"e.zip is empty \(0 bytes\)"),
        ([("a.zip", zipped("1.png")), ("b.zip", zipped("1.png"))], r"2 archives were given"),
        ([("a.zip", zipped("1.png")), ("b.png", b"x")], r"\(a.zip\) was given together with 1"),
    ],
)  # fmt: skip
def test_what_is_no_source_is_one_sentence(
    workspace: Workspace, files: list[tuple[str, bytes]], sentence: str
) -> None:
    folder = spool(workspace, [File(*file) for file in files])
    with pytest.raises(SourceError, match=sentence) as caught:
        open_spooled(folder)
    assert str(workspace.root) not in str(caught.value)


def test_over_the_limit_nothing_is_left(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GMV_UPLOAD_LIMIT", "3 kB")
    first = spool(workspace, [File("a.png", b"x" * 2000)])
    assert used_bytes(workspace) == 2000
    with pytest.raises(SourceError, match=r"3 kB in all, of which 2 kB are in use; dismiss"):
        spool(workspace, [File("b.png", b"x" * 900), File("c.png", b"x" * 200)])
    assert list((workspace.root / "uploads").iterdir()) == [first]
    spool(workspace, [File("b.png", b"x" * 1000)])


@pytest.mark.parametrize(
    ("text", "bytes_"), [("", 20 * 10**9), ("500 MB", 5 * 10**8), ("1.5tb", 15 * 10**11), ("7", 7)]
)
def test_the_limit_is_written_for_people(
    text: str, bytes_: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GMV_UPLOAD_LIMIT", text)
    assert limit_bytes() == bytes_
    monkeypatch.setenv("GMV_UPLOAD_LIMIT", "much")
    with pytest.raises(SettingsError, match="GMV_UPLOAD_LIMIT is 'much'; write it like"):
        limit_bytes()


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (3.21e9, "3.21 GB")]
)
def test_sizes_have_three_digits_at_most(size: int, text: str) -> None:
    assert size_text(size) == text


def test_an_upload_that_breaks_off_leaves_nothing(workspace: Workspace) -> None:
    class Broken(File):
        def read(self, size: int | None = -1, /) -> bytes:
            raise KeyError("an error of the program")

    with pytest.raises(KeyError):
        spool(workspace, [image("a.png"), Broken("b.png", b"")])
    assert list((workspace.beside / "uploads").glob("*")) == []


def test_a_disk_that_cannot_be_written_is_one_sentence(workspace: Workspace) -> None:
    with pytest.raises(SourceError, match="The uploads cannot be written"):
        spool(workspace, [File("a", b"x"), File("a/b.png", b"x")])
    assert list((workspace.root / "uploads").iterdir()) == []


def test_uploads_that_no_job_took_go_after_a_day(workspace: Workspace) -> None:
    taken, abandoned, new = (spool(workspace, [image("a.png")]) for _ in range(3))
    job = control.start(workspace, ["delete", "none"], title="D", target="none", uploads=taken)
    yesterday = time.time() - 25 * 3600
    for folder in (taken, abandoned):
        os.utime(folder, (yesterday, yesterday))
    sweep(workspace)
    assert (taken.exists(), abandoned.exists(), new.exists()) == (True, False, True)
    control.forget(workspace, job.id)
    assert not taken.exists()


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders that may be read, one of them with images, and one that may not."""
    for name in ("one/cats", "two", "secret"):
        write_images(tmp_path / name, 3)
    monkeypatch.setenv("GMV_DATA_ROOTS", f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}")
    return tmp_path


def test_paths_below_a_root_are_read(roots: Path, workspace: Workspace) -> None:
    assert data_roots() == [roots / "one", roots / "two"]
    for path in (str(roots / "one" / "cats"), "cats", " cats/ "):
        source = open_on_server(path)
        assert source.location == str(roots / "one" / "cats")
    assert uploads_of(workspace, source) is None
    assert open_on_server(str(roots / "two")).total == 3
    table = spool(workspace, [], table=File("t.csv", b"name\n"))
    assert uploads_of(workspace, with_table(source, table)) == table


@pytest.mark.parametrize("path", ["", "../secret", "/etc", "cats/../../secret", "link"])
def test_paths_outside_are_refused(roots: Path, path: str) -> None:
    (roots / "one" / "link").symlink_to(roots / "secret")
    with pytest.raises(SourceError, match="is not below a folder that may be read here"):
        open_on_server(path)


def test_links_in_a_folder_lead_out_of_it_nowhere(roots: Path) -> None:
    inside, secret = roots / "one" / "cats", next((roots / "secret").rglob("*.png"))
    own = next(inside.rglob("*.png"))
    (inside / "own.png").symlink_to(own)
    (inside / "secret.png").symlink_to(secret)
    (inside / "folder").symlink_to(roots / "secret")
    secret.write_bytes(png(draw(99)))
    source = open_on_server("cats")
    read = {image.name: image.data for image in source.read()}
    assert len(read) == 4 and read["own.png"] == own.read_bytes()
    assert secret.read_bytes() not in read.values()
    assert source.skipped == {"link outside the folder": 2}


@pytest.mark.usefixtures("roots")
@pytest.mark.parametrize("path", ["x" * 5000, "a\0b", "~no-such-user/cats"])
def test_what_is_no_path_at_all_is_a_sentence(path: str) -> None:
    with pytest.raises(SourceError, match=r"is no path on this server|is not below"):
        open_on_server(path)


def test_a_name_that_only_begins_like_a_root_is_outside(roots: Path) -> None:
    write_images(roots / "two-secret", 3)
    with pytest.raises(SourceError, match="is not below"):
        open_on_server(str(roots / "two-secret"))


def test_without_roots_no_path_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GMV_DATA_ROOTS", raising=False)
    with pytest.raises(SourceError, match=r"none; start the app with GMV_DATA_ROOTS=FOLDER"):
        open_on_server(str(tmp_path))


def test_nothing_there_is_said(roots: Path) -> None:
    with pytest.raises(SourceError, match="There is nothing at"):
        open_on_server("dogs")
