"""Sources of Parquet files, with Hugging Face's metadata or without."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmv_core.sources.opening import open_source
from gmv_core.sources.readers.parquet import pages
from gmv_core.sources.readers.parquet.pages import row_groups
from tests.sources.conftest import parquet, png, read_all


def test_hugging_face_parquet(tmp_path: Path) -> None:
    path = parquet(tmp_path / "train-0.parquet", range(5), [0, 1, -1, None, 1])
    images = read_all(open_source(path))
    assert [image.label for image in images] == ["cat", "dog", "", "", "dog"]
    assert [image.data for image in images] == [png(level) for level in range(5)]
    assert images[3].name == "train-0/000003"
    assert images[3].owner == "artist 3"
    assert images[3].attributes == {"year": "1903", "path": "p3.png"}


def test_a_folder_of_parquet_files_reads_the_training_split(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    parquet(tmp_path / "data" / "train-00001.parquet", [3, 4], [1, 1])
    parquet(tmp_path / "data" / "train-00000.parquet", [0, 1, 2], [0, 0, 0])
    parquet(tmp_path / "data" / "test-00000.parquet", [9], [0])
    (tmp_path / "README.md").write_text("a card")
    source = open_source(tmp_path)
    assert [image.data for image in read_all(source)] == [png(level) for level in range(5)]
    assert source.skipped == {"file of another split": 1}


def test_plain_parquet_without_metadata(tmp_path: Path) -> None:
    table = pa.table({"text": ["a", "b"], "img": [png(1), png(2)], "class": ["x", "y"]})
    pq.write_table(table, tmp_path / "x.parquet")
    images = read_all(open_source(tmp_path / "x.parquet"))
    assert [(image.data, image.label) for image in images] == [(png(1), "x"), (png(2), "y")]
    assert images[0].attributes == {"text": "a"}


def test_parquet_rows_without_bytes_are_errors(tmp_path: Path) -> None:
    cells = [{"bytes": png(1), "path": None}, {"bytes": None, "path": "x.png"}, None]
    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    pq.write_table(pa.table({"image": pa.array(cells, kind)}), tmp_path / "x.parquet")
    errors = [image.error for image in read_all(open_source(tmp_path / "x.parquet"))]
    assert errors == ["", "the row names the file 'x.png' but holds no bytes", "the row is empty"]


def test_a_footer_of_very_many_values_is_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet(tmp_path / "x.parquet", [1, 2], [0, 1])
    whole = path.read_bytes()
    length = int.from_bytes(whole[-8:-4], "little")
    listed = b"\x09\xd0\x0f\xfc\x90\x4e" + bytes(10_000)  # field 1,000: so many empty objects
    footer = whole[-8 - length : -9] + listed + b"\0"
    path.write_bytes(whole[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    assert [image.data for image in open_source(path).read()] == [png(1), png(2)]
    with path.open("rb") as file:
        assert all(group.keys() <= {1, 2, 3, 4, 7} for group in row_groups(file))
    monkeypatch.setattr(pages, "_MOST_VALUES", 5_000)
    assert {image.error for image in open_source(path).read()} == {
        "the file is broken before this row (its metadata is damaged)"
    }
