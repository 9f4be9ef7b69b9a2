"""One file that cannot be changed unseen: a zip in one form only, and a tree of digests over it.

The members are stored, not packed, in the order of their paths, all dated 1980: their paths and
bytes decide every byte of the archive. Who checks one writes it again beside it and compares, so a
flipped bit anywhere is found, in the headers too. The tree is that of RFC 6962, section 2.1: one
leaf a member, a leaf's input is its path, a zero byte, and the SHA-256 of its bytes.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from gmv_core.audit.streams import Bounded, Compared, OneWay
from gmv_core.errors import SourceError

DIGESTS, STAMP = "digests.json", "stamp.json"
_PATH = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*(?:/[a-z0-9]+(?:[-_.][a-z0-9]+)*)*")
MOST_MEMBER_BYTES = 1 << 30
MOST_JSON_BYTES = 1 << 25
MOST_MEMBERS = 100_000  # 400 million generated images have so many files of candidate lists
MOST_PATH = 100
MOST_DIRECTORY_BYTES = MOST_MEMBERS * (46 + 28 + MOST_PATH)  # an entry, with its numbers above 4 GB
PIECE = 1 << 20  # bytes of a member in memory at once


class Altered(Exception):
    """The archive is not what was written; the message says how that shows."""


@dataclass(frozen=True)
class Digest:
    """A member's size and SHA-256, in hexadecimal."""

    size_bytes: int
    sha256: str


def tree_root(leaves: Sequence[bytes]) -> str:
    """Return the root of RFC 6962's tree over the inputs of its leaves, in hexadecimal."""
    return _tree([sha256(b"\0" + leaf).digest() for leaf in leaves]).hex()


def _tree(hashes: list[bytes]) -> bytes:
    if not hashes:
        return sha256(b"").digest()
    # Joining neighbours level by level is the same as RFC 6962's split at a power of two.
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) % 2 else []
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        hashes = [sha256(b"\1" + a + b).digest() for a, b in pairs] + odd
    return hashes[0]


def root_of(digests: dict[str, Digest]) -> str:
    """Return the root over members by their paths; see `tree_root`."""
    return tree_root([path.encode() + b"\0" + bytes.fromhex(digests[path].sha256)
                      for path in sorted(digests)])  # fmt: skip


def canonical(value: object) -> bytes:
    """Return a JSON value in the one form that is written: keys sorted, no spaces, UTF-8."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


class ArchiveWriter:
    """Writes the members of an archive in the order of their paths, then digests and stamp."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = _writer(OneWay(file))
        self._digests: dict[str, Digest] = {}
        self._last = ""

    def add(self, path: str, data: bytes) -> None:
        """Add a member. Paths come in rising order."""
        assert self._last < path  # noqa: S101  (our own callers)
        self._last = path
        self._digests[path] = Digest(len(data), sha256(data).hexdigest())
        _add(self._zip, path, data)

    def digests(self) -> str:
        """Add the member with all digests, and return the root."""
        root = root_of(self._digests)
        files = {path: [d.size_bytes, d.sha256] for path, d in self._digests.items()}
        _add(self._zip, DIGESTS, canonical({"files": files, "root": root}))
        return root

    def stamp(self, value: object) -> None:
        """Add the stamp, the last member, and end the archive."""
        _add(self._zip, STAMP, canonical(value))
        self._zip.close()


def _writer(file: OneWay | Compared) -> zipfile.ZipFile:
    written: Any = file  # it has what zipfile needs of a file that cannot be read
    return zipfile.ZipFile(written, "w", zipfile.ZIP_STORED)


def _add(archive: zipfile.ZipFile, path: str, data: bytes) -> None:
    _add_pieces(archive, path, len(data), [data])


def _add_pieces(
    archive: zipfile.ZipFile, path: str, size_bytes: int, pieces: Iterable[bytes]
) -> None:
    info = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr = 3, 0o644 << 16
    info.file_size = size_bytes  # above 4 GB the form is another
    with archive.open(info, "w") as member:
        for piece in pieces:
            member.write(piece)


@dataclass(frozen=True)
class Archive:
    """An archive whose bytes were checked. root: of its tree. stamp: as it was written."""

    path: Path
    members: tuple[str, ...]
    root: str
    stamp: dict[str, Any]

    def read(self, member: str) -> bytes:
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(member)

    def batches(self, table: str) -> Iterator[bytes]:
        """Yield the files of a table, in order."""
        with zipfile.ZipFile(self.path) as archive:
            for member in self.members:
                if member.startswith(f"tables/{table}/"):
                    yield archive.read(member)


def open_archive(path: Path) -> Archive:
    """Return an archive of which every byte is as it was written.

    Raises Altered where one is not, SourceError for a file that cannot be read at all. Memory: two
    of its JSON members; the others are read in pieces.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for, a device never ends
            raise SourceError(f"{path} cannot be read: it is no file; give one of `evidence`.")
        with path.open("rb") as file:
            bounded = Bounded(file, MOST_DIRECTORY_BYTES)
            opened: Any = bounded  # it has what zipfile needs of a file
            with zipfile.ZipFile(opened) as archive:
                names = _members(archive, path.stat().st_size)
                bounded.most = MOST_JSON_BYTES
                root, stamp = _checked(archive, names, path)
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}; give one that `evidence` wrote.") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        raise Altered(f"It is no sound archive ({str(error)[:120]}).") from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror or error}).") from error
    return Archive(path, tuple(names[:-2]), root, stamp)


def _members(archive: zipfile.ZipFile, size_bytes: int) -> list[str]:
    """Return the paths, in order; nothing is unpacked, so no archive can grow when it is read."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if names[-2:] != [DIGESTS, STAMP]:
        raise Altered("It is no evidence: digests.json and stamp.json must be its last files.")
    if len(names) > MOST_MEMBERS or names[:-2] != sorted(set(names[:-2])):
        raise Altered("Its files are not in the order of their names, each once.")
    for info in infos:
        if len(info.filename) > MOST_PATH or not _PATH.fullmatch(info.filename):
            raise Altered(f"It holds a file of the name {info.filename[:80]!r}.")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise Altered(f"Its file {info.filename} is packed; evidence stores them as they are.")
        if info.header_offset < 0 or info.header_offset > size_bytes:
            raise Altered(f"Its file {info.filename} lies outside of it.")
        most = MOST_JSON_BYTES if info.filename.endswith(".json") else MOST_MEMBER_BYTES
        if info.file_size > most:
            raise Altered(f"Its file {info.filename} has more than {most:,} bytes.")
    if sum(info.file_size for info in infos) > size_bytes:
        raise Altered("Its files overlap.")
    return names


def _checked(archive: zipfile.ZipFile, names: list[str], path: Path) -> tuple[str, dict[str, Any]]:
    """Compare the archive with what writing its members gives; return its root and stamp."""
    told = parsed(archive.read(DIGESTS), DIGESTS)
    listed = told.get("files")
    listed = listed if isinstance(listed, dict) else {}
    missing = sorted({*listed} ^ {*names[:-2]})
    if missing:
        raise Altered(f"{missing[0]} is not among its files and its digests alike.")
    found: dict[str, Digest] = {}
    with path.open("rb") as beside:
        compared = Compared(beside)
        with _writer(compared) as again:
            for name in names:
                digest = _written_again(again, archive, name)
                if name in (DIGESTS, STAMP):
                    continue
                if listed[name] != [digest.size_bytes, digest.sha256]:
                    raise Altered(f"{name} is not the file whose digest was written.")
                found[name] = digest
        if not compared.same or beside.read(1):
            raise Altered("Its form is not the one that is written: more than its files changed.")
    root = root_of(found)
    files = {name: [digest.size_bytes, digest.sha256] for name, digest in found.items()}
    if told != {"files": files, "root": root}:
        raise Altered("The root of the digests is not what follows from them.")
    return root, parsed(archive.read(STAMP), STAMP)


def _written_again(again: zipfile.ZipFile, archive: zipfile.ZipFile, name: str) -> Digest:
    """Write a member of an archive to another, piece by piece, and return its digest."""
    digest, size_bytes = sha256(), archive.getinfo(name).file_size
    with archive.open(name) as member:

        def pieces() -> Iterator[bytes]:
            while piece := member.read(PIECE):
                digest.update(piece)
                yield piece

        _add_pieces(again, name, size_bytes, pieces())
    return Digest(size_bytes, digest.hexdigest())


def parsed(data: bytes, name: str) -> dict[str, Any]:
    """Return a JSON object of an archive; raise Altered unless it stands in its one form."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Altered(f"{name} is no JSON.") from error
    if not isinstance(value, dict) or not _is_canonical(value, data):
        raise Altered(f"{name} is not in the form in which it is written.")
    return value


def _is_canonical(value: object, data: bytes) -> bool:
    try:
        return canonical(value) == data
    except (ValueError, RecursionError):  # nan, half a character, too deep
        return False
