"""What few bytes may stand for: names, tables, side files and columns have limits that are said."""

from __future__ import annotations

import io
import json
import lzma
import struct
import tarfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmv_core import SourceError, Workspace, build, open_source
from gmv_core.sources.labels import labels_for
from gmv_core.sources.names import MAX_NAME, UniqueNames
from gmv_core.sources.readers import beside
from gmv_core.sources.tables.label_table import read_labels
from gmv_core.types import Embedder
from tests.sources.conftest import folder, png, tarred, zipped


def test_many_images_of_one_name_are_told_apart_in_linear_time() -> None:
    given = UniqueNames()
    assert [given.made(name) for name in ("a.png", "a.png", "a (2).png", "b.png", "a.png")] == [
        "a.png", "a (2).png", "a (2) (2).png", "b.png", "a (3).png",
    ]  # fmt: skip
    for _ in range(200_000):  # pairs would be twenty thousand million
        last = given.made("a.png")
    assert last == "a (200003).png" and len(given) == 200_005


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_names_without_end_are_passed_over_and_counted(kind: str, tmp_path: Path) -> None:
    files = {"a.png": png(1), "x" * MAX_NAME + ".png": png(2)}
    where = tmp_path / f"x.{kind}"
    source = open_source(tarred(where, files) if kind == "tar" else zipped(where, files))
    assert [image.name for image in source.read()] == ["a.png"]
    assert dict(source.skipped) == {"name of more than 4,096 letters": 1}


def test_a_side_file_of_very_many_keys_says_nothing_and_is_counted(tmp_path: Path) -> None:
    keys = {f"k{number}": number for number in range(2_001)}
    files = {f"0.{i}.png": png(i) for i in range(3)} | {"0.json": json.dumps(keys).encode()}
    source = open_source(folder(tmp_path, files))
    assert [image.attributes for image in source.read()] == [{}] * 3
    assert dict(source.skipped) == {"unreadable .json file": 3}
    del keys["k0"]
    (tmp_path / "0.json").write_text(json.dumps({**keys, "label": "cat"}))
    assert {image.label for image in open_source(tmp_path).read()} == {""}
    (tmp_path / "0.json").write_text(json.dumps({"label": "cat", "more": [1, "ü"]}))
    said = [(i.label, i.attributes) for i in open_source(tmp_path).read()]
    assert said == [("cat", {"more": '[1, "ü"]'})] * 3


def test_the_attributes_of_an_image_have_a_length_together(
    workspace: Workspace, embedder: Embedder, tmp_path: Path
) -> None:
    said = {f"k{number}": "y" * 1_000 for number in range(1_000)}
    folder(tmp_path, {"0.png": png(1), "0.json": json.dumps(said).encode()})
    build(workspace, open_source(tmp_path), name="x", embedder=embedder)
    table = workspace.image_set("x").images.read(["attributes"])
    stored = json.loads(table["attributes"][0].as_py())
    assert stored.keys() == said.keys() and set(stored.values()) == {"y" * 200 + "…"}


def test_a_parquet_file_of_very_many_columns_is_a_sentence(tmp_path: Path) -> None:
    columns = {f"c{number}": ["a"] for number in range(2_001)}
    pq.write_table(pa.table({"image": [png(1)], **columns}), tmp_path / "x.parquet")
    with pytest.raises(SourceError, match="2,001 columns beside the images"):
        open_source(tmp_path / "x.parquet")


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_tables_in_an_archive_have_a_size_together(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "MAX_TABLE_BYTES", 60)
    for reader in ("tars", "zips"):
        monkeypatch.setattr(f"gmv_core.sources.readers.{reader}.MAX_TABLE_BYTES", 60)
    small, large = b"file_name,label\n0.png,cat\n", b"file_name,label\n1.png,dog\n" + bytes(40)
    files = {"a/0.png": png(1), "a/metadata.csv": small, "b/1.png": png(2), "b/metadata.csv": large}
    where = tmp_path / f"x.{kind}"
    source = open_source(tarred(where, files) if kind == "tar" else zipped(where, files))
    assert "may have 60 bytes together; not read: b/metadata.csv." in source.notes[0]
    labels = labels_for(source)
    assert labels is not None
    assert [labels.labelled(image).label for image in source.read()] == ["cat", "b"]


def test_side_files_of_one_name_in_a_tar_are_held_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmv_core.sources.readers.tars._GROUP_BYTES", 5_000)
    said = json.dumps({"label": "cat", "more": "x" * 1_000}).encode()
    files = {f"0.{i}.json": said for i in range(9)} | {"0.0.png": png(1), "0.8.png": png(2)}
    source = open_source(tarred(tmp_path / "x.tar", files))
    assert [image.label for image in source.read()] == ["cat", ""]
    assert source.skipped["unreadable .json file"] == 5


def test_a_sentence_names_a_few_tables_only(tmp_path: Path) -> None:
    files = {f"g{i}/{i}.png": png(i) for i in range(9)}
    files |= {f"g{i}/metadata.csv": f"file_name,label\n{i}.png,l\n".encode() for i in range(9)}
    labels = labels_for(open_source(zipped(tmp_path / "x.zip", files)))
    assert labels is not None and labels.origin.endswith("g2/metadata.csv and 6 more tables")


def test_rows_of_few_cells_hold_no_more_than_these() -> None:
    titles = ",".join(["name", "label", *(f"c{number}" for number in range(1_998))])
    table = read_labels(f"{titles}\n" + "".join(f"{i}.png,{i % 3}\n" for i in range(20_000)))
    row = table.find("19999.png")
    assert row is not None and (row.label, row.attributes) == ("1", {})
    assert len(table.by_place) == 20_000 and len(table.attributes) == 1_998


def test_json_rows_have_so_many_cells_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmv_core.sources.tables.cells.MAX_CELLS", 1_000)
    rows = "".join(json.dumps({"name": f"{i}.png", f"k{i}": 1}) + "\n" for i in range(100))
    with pytest.raises(SourceError, match="more than 1,000 cells"):
        read_labels(rows)


def test_an_xz_that_keeps_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    plain = tarred(tmp_path / "x.tar", {"a.png": png(1)}).read_bytes()
    packed = bytearray(lzma.compress(plain))
    assert len(list(open_source(_written(tmp_path / "fine.tar.xz", packed)).read())) == 1
    packed[16] = 40  # the size of the dictionary: 4 GB
    end = 12 + 4 * (packed[12] + 1)  # of the block's header, which ends in its checksum
    packed[end - 4 : end] = struct.pack("<I", zlib.crc32(packed[12 : end - 4]))
    with pytest.raises(SourceError, match="needs more than 256,000,000 bytes of memory"):
        open_source(_written(tmp_path / "large.tar.xz", packed))
    assert tarfile.open(fileobj=io.BytesIO(lzma.compress(plain, preset=9))).getnames() == ["a.png"]
    nine = lzma.compress(plain, preset=9 | lzma.PRESET_EXTREME)
    assert len(list(open_source(_written(tmp_path / "nine.tar.xz", nine)).read())) == 1


def _written(path: Path, data: bytes | bytearray) -> Path:
    path.write_bytes(data)
    return path
