"""Where images come from: opens a path or an address, whatever kind of source lies there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.sources.addresses.address import Address, is_address
from gmv_core.sources.addresses.asking import refusal
from gmv_core.sources.folder_readings import READINGS, open_listed
from gmv_core.sources.one_file import open_file
from gmv_core.sources.readers.listing import list_address, list_folder
from gmv_core.sources.source import Source


def open_source(
    path: str | Path,
    *,
    reading: str = "",
    split: str = "",
    within: Sequence[Path] | None = None,
) -> Source:
    """Recognise and list what lies at `path`, without decoding an image.

    A folder of images, a folder of Parquet, tar or IDX files, or a single zip, tar (also .gz, .bz2,
    .xz), Parquet, npz, IDX or image file. path: an address too, of PACKAGES of address.py; then no
    npz or IDX file.

    reading: of a folder that can be read in several ways, which is taken: one of READINGS ("": the
    one with most images). split: which splits are read, see `splits_read`. within: folders that
    links may not leave.

    Raises:
        SourceError: if nothing is there, it cannot be read, or it holds no images.
    """
    if reading and reading not in READINGS:
        raise SourceError(
            f"A source cannot be read as {reading!r}; choose one of: {', '.join(READINGS)}."
        )
    if not str(path).strip():
        raise SourceError(f"{str(path)!r} is no path; give a folder or a file.")
    if is_address(str(path)):
        return _open_address(Address.of(str(path)), reading, split)
    try:
        where = Path(path).expanduser().absolute()
        if where.is_dir():
            return open_listed(list_folder(where, within), reading=reading, split=split)
        if not where.exists():
            raise SourceError(f"There is nothing at {where}; check the path.")
        if not where.is_file():
            raise SourceError(f"{where} is neither a file nor a folder; give one of these.")
        return open_file(where, split)
    except (OSError, RuntimeError) as error:  # RuntimeError: ~ of nobody
        reason = getattr(error, "strerror", None) or error
        raise SourceError(
            f"{path} cannot be read ({reason}); check that it exists and that you may read it."
        ) from error


def _open_address(where: Address, reading: str, split: str) -> Source:
    where.forget()
    try:
        if where.is_dir():
            return open_listed(list_address(where), reading=reading, split=split)
        return open_file(where, split)
    except (FileNotFoundError, PermissionError) as error:
        raise refusal(where, error) from error
