"""How a door keeps what it found: by the digest of the result or set that it was asked about.

    @data(entries=16)
    def shares(result: Result, by: str) -> pd.DataFrame: ...

`data` hands each caller a copy; `resource` hands all the same object, which nobody may change.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from gmv_core import Result
from gmv_core.store.workspace import ImageSet

BY_DIGEST = {
    Result: lambda result: result.digest,
    ImageSet: lambda images: images.digest,
}

data = partial(st.cache_data, hash_funcs=BY_DIGEST, show_spinner=False)
resource = partial(st.cache_resource, hash_funcs=BY_DIGEST, show_spinner=False)
