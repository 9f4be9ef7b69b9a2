"""Whole files by their addresses, several at once and the next ones while these are used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from gmv_core.sources.addresses.address import Address
from gmv_core.sources.addresses.asking import refusal

_AT_ONCE, _AT_ONCE_BYTES = 32, 1 << 25  # files read at the same time


def read_all(places: Sequence[Address], sizes: Sequence[int]) -> Iterator[tuple[bytes, str]]:
    """Yield the bytes of files and "", or b"" and the reason why there are none.

    Several are asked for at once, and the next ones while these are used. sizes: theirs, bytes.
    Raises SourceError where credentials do no longer hold: that is no fault of an image.
    """
    read: Address | None = None
    portions = [[places[i] for i in some] for some in _portions(sizes)]
    # Asked for here: the hub's library keeps listings by thread, and forgets those of this one.
    system = places[0].system()[0] if places else None
    with ThreadPoolExecutor(1) as pool:
        ahead = [pool.submit(_fetched, system, some) for some in portions[:1]]
        for number, some in enumerate(portions, start=1):
            found = ahead.pop().result()
            later = portions[number : number + 1]
            ahead += [pool.submit(_fetched, system, those) for those in later]
            for place, data in zip(some, found, strict=True):
                why = ""
                try:
                    data = place.read_bytes() if data is None else data
                    read = place
                except (FileNotFoundError, PermissionError) as error:
                    if isinstance(error, PermissionError) and not _is_let_in(read, places, place):
                        raise refusal(place, error) from error
                    data, why = b"", f"cannot be read ({error.strerror or type(error).__name__})"
                yield data, why


def _is_let_in(read: Address | None, places: Sequence[Address], refused: Address) -> bool:
    """Return whether another file may be read than one that was refused: the last, or the next."""
    others = [read] if read else places[places.index(refused) + 1 :][:1]
    try:
        for other in others:
            other.head(1)
    except (FileNotFoundError, PermissionError):
        return False
    return bool(others)


def _fetched(system: Any, places: Sequence[Address]) -> list[bytes | None]:  # noqa: ANN401
    """Return the bytes of files, None for those that did not come."""
    paths = [place.system()[1] for place in places]
    if not system.async_impl:  # it would ask for one after another
        with ThreadPoolExecutor(len(paths)) as pool:
            return list(pool.map(partial(_fetched_alone, system), paths))
    try:
        # Unlike `cat`, this takes no sign in a name for a pattern, and asks once a file.
        found = system.cat_ranges(paths, [0] * len(paths), [None] * len(paths), on_error="return")
    except Exception:  # each library has errors of its own; each file is asked for again
        found = [None] * len(paths)
    return [data if isinstance(data, bytes) else None for data in found]


def _fetched_alone(system: Any, path: str) -> bytes | None:  # noqa: ANN401
    try:
        return bytes(system.cat_file(path))
    except Exception:  # asked for again, as above
        return None


def _portions(sizes: Sequence[int]) -> Iterator[range]:
    """Yield which files are read at once: few at first, for who looks at the first ones only."""
    start, held, most = 0, 0, 2
    for i, size in enumerate(sizes):
        if i > start and (i - start == most or held + size > _AT_ONCE_BYTES):
            yield range(start, i)
            start, held, most = i, 0, min(2 * most, _AT_ONCE)
        held += size
    if start < len(sizes):
        yield range(start, len(sizes))
