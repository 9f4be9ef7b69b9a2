"""The errors a user can cause or mend. Everything else that is raised is a bug.

A message has three parts: what happened, the value seen, what to do next.
"""

from __future__ import annotations

import re


class GMVError(Exception):
    """Root of all errors that the command line and the app show as one sentence."""


class SettingsError(GMVError):
    """A setting is outside its range or names an unknown choice."""


class SourceError(GMVError):
    """What was given as images, labels or an archive cannot be read at all."""


class WorkspaceError(GMVError):
    """A name in the workspace is wrong, missing, taken, unfinished or being written."""


class DamagedError(WorkspaceError):
    """A table of the workspace is on the disk, and cannot be read any more."""


class AccessError(GMVError):
    """The workspace is read-only here, or the visitor may not do what was asked for."""


class ModelError(GMVError):
    """A model is unknown, its weights are not on this disk, or it does not fit the data."""


class ClusterError(GMVError):
    """The machines that were to share the work cannot be reached, or gave it up."""


def unknown_choice(what: str, seen: str, known: list[str]) -> SettingsError:
    """Return the error for a key that is in no table, listing the known ones."""
    return SettingsError(f"Unknown {what} {seen!r}; choose one of: {', '.join(known)}.")


_SECRETS = re.compile(
    r"(?<=://)[^/\s@'\"]*@"  # who asks, and the password
    r"|\?[^\s'\"]+"  # tokens and signatures of addresses
    r"|(?i:<(AWSAccessKeyId|StringToSign\w*|Signature\w*|CanonicalRequest\w*)>).*?(</\1>|$)"
)


def without_secrets(words: str) -> str:
    """Return the words of another program, on one line, without what may be secret in them.

    That is a password or what follows a "?" in an address, and what an S3 server repeats of a
    request that it refuses.
    """
    return _SECRETS.sub("", " ".join(words.split()))
