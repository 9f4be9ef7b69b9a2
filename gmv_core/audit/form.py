"""The form of evidence: its tables, their columns, and how many rows there are in one file.

docs/evidence.md describes it for others. A change of anything here is another FORMAT.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import pyarrow as pa

from gmv_core.audit.review.reviews import REVIEW_COLUMNS

FORMAT = 3
DOCUMENT = "evidence.json"
FIELDS = ("format", "generated", "reach", "run", "training", "weights")  # of that document
ROWS = 65_536  # of a table in one file
LISTS = 4_096  # rows of candidate lists in one file
PICTURES = 1_024  # previews in one file
GROUPED = ("label", "owner")  # what shares are told by


def _lists(of: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("element", of))


_I, _F, _D, _T = pa.int64(), pa.float32(), pa.float64(), pa.string()
_IMAGE = {"id": _I, "name": _T, "status": _T, "label": _T, "owner": _T, "attributes": _T,
          "sha256": _T, "preview_sha256": _T}  # fmt: skip
_PREVIEW = {"id": _I, "preview": pa.binary()}
SCHEMAS: dict[str, pa.Schema] = {
    name: pa.schema(columns)
    for name, columns in {
        "candidates": {"id": _I, "candidates": _lists(_I), "recall_rank": _lists(pa.int32()),
                       "recall_distance": _lists(_F), "distance": _lists(_F),
                       "exact": pa.int32(), "pixels": _lists(_F),
                       "nearest_in_pixels": _lists(_I), "in_pixels": _lists(_F)},
        "generated": {**_IMAGE, "quality": _D, "nearest_distance": _F,
                      "effective_contributors": _D, "standing": _T, "p_copy": _D, "p_far": _D,
                      "nearer_than": _D, "unattributed": _D, "same_pixels": _T, "copy_of": _T},
        "matches": {"generated": _T, "training": _T, "rank": _I, "recall_rank": pa.int32(),
                    "distance": _F, "weight": _D, "value": _D, "convincing": pa.bool_()},
        "null": {"place": _I, "row": _I, "distance": _lists(_F), "embedding": _lists(_F),
                 "in_pixels": _lists(_F), "pixels": _lists(_F)},
        "previews-generated": _PREVIEW,
        "previews-training": _PREVIEW,
        "reviews": dict(zip(REVIEW_COLUMNS.names, REVIEW_COLUMNS.types, strict=True)),
        "shares": {"by": _T, "group": _T, "images": _I, "value": _D, "share_of_images": _D,
                   "share_of_value": _D, "low": _D, "high": _D, "images_needed": _I},
        "training": {**_IMAGE, "cluster": _I},
        "values": {"id": _I, "value": _D, "times_contributor": _I, "times_candidate": _I,
                   "nearest_distance": _D, "value_low": _D, "value_high": _D},
    }.items()
}  # fmt: skip
NULLABLE = {"training": ("cluster",),  # besides texts
            "reviews": ("stratum", "pairs_in_stratum", "rank", "distance", "seconds")}  # fmt: skip
ALWAYS = ("candidates", "generated", "matches", "shares", "training", "values")


def rows_in_a_file(table: str) -> int:
    """Return how many rows of a table each of its files has, the last one perhaps fewer."""
    if table.startswith("previews-"):
        return PICTURES
    return LISTS if table == "candidates" else ROWS


def in_files(pieces: Iterable[pa.Table], name: str) -> Iterator[pa.Table]:
    """Yield the rows of all pieces of a table, as many at a time as one of its files has.

    At least one table, without rows where there are none: a reader then knows its columns.
    """
    rows, schema = rows_in_a_file(name), SCHEMAS[name]
    waiting = [schema.empty_table()]
    count, written = 0, False
    for piece in pieces:
        waiting.append(piece.select(schema.names).cast(schema))
        count += len(piece)
        while count >= rows:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, rows)
            written, waiting, count = True, [whole.slice(rows)], count - rows
    if count or not written:
        yield pa.concat_tables(waiting)


def parquet(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file of one row group."""
    from pyarrow import parquet as pq

    buffer = io.BytesIO()
    # In one piece: where its rows were cut before must not show in the bytes.
    pq.write_table(table.combine_chunks(), buffer, row_group_size=max(len(table), 1),
                   compression="zstd", store_schema=False)  # fmt: skip
    return buffer.getvalue()
