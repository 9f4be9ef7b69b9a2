"""A source is the same by its address as on this disk: an S3 server and a web server say so."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmv_core import Workspace, build, labels_for
from gmv_core.errors import SourceError
from gmv_core.sources.addresses import asking
from gmv_core.sources.addresses.address import Address, is_address
from gmv_core.sources.on_server import address_roots, data_roots, open_on_server, roots
from gmv_core.sources.opening import open_source
from gmv_core.types import SourceImage
from tests.fakes import assert_same_set, fake_embedder, shrink_commits, write_images
from tests.sources.conftest import folder, png, tarred, zipped
from tests.sources.servers import Web, object_store, put, web_server

TABLE = b"name,owner\n" + b"".join(b"class%d/%04d.png,Ada\n" % (i % 3, i) for i in range(9))
KINDS = ("photos", "photos.zip", "photos.tar", "photos.tar.gz", "photos.parquet", "shards", "tars",
         "one.png")  # fmt: skip


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same images as a folder, archives, a Parquet file, shards, and one alone."""
    root = tmp_path_factory.mktemp("sources")
    write_images(root / "photos", 9)
    (root / "photos" / "labels.csv").write_bytes(TABLE)
    (root / "photos" / "class0" / "0000.json").write_text('{"hat": "yes"}')
    for name in ("odd name ü #1.png", "a [1]*.png", "b::zip.png"):
        (root / "photos" / name).write_bytes(png(3))
    files = {str(p.relative_to(root / "photos")): p.read_bytes()
             for p in sorted((root / "photos").rglob("*")) if p.is_file()}  # fmt: skip
    zipped(root / "photos.zip", files)
    tarred(root / "photos.tar", files)
    tarred(root / "photos.tar.gz", files, "w:gz")
    cells = [{"bytes": data, "path": None} for data in files.values() if data[:4] == b"\x89PNG"]
    rows = pa.table({"image": cells, "label": [str(i % 2) for i in range(len(cells))]})
    pq.write_table(rows, root / "photos.parquet", row_group_size=4)
    for i, split in enumerate(("train", "train", "test")):
        (root / "shards" / "data").mkdir(parents=True, exist_ok=True)
        pq.write_table(rows.slice(3 * i, 3), root / f"shards/data/{split}-0000{i}-of-00003.parquet")
        (root / "tars").mkdir(exist_ok=True)
        tarred(root / "tars" / f"{i:05d}.tar", {f"{i}{j}.png": png(9 * i + j) for j in range(4)})
    (root / "one.png").write_bytes(png(7))
    return root


@pytest.fixture(scope="module")
def bucket(sources: Path) -> Iterator[str]:
    """An S3 server that holds the sources."""
    with pytest.MonkeyPatch.context() as patch, object_store(patch) as address:
        for kind in KINDS:
            put(sources / kind, kind)
        yield address


@pytest.fixture
def web(sources: Path) -> Iterator[Web]:
    with web_server(sources) as served:
        yield served


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WAITS_SECONDS", (0.01, 0.01))


def all_of(place: str | Path) -> list[SourceImage]:
    source = open_source(place)
    labels = labels_for(source)
    images = list(source.read())
    for start in (1, len(images) - 1, len(images)):
        assert list(source.read(start)) == images[start:]
    return [labels.labelled(image) for image in images] if labels else images


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_bucket_it_is_what_it_is_on_a_disk(kind: str, sources: Path, bucket: str) -> None:
    here, there = open_source(sources / kind), open_source(f"{bucket}/{kind}")
    assert all_of(f"{bucket}/{kind}") == all_of(sources / kind)
    for name in ("kind", "names", "total", "labels_from", "notes"):
        assert getattr(there, name) == getattr(here, name), name
    assert there.choices == here.choices and dict(there.skipped) == dict(here.skipped)
    assert there.location == f"{bucket}/{kind}"
    assert open_source(f"{bucket}/{kind}").fingerprint == there.fingerprint


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "." in kind])
def test_on_the_web_too(kind: str, sources: Path, web: Web) -> None:
    assert all_of(f"{web.address}/{kind}") == all_of(sources / kind)


def test_a_set_is_the_same_whichever_way(sources: Path, bucket: str, workspace: Workspace) -> None:
    for name, place in (("here", sources / "photos"), ("there", f"{bucket}/photos")):
        source = open_source(place)
        build(workspace, source, name=name, labels=labels_for(source), embedder=fake_embedder())
    assert_same_set(workspace.image_set("here"), workspace.image_set("there"))
    again = open_source(f"{bucket}/photos")
    assert build(workspace, again, name="there", labels=labels_for(again),
                 embedder=fake_embedder()).reused  # fmt: skip


def test_a_changed_object_is_another_source(bucket: str, tmp_path: Path) -> None:
    folder(tmp_path / "few", {"a.png": png(1), "b.png": png(2)})
    before = open_source(put(tmp_path / "few", "changing")).fingerprint
    folder(tmp_path / "few", {"b.png": png(3)})
    assert open_source(put(tmp_path / "few", "changing")).fingerprint != before


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Archives of 40 incompressible images of 1 MB, so that a block is a small part of them."""
    images = {f"{i:02d}.png": png(i) + os.urandom(1 << 20) for i in range(40)}
    zipped(tmp_path / "large.zip", images)
    tarred(tmp_path / "large.tar", images)
    rows = pa.table({"image": [{"bytes": data, "path": None} for data in images.values()]})
    pq.write_table(rows, tmp_path / "large.parquet", row_group_size=4)
    return tmp_path


@pytest.mark.parametrize(("name", "most"), [("large.zip", 0.4), ("large.parquet", 0.3),
                                            ("large.tar", 1.2)])  # fmt: skip
def test_going_on_asks_for_little_of_what_was_read(name: str, most: float, large: Path) -> None:
    with web_server(large) as web:
        source = open_source(f"{web.address}/{name}")
        listing = web.sent_bytes
        assert listing < 0.6 * (large / name).stat().st_size
        rest = list(source.read(36))
        assert [image.error for image in rest] == [""] * 4
        assert web.sent_bytes - listing < most * (large / name).stat().st_size


def test_a_lost_line_rejects_no_image(
    large: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink_commits(monkeypatch)
    whole = open_source(large / "large.zip")
    build(workspace, whole, name="whole", embedder=fake_embedder())
    with web_server(large) as web:
        source = open_source(f"{web.address}/large.zip")
        web.fails = 2  # it is asked again
        images = source.read()
        assert next(images).error == ""

        def losing(step: object) -> None:
            if getattr(step, "done", 0) >= 8:
                web.fails = 1000

        with pytest.raises(SourceError, match=r"cannot be read .*the same command goes on"):
            build(workspace, source, name="photos", embedder=fake_embedder(), report=losing)
        done = len(workspace.image_set("photos").images)
        assert 8 <= done < 40
        web.fails = 0
        made = build(workspace, source, name="photos", embedder=fake_embedder())
    assert made.counts is not None and (made.counts.ok, made.counts.rejected) == (40, 0)
    assert_same_set(workspace.image_set("whole"), workspace.image_set("photos"))


def test_what_gives_no_parts_is_a_sentence(large: Path) -> None:
    with web_server(large) as web:
        web.ranges = False
        with pytest.raises(SourceError, match="cannot be read"):
            open_source(f"{web.address}/large.zip")


@pytest.mark.parametrize("name", ["none.zip", "photos/none.png"])
def test_nothing_there_is_a_sentence(name: str, web: Web, bucket: str) -> None:
    for place in (web.address, bucket):
        with pytest.raises(SourceError, match=f"There is nothing at {place}/{name}"):
            open_source(f"{place}/{name}")


def test_a_bucket_of_others_is_a_sentence() -> None:
    with pytest.raises(SourceError, match=r"There is nothing at|may not be read|cannot be read"):
        open_source("s3://nobody-has-this-bucket/x")


@pytest.mark.parametrize("text", ["ftp://host/a.zip", "file:///etc", "simplecache::s3://b/x",
                                  "zip://a.zip", "memory://x", "github://a:b@c"])  # fmt: skip
def test_other_kinds_of_addresses_are_refused(text: str) -> None:
    with pytest.raises(SourceError, match=r"of an unknown kind|There is nothing at"):
        open_source(text)


def test_a_missing_package_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(SourceError, match=r"need the package gcsfs; `pip install gcsfs`"):
        open_source("gs://bucket/photos")


def test_the_hub_is_asked_only_where_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    place = Address.of("hf://datasets/someone/pictures/data/")
    assert (place.name, str(place.parent)) == ("data", "hf://datasets/someone/pictures")
    with pytest.raises(SourceError, match="hf://datasets/someone/pictures cannot be read"):
        open_source("hf://datasets/someone/pictures")


def test_secrets_of_an_address_are_not_kept(web: Web) -> None:
    host = web.address.removeprefix("http://")
    source = open_source(f"http://ada:secret@{host}/photos.zip?token=secret")
    assert source.location == f"{web.address}/photos.zip"
    for name, fails in (("none", 0), ("photos", 1000)):
        web.fails = fails
        with pytest.raises(SourceError) as told:
            open_source(f"http://ada:secret@{host}/{name}.zip?token=secret")
        assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "text", ["s3://KEY:secret@bucket/photos", "gs://secret@b/x", "ftp://ada:secret@host/a?secret"]
)
def test_secrets_of_an_address_that_is_refused_are_not_repeated(text: str) -> None:
    with pytest.raises(SourceError, match=r"Credentials stand in|of an unknown kind") as told:
        open_source(text)
    assert "secret" not in str(told.value)


def test_what_is_an_address() -> None:
    assert is_address("s3://b/x") and is_address("HTTPS://b/x")
    for path in ("/srv/x", "C:\\x", "c://x", "x", "~/x", "a b://c"):
        assert not is_address(path), path
    assert Address.of("HTTPS://h/a%20b.ZIP?x=/y").name == "a b.ZIP"
    assert Address.of("https://h/a.zip?x=1.tar").suffix == ".zip"


Set = Callable[[str], None]


@pytest.fixture
def set_roots(monkeypatch: pytest.MonkeyPatch) -> Set:
    return lambda text: monkeypatch.setenv("GMV_DATA_ROOTS", text)


def test_roots_may_be_addresses(set_roots: Set, tmp_path: Path) -> None:
    set_roots(f"{tmp_path}:s3://bucket/some/:https://host:8080/data:http://host:9000:/srv")
    assert data_roots() == [tmp_path, Path("/srv")]
    there = ["s3://bucket/some/", "https://host:8080/data/", "http://host:9000/"]
    assert address_roots() == there
    assert roots() == [str(tmp_path), "/srv", *there]


def test_below_a_root_an_address_is_read(set_roots: Set, bucket: str, web: Web) -> None:
    set_roots(f"{bucket}/photos:{web.address}")
    assert open_on_server(f" {bucket}/photos ").total == 12
    assert open_on_server(f"{bucket}/photos/class0").total == 3
    assert open_on_server(f"{web.address}/photos.zip").total == 12


@pytest.mark.parametrize(
    "text",
    ["{bucket}", "{bucket}/photos.zip", "{bucket}/photos/../photos.zip", "{bucket}/photos/..",
     "{bucket}/photos/%2e%2e/photos.zip", "{bucket}/photos/%252e%252e/x", "s3://other/photos",
     "{web}.evil.example/x.zip", "http://secret@127.0.0.1/x.zip", "{web}/x.zip?secret",
     "{web}/photos\\x", "https://127.0.0.1/x"],
)  # fmt: skip
def test_outside_the_roots_nothing_is_asked(
    text: str, set_roots: Set, bucket: str, web: Web
) -> None:
    set_roots(f"{bucket}/photos:{web.address}")
    with pytest.raises(SourceError, match="is not below an address that may be read here") as told:
        open_on_server(text.format(bucket=bucket, web=web.address))
    assert "secret" not in str(told.value)
    assert web.sent == []


def test_without_roots_no_address_is_read(set_roots: Set) -> None:
    set_roots("/srv")
    with pytest.raises(SourceError, match="none; start the app with GMV_DATA_ROOTS=s3://"):
        open_on_server("s3://bucket/x")
