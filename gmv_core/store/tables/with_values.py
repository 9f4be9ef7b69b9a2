"""A part of a table, with other values in some of its rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from gmv_core.types import Int64


def with_values(part: pa.Table, rows: Int64, changed: Mapping[str, pa.Array]) -> pa.Table:
    """Return a part of a table with other values in some rows.

    rows: ids, rising. changed: by column, a value for each of them.
    """
    ids = part["id"].to_numpy()
    inside = np.isin(ids, rows)
    if not inside.any():
        return part
    here = np.flatnonzero(inside)
    given = pa.array(np.searchsorted(rows, ids[inside]))
    taken = np.arange(len(part))
    taken[here] = len(part) + np.arange(len(here))
    for name, values in changed.items():
        place, field = part.schema.get_field_index(name), part.schema.field(name)
        both = [part[name].combine_chunks(), values.take(given).cast(field.type)]
        part = part.set_column(place, field, pa.concat_arrays(both).take(pa.array(taken)))
    return part
