"""Data sets on a hub, read by their address with the hub's own library from a server of here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmv_core import Workspace, build, labels_for
from gmv_core.errors import SourceError
from gmv_core.sources.addresses import asking
from gmv_core.sources.opening import open_source
from gmv_core.types import SourceImage
from tests.fakes import assert_same_set, fake_embedder, write_images
from tests.sources.conftest import hugging_face, png
from tests.sources.hub import TOKEN, Hub, hub_of

BUILD = """
import sys
from gmv_core import Workspace, build, labels_for, open_source
from tests.fakes import fake_embedder, shrink_commits
import pytest
shrink_commits(pytest.MonkeyPatch())
source = open_source(sys.argv[2])
def report(step):
    print(step.done, flush=True)
build(Workspace(sys.argv[1]), source, name="set", labels=labels_for(source),
      embedder=fake_embedder(), report=report)
"""


@pytest.fixture(scope="module")
def data_sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ada/photos: 24 image files with a table; ada/shards: Parquet with splits, two revisions."""
    root = tmp_path_factory.mktemp("hub")
    photos = root / "ada/photos/main"
    write_images(photos / "train", 24)
    (photos / "README.md").write_text("# Photos")
    rows = "".join(f"class{i % 3}/{i:04d}.png,Ada\n" for i in range(24))
    (photos / "train" / "metadata.csv").write_text("file_name,owner\n" + rows)
    (photos / "test").mkdir()
    (photos / "test" / "odd name ü #1.png").write_bytes(png(3))
    named = hugging_face({"label": {"_type": "ClassLabel", "names": ["cat", "dog"]}})
    for revision, first in (("main", 0), ("v2", 100)):
        data = root / "ada/shards" / revision / "data"
        data.mkdir(parents=True)
        for i, split in enumerate(("train", "train", "test")):
            cells = [{"bytes": png(first + 4 * i + j), "path": f"{j}.png"} for j in range(4)]
            table = pa.table({"image": cells, "label": pa.array([0, 1, 0, 1])})
            name = f"{split}-{i:05d}-of-00003.parquet"
            pq.write_table(table.replace_schema_metadata(named), data / name, row_group_size=2)
    return root


@pytest.fixture
def hub(data_sets: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(asking, "WAITS_SECONDS", (0.01, 0.01))
    with hub_of(data_sets) as served:
        monkeypatch.setitem(fsspec.config.conf, "hf", {"endpoint": served.address})
        yield served


def all_of(place: str | Path, split: str = "") -> list[SourceImage]:
    source = open_source(place, split=split)
    labels = labels_for(source)
    images = list(source.read())
    assert list(source.read(3)) == images[3:]
    return [labels.labelled(image) for image in images] if labels else images


PLACES = ("ada/photos", "ada/photos/main/train", "ada/shards", "ada/shards/main/data",
          "ada/shards/v2", "ada/shards/main/data/test-00002-of-00003.parquet",
          "ada/photos/main/train/class0/0000.png")  # fmt: skip


def address_of(place: str) -> str:
    """Return the address of a folder of a data set; each revision is a folder on the disk."""
    owner, name, revision, *inside = [*place.split("/"), "main"][:9]
    inside = place.split("/")[3:]
    at = "" if revision == "main" else f"@{revision}"
    return "/".join([f"hf://datasets/{owner}/{name}{at}", *inside])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("split", ["", "all"])
def test_on_the_hub_it_is_what_it_is_on_a_disk(
    place: str, split: str, hub: Hub, data_sets: Path
) -> None:
    disk = data_sets / place if place.count("/") > 1 else data_sets / place / "main"
    assert all_of(address_of(place), split) == all_of(disk, split)


def test_splits_labels_and_owners_come_along(hub: Hub) -> None:
    shards = all_of("hf://datasets/ada/shards", "all")
    assert [image.attributes["split"] for image in shards] == ["test"] * 4 + ["train"] * 8
    assert {image.label for image in shards} == {"cat", "dog"}
    assert len(all_of("hf://datasets/ada/shards")) == 8, "`train` alone, as for `datasets`"
    assert (
        all_of("hf://datasets/ada/shards@v2")[0].data != all_of("hf://datasets/ada/shards")[0].data
    )
    assert {image.owner for image in all_of("hf://datasets/ada/photos/train")} == {"Ada"}


def test_files_are_asked_for_beside_each_other(hub: Hub) -> None:
    hub.seconds = 0.05
    assert len(all_of("hf://datasets/ada/photos/train")) == 24
    assert hub.at_once > 4


def test_a_data_set_that_changed_is_listed_anew(hub: Hub, data_sets: Path, tmp_path: Path) -> None:
    shutil.copytree(data_sets / "ada/photos/main", tmp_path / "ada/photos/main")
    hub.root = tmp_path
    address = "hf://datasets/ada/photos/train"
    before = open_source(address)
    new = tmp_path / "ada/photos/main/train/class0/0099.png"
    new.write_bytes(png(9))
    after = open_source(address)
    assert (before.total, after.total) == (24, 25) and after.fingerprint != before.fingerprint
    assert [i.data for i in after.read() if i.name.endswith("0099.png")] == [png(9)]
    new.unlink()
    assert open_source(address).fingerprint == before.fingerprint


@pytest.mark.parametrize(
    "place", ["ada/none", "ada/photos/none", "ada/photos@v9", "ada/shards/x.zip"]
)
def test_nothing_there_is_a_sentence_at_once(
    place: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with pytest.raises(SourceError, match=f"There is nothing at hf://datasets/{place}; check"):
        open_source(f"hf://datasets/{place}")
    assert len(hub.asked) <= 3


def test_who_may_not_read_is_told_so_at_once_and_may_with_a_token(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.private, hub.gated = {"ada/photos"}, {"ada/shards"}
    for place in ("ada/photos/train", "ada/shards", "ada/none"):
        hub.asked.clear()
        with pytest.raises(SourceError, match=r"may not be read .*; give .* in HF_TOKEN"):
            list(open_source(f"hf://datasets/{place}").read())
        assert len(hub.asked) < 8 and len(set(hub.asked)) == len(hub.asked), "asked once"
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert len(all_of("hf://datasets/ada/photos/train")) == 24
    assert len(all_of("hf://datasets/ada/shards")) == 8


def test_a_killed_build_goes_on(hub: Hub, data_sets: Path, workspace: Workspace) -> None:
    address = "hf://datasets/ada/photos/train"
    hub.seconds = 0.02
    words = [sys.executable, "-c", BUILD, str(workspace.root), address]
    told = {**os.environ, "HF_ENDPOINT": hub.address}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=told)
    assert process.stdout is not None and int(process.stdout.readline()) > 0
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = len(workspace.image_set("set").images)
    assert 0 < kept < 24
    hub.asked.clear()
    source = open_source(address)
    build(workspace, source, name="set", labels=labels_for(source), embedder=fake_embedder())
    assert (
        sum(one.startswith("GET /store/ada/photos/main/train/class") for one in hub.asked)
        == 24 - kept
    )
    here = open_source(data_sets / "ada/photos/main/train")
    build(workspace, here, name="here", labels=labels_for(here), embedder=fake_embedder())
    assert_same_set(workspace.image_set("set"), workspace.image_set("here"))


def test_who_is_no_longer_let_in_rejects_no_image(hub: Hub) -> None:
    images = open_source("hf://datasets/ada/photos/train").read()
    assert next(images).error == ""
    hub.gated = {"ada/photos"}
    with pytest.raises(SourceError, match=r"may not be read .* in HF_TOKEN"):
        assert [image.error for image in images] == [""]


def test_a_hub_that_fails_is_asked_again(hub: Hub) -> None:
    source = open_source("hf://datasets/ada/photos/train")
    hub.fails = 1
    assert [image.error for image in source.read()] == [""] * 24
