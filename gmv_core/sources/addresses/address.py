"""A file or folder by its address, such as "s3://bucket/photos", read through fsspec.

It has the few methods of a path that the readers use, so that they need not know where a source
lies. Nothing is asked before a source is opened. Who fails to answer is asked again; then the work
ends with a sentence, and the same command goes on: an image is never rejected for a lost line.
"""

from __future__ import annotations

import io
import logging
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from gmv_core.errors import SourceError, without_secrets
from gmv_core.sources.addresses.asking import patiently, refusal

PACKAGES = {  # scheme → what reads it
    "s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "http": "aiohttp", "https": "aiohttp",
    "hf": "huggingface_hub",
}  # fmt: skip
ONE_FILE = ("http", "https")  # what lies there cannot be listed
_BLOCK_BYTES = 1 << 22  # asked for at once, the next one ahead
_BLOCKS = 16  # kept: a row group of a Parquet file is looked over, then read
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_MARKS = ("ETag", "etag", "md5Hash", "blob_id", "LastModified", "Last-Modified", "mtime")


def is_address(text: str) -> bool:
    """Return whether a text is an address and no path on this machine."""
    return bool(_ADDRESS.match(text))


@dataclass(frozen=True)
class Address:
    """One address. Raises SourceError where its kind is unknown or what reads it is missing."""

    text: str

    @classmethod
    def of(cls, text: str) -> Address:
        """Return the address that a person gave."""
        scheme, _, inside = text.partition("://")
        scheme = scheme.lower()
        if scheme not in PACKAGES:
            raise SourceError(
                f"{without_secrets(text)[:80]!r} is an address of an unknown kind; give a path, or "
                f"one of {', '.join(f'{known}://' for known in PACKAGES)}."
            )
        if scheme not in ONE_FILE and "@" in inside.partition("/")[0]:
            raise SourceError(
                f"Credentials stand in the address {without_secrets(text)[:80]!r}, where they "
                "would be shown; give them in the environment, see docs/sources.md."
            )
        return cls(f"{scheme}://{inside.rstrip('/')}")

    def __str__(self) -> str:
        """Return it without what may be secret: a password, or what follows a "?"."""
        if not self._is_web:
            return self.text
        found = urlsplit(self.text)
        return f"{found.scheme}://{found.netloc.rpartition('@')[2]}{found.path}"

    @property
    def scheme(self) -> str:
        return self.text.partition("://")[0]

    @property
    def _is_web(self) -> bool:
        return self.scheme in ONE_FILE

    @property
    def name(self) -> str:
        last = str(self).rpartition("/")[2]
        return unquote(last) if self._is_web else last

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Address:
        return Address(str(self).rpartition("/")[0])

    def __truediv__(self, name: str) -> Address:
        return Address(f"{self.text}/{name}")

    def system(self) -> tuple[Any, str]:
        """Return fsspec's file system and what it calls this place."""
        from fsspec import get_filesystem_class

        logging.getLogger("gcsfs").setLevel(logging.CRITICAL)  # a traceback a try, on the terminal
        try:
            # Not by `url_to_fs`, which takes "::" in a name for a chain of file systems.
            kind = get_filesystem_class(self.scheme)
            system = kind(use_listings_cache=False, **kind._get_kwargs_from_urls(self.text))
            return system, str(kind._strip_protocol(self.text))
        except ImportError as error:
            raise SourceError(
                f"Addresses that begin with {self.scheme}:// need the package "
                f"{PACKAGES[self.scheme]}; `pip install {PACKAGES[self.scheme]}` brings it."
            ) from error

    def forget(self) -> None:
        """Let nothing be answered from what was told before: the hub's library keeps listings."""
        self.system()[0].invalidate_cache()

    def info(self) -> dict[str, Any]:
        """Return what is told of it: "type", "size" and more."""
        return patiently(self, lambda: dict(_call(self, "info")))

    def is_dir(self) -> bool:
        return not self._is_web and self.info()["type"] == "directory"

    def size_bytes(self) -> int:
        return int(self.info()["size"] or 0)

    def mark(self) -> str:
        """Return what changes when the file does, "" where nothing is told."""
        return mark_of(self.info())

    def listed(self) -> dict[str, dict[str, Any]]:
        """Return what is told of each file below it, by its name there."""
        root = self.system()[1].rstrip("/") + "/"
        found = patiently(self, lambda: _call(self, "find", detail=True))
        return {path.removeprefix(root): told for path, told in sorted(found.items())
                if told["type"] == "file" and not path.endswith("/")}  # fmt: skip

    def read_bytes(self) -> bytes:
        return patiently(self, lambda: bytes(_call(self, "cat_file")))

    def head(self, size: int) -> bytes:
        """Return its first bytes."""
        return patiently(self, lambda: bytes(_call(self, "cat_file", start=0, end=size)))[:size]

    def open(self, _mode: str = "rb") -> io.BufferedReader:
        """Open it for reading at any place."""
        return io.BufferedReader(_Remote(self), 1 << 16)


def _call(address: Address, method: str, **given: Any) -> Any:  # noqa: ANN401  (fsspec's answers)
    system, path = address.system()
    return getattr(system, method)(path, **given)


def mark_of(told: dict[str, Any]) -> str:
    """Return what changes when a file does, of what is told of it."""
    return next((str(told[key]) for key in _MARKS if told.get(key)), "")


class _Remote(io.RawIOBase):
    """One remote file, asked for in blocks."""

    def __init__(self, address: Address) -> None:
        self._address, self._at = address, 0
        asked = partial(
            _call, address, "open", mode="rb", block_size=_BLOCK_BYTES,
            cache_type="background", cache_options={"maxblocks": _BLOCKS},
        )  # fmt: skip
        try:
            self._file: Any = patiently(address, asked)
        except (FileNotFoundError, PermissionError) as error:
            raise refusal(address, error) from error
        size = getattr(self._file, "size", None)
        if size is None:
            raise SourceError(
                f"{address} does not say its size or gives no parts of itself (Range requests); "
                "download it and give the file."
            )
        self._size = int(size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError(22, "a place before the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401  (any buffer)
        wanted = memoryview(buffer).nbytes

        def some() -> bytes:
            self._file.seek(self._at)
            return bytes(self._file.read(wanted))

        try:
            data = patiently(self._address, some) if self._at < self._size else b""
        except (FileNotFoundError, PermissionError) as error:  # no damage of an archive
            raise refusal(self._address, error) from error
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()


Place = Path | Address
