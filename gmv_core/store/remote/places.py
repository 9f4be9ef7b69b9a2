"""Which place an address names: a folder of this machine, or one on an object store."""

from __future__ import annotations

import re
from pathlib import Path

from gmv_core.errors import WorkspaceError, without_secrets
from gmv_core.store.remote.objects import SCHEME, ObjectPath, Place

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_AMBIGUOUS = re.compile(r"[?#%\\\x00-\x1f\x7f]")


def place_of(text: str | Place) -> Place:
    """Return a folder of this machine, or the place of an address that begins with s3://.

    Raises WorkspaceError for an address of another kind, where no bucket is named, and for signs
    that one library on the way takes for more than a part of a name: tables and the lease of their
    writer would lie in different places.
    """
    if not isinstance(text, str):
        return text
    if not _ADDRESS.match(text):
        return Path(text)
    bucket, *folders = [part for part in text.partition("://")[2].split("/") if part] or [""]
    if not text.lower().startswith(SCHEME) or not _BUCKET.fullmatch(bucket):
        raise WorkspaceError(
            f"{without_secrets(text)[:80]!r} is no place for a workspace; give a folder, or an "
            "address of an object store that speaks S3, such as s3://bucket/workspace, with "
            "credentials in the environment alone."
        )
    for folder in folders:
        if folder in (".", "..") or _AMBIGUOUS.search(folder):
            raise WorkspaceError(
                f"{folder[:80]!r} cannot be a part of a workspace's address; give a name without "
                "?, #, %, \\ and control characters that is not . or .. either."
            )
    return ObjectPath(SCHEME + "/".join([bucket, *folders]))
