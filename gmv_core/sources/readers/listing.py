"""What lies in a folder or below an address: images, other files, links that are not followed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gmv_core.sources.addresses.address import Address, Place, mark_of
from gmv_core.sources.addresses.fetching import read_all
from gmv_core.sources.names import is_label_file, skip_reason
from gmv_core.sources.source import MAX_FILE_BYTES, read_file, too_large

_LINKED_OUT = "link outside the folder"
_LINKED_IN = "link to a folder or to nothing"


@dataclass
class Folder:
    """What lies in a folder and below it.

    images: (name, size and time) of each image. others: names of the files that are none. sizes:
    of the images, where they lie at an address.
    outer_links, inner_links: links to folders out of it, and in it. within: folders that links may
    not leave, None for any on the command line.
    """

    root: Place
    within: Sequence[Path] | None = None
    images: list[tuple[str, str]] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    outer_links: list[str] = field(default_factory=list)
    inner_links: list[str] = field(default_factory=list)
    _tables: dict[str, bytes] = field(default_factory=dict)

    @property
    def labels_file(self) -> Path | bytes | None:
        """Return `labels.csv`, else `metadata.csv`, at the root."""
        at_root = sorted(name for name in self.others if is_label_file(name))
        return self.table(at_root[0]) if at_root else None

    def table(self, name: str) -> Path | bytes:
        """Return a table of labels as a path, or as its bytes where it lies at an address."""
        place = self.root / name
        if not isinstance(place, Address):
            return place
        if name not in self._tables:
            self._tables[name] = place.read_bytes()
        return self._tables[name]

    def read(self, names: Sequence[str]) -> Iterator[tuple[bytes, str]]:
        """Yield the bytes of files and "", or b"" and why they cannot be read."""
        if isinstance(self.root, Address):
            sizes = [self.sizes[name] for name in names]
            yield from read_all([self.root / name for name in names], sizes)
        else:
            yield from (read_file(self.root / name) for name in names)


def list_folder(root: Path, within: Sequence[Path] | None = None) -> Folder:
    """List a folder recursively, sorted by name.

    Links to files inside the folder, and to the blobs of a Hugging Face cache that it lies in, are
    followed. Links to folders are not (what is inside is found where it lies), so a loop cannot
    hang; links that lead out are counted as skipped.
    """
    found = Folder(root, within)
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError:
            if not folder:
                raise
            found.skipped["folder that cannot be read"] += 1
            continue
        cached = {entry.name for entry in entries} & {"snapshots", "snapshot"}
        for entry in entries:
            name = f"{folder}/{entry.name}" if folder else entry.name
            # What a Hugging Face cache stores as blobs is read by the names of its snapshots.
            hidden = entry.name == "blobs" and cached and entry.is_dir(follow_symlinks=False)
            reason = "hidden" if hidden else _add(found, entry, name, pending)
            if reason:
                found.skipped[reason] += 1
    found.images.sort()
    found.others.sort()
    return found


def list_address(root: Address) -> Folder:
    """List what lies below an address, sorted by name."""
    found = Folder(root)
    for name, told in root.listed().items():
        size_bytes = int(told["size"] or 0)
        reason = skip_reason(name, partial(_head_or_nothing, root / name))
        if not reason and too_large(size_bytes):
            reason = f"larger than {MAX_FILE_BYTES:,} bytes"
        elif not reason:
            found.sizes[name] = size_bytes
            found.images.append((name, f"{found.sizes[name]}-{mark_of(told)}"))
        elif reason != "hidden":
            found.others.append(name)
        if reason:
            found.skipped[reason] += 1
    return found


def _add(found: Folder, entry: os.DirEntry[str], name: str, pending: list[str]) -> str:
    """Put one entry where it belongs, or return why it is skipped."""
    if entry.is_symlink():
        reason = _link_reason(found, entry, name)
        if reason:
            return reason
    if entry.is_dir(follow_symlinks=False):
        reason = skip_reason(f"{entry.name}/x.png", bytes)
        if not reason:
            pending.append(name)
        return reason
    if not entry.is_file():
        return "not a regular file"
    reason = skip_reason(entry.name, partial(_head_or_nothing, Path(entry.path)))
    if not reason:
        info = entry.stat()
        found.images.append((name, f"{info.st_size}-{info.st_mtime_ns}"))
    elif reason != "hidden":
        found.others.append(name)
    return reason


def _link_reason(found: Folder, entry: os.DirEntry[str], name: str) -> str:
    """Return why a link is not followed, "" if it is."""
    root, target = os.path.realpath(str(found.root)), os.path.realpath(entry.path)
    inside = _is_below(target, root)
    allowed = inside or any(_is_below(target, blobs) for blobs in _blobs_of(root))
    if allowed and not inside and found.within is not None:
        allowed = any(_is_below(target, os.path.realpath(place)) for place in found.within)
    if not allowed:
        if os.path.isdir(target):
            found.outer_links.append(name)
        return _LINKED_OUT
    if os.path.isdir(target):
        found.inner_links.append(name)
    return "" if os.path.isfile(target) else _LINKED_IN


def _is_below(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")


def _blobs_of(root: str) -> Iterator[str]:
    """Yield where a Hugging Face cache keeps the files of the snapshot that `root` lies in."""
    parts = root.split("/")
    for at, part in enumerate(parts):
        if part in ("snapshots", "snapshot"):
            yield "/".join([*parts[:at], "blobs"])


def _head_or_nothing(path: Place) -> bytes:
    try:
        return read_head(path)
    except OSError:
        return b""


def read_head(content: bytes | Place) -> bytes:
    """Return the first 16 bytes."""
    if isinstance(content, bytes):
        return content[:16]
    if isinstance(content, Address):
        return content.head(16)
    with content.open("rb") as file:
        return file.read(16)
