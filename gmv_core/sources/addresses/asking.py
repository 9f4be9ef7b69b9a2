"""Ask another machine, a few times where it fails to answer, and say what it refuses."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from gmv_core.errors import GMVError, SourceError, without_secrets

WAITS_SECONDS = (0.5, 2.0, 8.0)
PATIENCE_SECONDS = 60.0  # gcsfs tries for a minute by itself
T = TypeVar("T")


def patiently(address: object, asked: Callable[[], T]) -> T:
    """Return an answer; where none comes, ask again a few times, then raise SourceError."""
    began = time.monotonic()
    for wait in (*WAITS_SECONDS, None):
        try:
            return asked()
        except (PermissionError, GMVError):
            raise
        except Exception as error:  # each library has errors of its own
            if _status(error) in (401, 403):
                raise PermissionError(str(error)) from error
            if _status(error) in (404, 410):
                raise FileNotFoundError(str(error)) from error
            if isinstance(error, FileNotFoundError) and error.__cause__ is None:
                raise  # on the web, fsspec takes every failure for one, and says whose it was
            late = time.monotonic() - began > PATIENCE_SECONDS
            if wait is None or late or _is_final(error):
                reason = without_secrets(str(error))[:200] or type(error).__name__
                raise SourceError(
                    f"{address} cannot be read ({reason}); check the address, what it needs to be "
                    "let in, and the network; the same command goes on where it stopped."
                ) from error
            time.sleep(wait)
    raise AssertionError("unreachable")  # pragma: no cover


def _status(error: Exception) -> int:
    """Return the number by which a web server refused, 0 where it is not told."""
    for one in (error, error.__cause__):
        answer = getattr(one, "response", None)
        if status := getattr(one, "status", 0) or getattr(answer, "status_code", 0):
            return int(status)
    return 0


def refusal(address: object, error: OSError) -> SourceError:
    """Return the sentence for a FileNotFoundError or a PermissionError."""
    if isinstance(error, FileNotFoundError):
        return SourceError(f"There is nothing at {address}; check the address.")
    by = " in HF_TOKEN" if str(address).startswith("hf://") else ""
    return SourceError(
        f"{address} may not be read ({without_secrets(str(error))[:200]}); give the credentials "
        f"that it needs{by}, see docs/sources.md."
    )


def _is_final(error: Exception) -> bool:
    """Return whether asking again is no use: no parts of files, no credentials, a wrong call."""
    no_use = isinstance(error, ValueError | TypeError | NotImplementedError)
    return no_use or _status(error) in (400, 405) or "credential" in str(error).lower()
