"""How a door keeps what it found: by the digest of the result or set that it was asked about.

    @data(max_entries=16)
    def shares(result: Result, by: str) -> pd.DataFrame: ...

`data` hands each caller a copy; `resource` hands all the same object, which nobody may change.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.caching.hashing import UserHashError

from gmv_core import Result
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import ImageSet

TABLES = 4  # of a row a training image that are kept of one kind: 130 MB for a million

BY_DIGEST = {
    Result: lambda result: result.digest,
    ImageSet: lambda images: images.digest,
    RunManifest: lambda run: str(run.inputs),  # how it was matched and judged
}

Door = TypeVar("Door", bound=Callable[..., Any])


def data(*, max_entries: int, show_spinner: str | bool = False) -> Callable[[Door], Door]:
    """Keep what a door finds; each caller gets a copy."""
    return _kept(
        st.cache_data(max_entries=max_entries, show_spinner=show_spinner, hash_funcs=BY_DIGEST)
    )


def resource(*, max_entries: int, show_spinner: str | bool = False) -> Callable[[Door], Door]:
    """Keep what a door finds; all callers get the same object."""
    return _kept(
        st.cache_resource(max_entries=max_entries, show_spinner=show_spinner, hash_funcs=BY_DIGEST)
    )


def _kept(cache: Callable[[Door], Door]) -> Callable[[Door], Door]:
    def decorate(door: Door) -> Door:
        kept = cache(door)

        @wraps(door)
        def ask(*given: Any) -> Any:  # noqa: ANN401  (what the door takes and returns)
            try:
                return kept(*given)
            except UserHashError as problem:
                # A digest whose manifest is gone or broken: a sentence, not an error of Streamlit.
                raise problem.__cause__ or problem from None

        return ask

    return decorate
