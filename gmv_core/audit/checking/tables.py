"""The document and the tables of an archive of evidence, read as from someone who means harm.

Parquet packs a billion equal rows into a few bytes, so each file is measured before it is read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.audit.archive import Altered, Archive, canonical, parsed
from gmv_core.audit.form import ALWAYS, DOCUMENT, FIELDS, FORMAT, NULLABLE, SCHEMAS, rows_in_a_file
from gmv_core.errors import GMVError
from gmv_core.settings import ValueSettings
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import M, RunManifest, SetManifest
from gmv_core.trust.credit import check_lists

MOST_VALUES = 1 << 27  # of a column in one file: 4,096 lists of 32,768 candidates
MOST_BYTES = 1 << 30  # of the texts or pictures in one file


@dataclass(frozen=True)
class Told:
    """What an archive says was done. reach: up to which a match convinces, inf if not known."""

    run: RunManifest
    training: SetManifest
    generated: SetManifest
    reach: float

    @property
    def settings(self) -> ValueSettings:
        return self.run.value


def told(archive: Archive) -> Told:
    """Return evidence.json, and see that the archive holds the tables that go with it, no other.

    Raises Altered where it holds what cannot be.
    """
    if DOCUMENT not in archive.members:
        raise Altered(f"It has no {DOCUMENT}.")
    document = parsed(archive.read(DOCUMENT), DOCUMENT)
    if document.get("format") != FORMAT:
        raise Altered(
            f"It is of format {document.get('format')!r}; this version reads {FORMAT}, so check it "
            "with the version that wrote it."
        )
    if tuple(sorted(document)) != FIELDS:
        raise Altered(f"{DOCUMENT} has other fields than {', '.join(FIELDS)}.")
    try:
        run = _record(document["run"], RunManifest)
        training, generated = (_record(document[k], SetManifest) for k in ("training", "generated"))
        reach = msgspec.convert(document["reach"], float | None)
        models = {run.matching.embedder, run.matching.distance, run.judging.quality}
        if set(msgspec.convert(document["weights"], dict[str, str])) != models:
            raise Altered("Its weights are of other models than its run.")
        check_lists(run.matching, run.value)
    except (msgspec.ValidationError, GMVError) as error:
        raise Altered(f"{DOCUMENT} holds what cannot be ({error}).") from error
    _see_members(archive, run)
    return Told(run, training, generated, np.inf if reach is None else reach)


def _record(document: object, kind: type[M]) -> M:
    record = msgspec.convert(document, kind)
    if canonical(as_json(record)) != canonical(document):
        raise Altered(f"{DOCUMENT} has fields that no version writes.")
    return record


def _see_members(archive: Archive, run: RunManifest) -> None:
    files: dict[str, int] = {}
    for member in archive.members:
        if member == DOCUMENT:
            continue
        place = member.split("/")
        name = place[1] if place[0] == "tables" and len(place) == 3 else ""
        if name not in SCHEMAS or place[2] != f"{files.get(name, 0):05d}.parquet":
            raise Altered(
                f"Its file {member} is not one that evidence has, or one before it lacks."
            )
        files[name] = files.get(name, 0) + 1
    previews = {name for name in SCHEMAS if name.startswith("previews-")}
    needed = {
        *ALWAYS,
        *(["null"] if run.null else []),
        *(previews if previews & set(files) else []),
    }
    if set(files) - {"reviews"} != needed:
        odd = ", ".join(sorted((set(files) - {"reviews"}) ^ needed))
        raise Altered(f"It has not the tables of its run, or others: {odd}.")


def read(archive: Archive, name: str) -> pa.Table:
    """Return a table of the archive; raise Altered where it is not in its form."""
    return pa.concat_tables(batches(archive, name))


def batches(archive: Archive, name: str) -> Iterator[pa.Table]:
    """Yield the files of a table; raise Altered for one that is not in its form.

    Texts can be null, as in the set; of the numbers only those in NULLABLE.
    """
    rows, last = rows_in_a_file(name), 0
    for number, data in enumerate(archive.batches(name)):
        table = _table(data, name)
        if len(table) > rows or (number and (last != rows or not len(table))):
            raise Altered(f"The files of its table {name} are not of {rows:,} rows each.")
        last = len(table)
        yield table


def _table(data: bytes, name: str) -> pa.Table:
    from pyarrow import parquet as pq

    schema = SCHEMAS[name]
    texts = [f.name for f in schema if f.type in (pa.string(), pa.binary())]
    try:
        if not pq.read_schema(io.BytesIO(data)).equals(schema):
            raise Altered(f"Its table {name} has not the columns that it should.")
        # As dictionaries: one text of a megabyte, named by each of its rows, is no bomb then.
        file = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts)
        _see_size(file.metadata, name)
        table = file.read()
        unpacked = sum(_text_bytes(table[text]) for text in texts)
        if unpacked > MOST_BYTES:
            raise Altered(f"A file of its table {name} holds {unpacked:,} bytes of text.")
        table = pa.table({c: _undone(table[c]) for c in schema.names})
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise Altered(f"A file of its table {name} is no Parquet ({error}).") from error
    filled = set(schema.names) - set(texts) - set(NULLABLE.get(name, ()))
    empty = sorted(column for column in filled if table[column].null_count)
    if empty:
        raise Altered(f"The column {empty[0]} of its table {name} lacks values.")
    return table


def _see_size(said: Any, name: str) -> None:  # noqa: ANN401  (pyarrow ships no types)
    """Raise Altered for a file of more values than any that is written. said: its metadata."""
    if said.num_row_groups > 1 or said.num_rows > rows_in_a_file(name):
        raise Altered(f"A file of its table {name} has {said.num_rows:,} rows, or several groups.")
    for group in (said.row_group(i) for i in range(said.num_row_groups)):
        values = max(group.column(place).num_values for place in range(group.num_columns))
        if max(values, group.num_rows) > MOST_VALUES or group.total_byte_size > MOST_BYTES:
            raise Altered(f"A file of its table {name} unpacks to more than any that is written.")


def _text_bytes(column: pa.ChunkedArray) -> int:
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = (pc.binary_length(chunk.dictionary).take(chunk.indices) for chunk in column.chunks)
    return sum(pc.sum(some).as_py() or 0 for some in lengths)


def _undone(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_dictionary(column.type):
        return column
    return pa.chunked_array(
        [chunk.dictionary_decode() for chunk in column.chunks], column.type.value_type
    )


def lists_of(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of lists of one length as an (n, d) array; else raise Altered."""
    lists = column.combine_chunks()
    lengths = pc.unique(pc.list_value_length(lists)).to_pylist()
    if len(lengths) > 1 or None in lengths:
        raise Altered("The lists of a table are not of one length.")
    flat = pc.list_flatten(lists)
    if flat.null_count:
        raise Altered("A list of a table lacks values.")
    numbers: np.ndarray = flat.to_numpy(zero_copy_only=False)
    return numbers.reshape(len(lists), lengths[0] if lengths else 0)
