"""What web servers do: send on, keep quiet about sizes, break off, refuse, answer with a page."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, build
from gmv_core.errors import SourceError
from gmv_core.sources.addresses import asking
from gmv_core.sources.opening import open_source
from tests.fakes import assert_same_set, fake_embedder, shrink_commits
from tests.sources.conftest import png, tarred, zipped
from tests.sources.servers import Web, web_server

COUNT = 48
IMAGES = {
    f"class{i % 3}/{i:04d}.png": png(i) + np.random.default_rng(i).bytes(60_000)
    for i in range(COUNT)
}
ARCHIVES = ("photos.zip", "photos.tar", "photos.tar.gz")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archives")
    zipped(root / "photos.zip", IMAGES)
    tarred(root / "photos.tar", IMAGES)
    tarred(root / "photos.tar.gz", IMAGES, "w:gz")
    return root


@pytest.fixture
def web(archives: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setattr(asking, "WAITS_SECONDS", (0.01, 0.01))
    with web_server(archives) as served:
        yield served


def read_from(address: str) -> dict[str, bytes]:
    images = list(open_source(address).read())
    assert [image.error for image in images] == [""] * len(images)
    return {image.name: image.data for image in images}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_was_moved_is_read_where_it_is(
    name: str, archives: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, connect = set(), socket.socket.connect

    def noting(self: socket.socket, to: tuple[str, int]) -> None:
        asked.add(to[1])
        connect(self, to)

    monkeypatch.setattr(socket.socket, "connect", noting)
    with web_server(archives) as other:
        web.elsewhere = other.address
        assert read_from(f"{web.address}/{name}") == IMAGES
        assert not web.sent and other.sent
        ports = {int(one.address.rpartition(":")[2]) for one in (web, other)}
    assert asked == ports, "nobody else is asked"


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_slow_server_is_waited_for(name: str, web: Web) -> None:
    web.seconds = 0.2
    assert read_from(f"{web.address}/{name}") == IMAGES


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("quiet", ["length", "ranges"])
def test_who_tells_no_size_or_gives_no_parts_is_named_at_once(
    name: str, quiet: str, web: Web
) -> None:
    setattr(web, quiet, False)
    try:
        found = read_from(f"{web.address}/{name}")
    except SourceError as error:
        assert "download it" in str(error), error
    else:
        assert found == IMAGES


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_connection_that_is_cut_is_taken_up_again(name: str, web: Web) -> None:
    source = open_source(f"{web.address}/{name}")
    web.cut = 2
    assert {image.name: image.data for image in source.read()} == IMAGES


@pytest.mark.parametrize("name", ARCHIVES)
def test_cut_for_good_the_same_command_goes_on(
    name: str, archives: Path, web: Web, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink_commits(monkeypatch)
    monkeypatch.setattr("gmv_core.sources.addresses.address._BLOCK_BYTES", 100_000)
    source = open_source(f"{web.address}/{name}")

    def losing(step: object) -> None:
        if getattr(step, "done", 0) >= 8:
            web.cut = 10_000

    with pytest.raises(SourceError, match=r"cannot be read .*the same command goes on"):
        build(workspace, source, name="there", embedder=fake_embedder(), report=losing)
    assert 8 <= len(workspace.image_set("there").images) < COUNT
    web.cut = 0
    again = open_source(f"{web.address}/{name}")
    made = build(workspace, again, name="there", embedder=fake_embedder())
    assert made.counts is not None and (made.counts.ok, made.counts.rejected) == (COUNT, 0)
    build(workspace, open_source(archives / name), name="here", embedder=fake_embedder())
    assert_same_set(workspace.image_set("there"), workspace.image_set("here"))


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "may not be read"), (403, "may not be read"), (404, "There is nothing at"),
     (410, "There is nothing at"), (429, "cannot be read"), (500, "cannot be read")],
)  # fmt: skip
def test_a_refusal_is_a_sentence(status: int, sentence: str, web: Web) -> None:
    web.status = status
    with pytest.raises(SourceError, match=sentence) as told:
        open_source(f"{web.address}/photos.zip?key=secret")
    assert "secret" not in str(told.value)


def test_a_page_instead_of_a_file_is_named(web: Web) -> None:
    web.pages = True
    with pytest.raises(SourceError, match="is a web page"):
        open_source(f"{web.address}/photos.zip")
