"""Leases of tests: they last as long as anywhere, so that a slow machine loses none.

They are renewed often, so that who waits for a sign of life sees it soon. What is to have run out
is made so, without waiting.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gmv_core import Workspace
from gmv_core.store.remote import lease
from gmv_core.store.remote.lease import Holder
from gmv_core.store.remote.objects import ObjectPath

RENEWAL_SECONDS = 0.5


def renew_often(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lease, "_RENEW", RENEWAL_SECONDS / lease.LEASE_SECONDS)
    patch.setattr(lease, "_LOOK_SECONDS", 0.05)


def lock_of(place: Workspace) -> ObjectPath:
    path = place.root / ".lock"
    assert isinstance(path, ObjectPath)
    return path


def outdated(holder: bytes = b"{}") -> bytes:
    """Return what a holder wrote, as if its time had been over at once."""
    found: dict[str, Any] = {"token": "another", **msgspec.json.decode(holder)}
    return msgspec.json.encode(Holder(found["token"], seconds=-60.0))


def outdate(place: Workspace) -> None:
    """Let the lease of a holder that is dead have run out."""
    lock = lock_of(place)
    holder = lock.read_bytes()
    assert msgspec.json.decode(holder, type=Holder).token, "it was held"
    assert lock.put(outdated(holder), over=lock.etag())
