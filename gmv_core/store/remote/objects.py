"""Files on an object store that speaks S3, by the methods of a path that a workspace uses.

Credentials, region and AWS_ENDPOINT_URL come from the environment alone, as every S3 client reads
them; none is kept or shown. An object appears whole or not at all, so nothing is renamed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from gmv_core.errors import WorkspaceError, without_secrets

SCHEME = "s3://"
ENDPOINT = "AWS_ENDPOINT_URL"
_AT_ONCE = 16  # objects asked about at the same time


@dataclass(frozen=True, order=True)
class ObjectPath:
    """One object, or all whose names begin with this one and "/", which make up a folder."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def _inside(self) -> PurePosixPath:
        return PurePosixPath(self.text.removeprefix(SCHEME))

    @property
    def bucket(self) -> str:
        return self._inside.parts[0]

    @property
    def key(self) -> str:
        """The object's name in its bucket."""
        return "/".join(self._inside.parts[1:])

    @property
    def parts(self) -> tuple[str, ...]:
        return self._inside.parts

    @property
    def name(self) -> str:
        return self._inside.name

    @property
    def stem(self) -> str:
        return self._inside.stem

    @property
    def suffix(self) -> str:
        return self._inside.suffix

    @property
    def parent(self) -> ObjectPath:
        return ObjectPath(f"{SCHEME}{self._inside.parent}")

    def __truediv__(self, name: str) -> ObjectPath:
        return ObjectPath(f"{self.text}/{name}")

    def with_name(self, name: str) -> ObjectPath:
        return self.parent / name

    def absolute(self) -> ObjectPath:
        return self

    def relative_to(self, folder: ObjectPath) -> PurePosixPath:
        return self._inside.relative_to(folder._inside)

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: there are no folders to make."""

    def is_file(self) -> bool:
        try:
            self.etag()
        except FileNotFoundError:
            return False
        return True

    def exists(self) -> bool:
        """Return whether there is this object, or one below it."""
        return self.is_file() or bool(self._listed())

    def read_bytes(self) -> bytes:
        """Return the object's bytes; raise FileNotFoundError where there is none."""
        # Read by several at once it would be asked for its size first.
        return bytes(self._asked("cat_file", max_concurrency=1))

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.read_bytes().decode(encoding)

    def upload(self, file: Path) -> None:
        """Put a file of this machine here; readers see the old object until all of it is there."""
        with self.answered(writing=True):
            system(self).put_file(str(file), self._path)

    def put(self, data: bytes, *, over: str | None) -> str | None:
        """Write bytes where the object is still the one that was seen; return its new mark.

        over: the mark that was seen, of `etag`, None for no object. Returns None where another one
        is there by now. An answer that got lost on the way may have been a success.
        """
        same = {"IfNoneMatch": "*"} if over is None else {"IfMatch": over}
        with self.answered(writing=True):
            try:
                return str(self.call("put_object", Body=data, **same)["ETag"])
            except OSError as error:
                status = getattr(error.__cause__, "response", {}).get("ResponseMetadata", {})
                gone = over is not None and isinstance(error, FileNotFoundError)
                if gone or status.get("HTTPStatusCode") in (409, 412):
                    return None
                raise

    def call(self, method: str, **given: Any) -> Any:  # noqa: ANN401  (botocore's answers)
        """Call a method of S3 on this object."""
        return system(self).call_s3(method, Bucket=self.bucket, Key=self.key, **given)

    def download(self, file: Path) -> None:
        """Write the object to a file of this machine."""
        with self.answered():
            system(self).get_file(self._path, str(file))

    def may_keep_versions(self) -> bool:
        """Return whether its bucket keeps what is deleted or replaced, or does not tell."""
        try:
            with self.answered():
                return "Status" in system(self).call_s3("get_bucket_versioning", Bucket=self.bucket)
        except WorkspaceError:
            return True

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the object; raise FileNotFoundError where there is none, unless that is fine."""
        if not missing_ok and not self.is_file():
            raise FileNotFoundError(self.text)
        with self.answered(writing=True):
            self.call("delete_object")

    def glob(self, pattern: str) -> Iterator[ObjectPath]:
        """Yield what is here by a pattern of one part, or of one and the name of a file below."""
        first, _, below = pattern.partition("/")
        found = [self / name for name in self._listed() if fnmatchcase(name, first)]
        if not below:
            yield from found
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            there = list(pool.map(ObjectPath.is_file, [path / below for path in found]))
        yield from (path / below for path, is_there in zip(found, there, strict=True) if is_there)

    def sizes(self) -> dict[ObjectPath, int]:
        """Return the size of each object below, in bytes, by name."""
        found = self._asked("find", detail=True)
        return {
            ObjectPath(SCHEME + path): int(told["size"])
            for path, told in sorted(found.items())
            if told["type"] == "file"
        }

    def etag(self) -> str:
        """Return what changes when the object does; raise FileNotFoundError where there is none."""
        with self.answered():  # fsspec's own `isfile` takes every failure for "no"
            return str(self.call("head_object")["ETag"])

    @property
    def _path(self) -> str:
        return str(self._inside)

    def _listed(self) -> list[str]:
        """Return the names directly below, of objects and folders, in order."""
        try:
            found = self._asked("ls", detail=False)
        except FileNotFoundError:
            return []
        names = (PurePosixPath(path).name for path in found if path.rstrip("/") != self._path)
        return sorted(set(names))

    def _asked(self, method: str, **given: Any) -> Any:  # noqa: ANN401  (fsspec's answers)
        with self.answered():
            return getattr(system(self), method)(self._path, **given)

    @contextmanager
    def answered(self, *, writing: bool = False) -> Iterator[None]:
        """Turn what an object store or the way to it refuses into sentences."""
        try:
            yield
        except FileNotFoundError as error:
            if "bucket" not in str(error).lower() or not writing:
                raise
            raise WorkspaceError(
                f"There is no bucket {self.bucket!r}; make it first, or give another address."
            ) from error
        except Exception as error:
            # Those of s3fs are the system's; some of the library below it come through as they are.
            if isinstance(error, OSError) or type(error).__module__.startswith("botocore."):
                raise unreachable(self, error) from error
            raise


Place = Path | ObjectPath


def remove_objects(folder: ObjectPath) -> None:
    """Delete all objects of a folder; whoever is killed meanwhile leaves it whole, or not found.

    So what it is found by goes first: a manifest, or a table's versions, the one that counts last.
    """
    paths = [*folder.sizes()]
    marks = [path for path in paths if path == folder / "manifest.json"]
    versions = sorted((p for p in paths if p.parent == folder / "_versions"), key=_version)
    others = [path for path in paths if path not in {*marks, *versions}]
    delete = partial(ObjectPath.unlink, missing_ok=True)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for some in (marks, versions[:-1], versions[-1:], others):
            list(pool.map(delete, some))


def _version(path: ObjectPath) -> int:
    """Return the number of a table's version; Lance counts down in names of twenty digits."""
    number = int(path.stem) if path.stem.isdecimal() else 0
    return 2**64 - 1 - number if len(path.stem) == 20 else number


def system(path: ObjectPath) -> Any:  # noqa: ANN401  (s3fs ships no types)
    """Return the file system that answers for a path; it keeps no listing."""
    try:
        from s3fs import S3FileSystem
    except ImportError as error:
        raise WorkspaceError(
            f"{path} needs the package s3fs; `pip install s3fs` brings it."
        ) from error
    return S3FileSystem(use_listings_cache=False, endpoint_url=os.environ.get(ENDPOINT))


def storage_options() -> dict[str, str]:
    """Return what Lance has to be told besides the environment: no credentials."""
    plain = os.environ.get(ENDPOINT, "").startswith("http://")
    return {"allow_http": "true"} if plain else {}


def unreachable(path: ObjectPath, error: Exception) -> WorkspaceError:
    """Return the sentence for an object store that does not answer or does not let in."""
    reason = without_secrets(str(error))[:200] or type(error).__name__
    return WorkspaceError(
        f"{path} cannot be used ({reason}); check the address, {ENDPOINT}, the credentials in "
        "the environment, and the network; the same command goes on where it stopped."
    )


# What Lance says where the store failed and not the table. A table that merely cannot be reached
# must never count as damaged: what is damaged is made anew.
_FAILED = ("generic s3 error", "privileges", "authenticat", "error sending request", "timed out",
           "timeout", "connection")  # fmt: skip


def is_unreachable(error: Exception) -> bool:
    """Return whether an error of Lance is the store's or the network's, not the table's."""
    said = str(error).lower()
    return any(word in said for word in _FAILED)
