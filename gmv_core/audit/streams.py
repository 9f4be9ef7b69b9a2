"""What zipfile is given for files: one only written to, one to compare with, one bounded."""

from __future__ import annotations

from typing import BinaryIO


class OneWay:
    """A file that is only written to, so that zipfile puts sizes behind each member."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        if self._file.closed:  # given up half-way: zipfile would still write its end, and complain
            return len(data)
        return self._file.write(data)

    def flush(self) -> None:
        if not self._file.closed:
            self._file.flush()


class Bounded:
    """A file of which no more than `most` bytes are read at once; more is a ValueError."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self.most, self.name = file, most, file.name
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > self.most:
            raise ValueError(f"a part of {size:,} bytes, where {self.most:,} are the most")
        data = self._file.read(self.most + 1 if size < 0 else size)
        if len(data) > self.most:
            raise ValueError(f"a part of more than {self.most:,} bytes")
        return data


class Compared:
    """Takes what would be written, and notes whether it stands in a file already, byte for byte."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.same = file, True

    def write(self, data: bytes) -> int:
        self.same = self.same and self._file.read(len(data)) == bytes(data)
        return len(data)

    def flush(self) -> None:
        pass
