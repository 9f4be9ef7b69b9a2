"""Archives and tables that are odd inside: a sentence, or one row, and never the end of a build."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmv_core import SourceError, Workspace, build, open_source
from gmv_core.types import Embedder, SourceImage
from tests.fakes import draw, png, rows_of


def read(path: Path) -> list[SourceImage]:
    return list(open_source(path).read())


def test_lone_surrogates_are_written_out_and_a_build_ends(
    workspace: Workspace, embedder: Embedder, tmp_path: Path
) -> None:
    said = {"label": "\ud800", "owner": "A\udfffda", "plac\udce9": "\udcff"}
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name, data in (("a.png", png(draw(0))), ("a.json", json.dumps(said).encode())):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    Path(os.fsdecode(folder), "x.tar").write_bytes((tmp_path / "x.tar").read_bytes())
    made = build(
        workspace, open_source(os.fsdecode(folder + b"/x.tar")), name="x", embedder=embedder
    )
    assert made.state == "ready" and made.sources[0].location.endswith(r"/caf\udce9/x.tar")
    row = rows_of(workspace.image_set("x").images).to_pylist()[0]
    assert (row["label"], row["owner"]) == (r"\ud800", r"A\udfffda")
    assert json.loads(row["attributes"]) == {r"plac\udce9": r"\udcff"}


def test_texts_without_end_are_cut(
    workspace: Workspace, embedder: Embedder, tmp_path: Path
) -> None:
    table = pa.table({"image": [png(draw(0))], "label": ["x" * 1_000_000], "more": ["y" * 10_001]})
    pq.write_table(table, tmp_path / "x.parquet")
    build(workspace, open_source(tmp_path / "x.parquet"), name="x", embedder=embedder)
    row = rows_of(workspace.image_set("x").images).to_pylist()[0]
    assert row["label"] == "x" * 10_000 + "…"
    assert json.loads(row["attributes"])["more"] == "y" * 10_000 + "…"


def test_a_zip_member_without_a_name_is_passed_over(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.png", png(draw(0)))
        archive.writestr("b", b"x")
    data = (tmp_path / "x.zip").read_bytes()
    at = data.rindex(b"PK\x01\x02")  # the second name loses its one letter
    central = bytearray(data[at:])
    central[28:30] = b"\0\0"
    del central[46]
    end = central.rindex(b"PK\x05\x06")
    central[end + 12 : end + 16] = (int.from_bytes(central[end + 12 : end + 16], "little") - 1
                                    ).to_bytes(4, "little")  # fmt: skip
    (tmp_path / "x.zip").write_bytes(data[:at] + central)
    source = open_source(tmp_path / "x.zip")
    assert source.names == ["a.png"] and sum(source.skipped.values()) == 1


HEADERS = {
    "deep": b"{'descr': '|u1', 'fortran_order': False, 'shape': " + b"(" * 900 + b")" * 900 + b"}",
    "no dictionary": b"[1, 2]",
    "unclosed": b"{'descr': '|u1', 'fortran_order': (((",
    "negative": b"{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 8, 8)}",
    "no letters": b"\xff\xfe\0",
    "too large": b"{'descr': '|u1', 'fortran_order': False, 'shape': (" + b"9" * 5000 + b",)}",
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_an_npz_with_such_a_header_is_a_sentence(header: str, tmp_path: Path) -> None:
    text = HEADERS[header] + b"\n"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        head = b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text
        archive.writestr("images.npy", head + bytes(500))
    with pytest.raises(SourceError, match=r"x\.npz"):
        open_source(tmp_path / "x.npz")


@pytest.mark.parametrize(
    "told",
    [
        {"info": {"features": []}},
        {"info": {"features": {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel",
                                                                      "names": 5}}}},
        {"info": {"features": {"label": {"_type": "ClassLabel", "names": [1, None]}}}},
        {"info": 7},
        [],
        {"info": {"features": {"nowhere": {"_type": "Image"}}}},
    ],
)  # fmt: skip
def test_malformed_hugging_face_metadata_costs_nothing(told: object, tmp_path: Path) -> None:
    table = pa.table({"image": [png(draw(0)), png(draw(1))], "label": [0, 1]})
    table = table.replace_schema_metadata({"huggingface": json.dumps(told)})
    pq.write_table(table, tmp_path / "x.parquet")
    assert [image.error for image in read(tmp_path / "x.parquet")] == ["", ""]


@pytest.mark.parametrize("nested", [False, True])
def test_a_dictionary_encoded_column_of_images_is_read(nested: bool, tmp_path: Path) -> None:
    values = pa.array([png(draw(i)) for i in range(3)], pa.binary())
    column = pa.DictionaryArray.from_arrays(pa.array([2, 0, 1, 2], pa.int32()), values)
    if nested:
        column = pa.StructArray.from_arrays([column], ["bytes"])
    pq.write_table(pa.table({"image": column}), tmp_path / "x.parquet")
    assert [image.data for image in read(tmp_path / "x.parquet")] == [
        png(draw(i)) for i in (2, 0, 1, 2)
    ]


def test_one_bad_cell_costs_one_row(tmp_path: Path) -> None:
    texts = pa.array([b"fine", b"\xff\xfe", b"fine too"], pa.binary()).view(pa.string())
    pictures = [png(draw(i)) for i in range(3)]
    pq.write_table(pa.table({"image": pictures, "label": texts}), tmp_path / "x.parquet")
    images = read(tmp_path / "x.parquet")
    assert [image.data for image in images] == pictures
    assert [image.label for image in images] == ["fine", "", "fine too"]


def test_a_table_that_announces_more_rows_than_any_set_is_a_sentence(tmp_path: Path) -> None:
    array = np.lib.format.open_memmap(tmp_path / "big.npy", "w+", np.uint8, (10_000_001, 1, 1))
    del array
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "big.npy", "images.npy")
    with pytest.raises(SourceError, match="more images than the limit of 10,000,000"):
        open_source(tmp_path / "x.npz")
