"""Who may change a workspace: whoever runs the process, nobody, or as an app says of its visitors.

`GMV_READ_ONLY` limits the process: with "1" nothing can be changed, with "strict" no image can be
brought either. An app with a login narrows that further for each visitor. What writes asks here
first, so that a hidden button is not all that stands before it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import IntEnum

from gmv_core.errors import AccessError, SettingsError

READ_ONLY = "GMV_READ_ONLY"


class Right(IntEnum):
    """What someone may do; each includes those before it."""

    LOOK = 0  # at what the workspace holds
    BRING = 1  # an image of one's own, to look at; nothing is kept
    REVIEW = 2  # give verdicts
    EDIT = 3  # build, value, mark, delete


_LIMITS = {
    "": Right.EDIT, "0": Right.EDIT, "false": Right.EDIT, "no": Right.EDIT,
    "1": Right.BRING, "true": Right.BRING, "yes": Right.BRING,
    "strict": Right.LOOK,
}  # fmt: skip
_visitor: Callable[[], Right] = lambda: Right.EDIT  # noqa: E731  (replaced by an app's login)


def ask_visitor(right: Callable[[], Right]) -> None:
    """Let an app say what the visitor may do on whose behalf this thread works."""
    global _visitor
    _visitor = right


def limit() -> Right:
    """Return what `GMV_READ_ONLY` leaves; raise SettingsError for a word that it does not know."""
    word = os.environ.get(READ_ONLY, "").strip().lower()
    if word not in _LIMITS:
        raise SettingsError(
            f"{READ_ONLY} is {word!r}; use 1 (nothing is changed), strict (no image is brought "
            "either), or 0."
        )
    return _LIMITS[word]


def right() -> Right:
    """Return what may be done now."""
    return min(limit(), _visitor())


def may(needed: Right) -> bool:
    """Return whether that may be done now."""
    return right() >= needed


def require(needed: Right, doing: str) -> None:
    """Raise AccessError unless that may be done now.

    doing: what is refused, as "building a set".
    """
    if limit() < needed:
        raise AccessError(
            f"This workspace is read-only here ({READ_ONLY} is set): {doing} is not possible; "
            "looking at everything is."
        )
    if not may(needed):
        role = needed.name.lower()
        raise AccessError(
            f"You may not do this ({doing}): it needs the right to {role}; ask whoever runs this "
            "app."
        )
