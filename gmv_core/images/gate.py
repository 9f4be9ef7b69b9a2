"""How much several threads may hold at once, by bytes: whoever would exceed it waits its turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

FREE_BYTES = 4_000_000  # so little needs no turn


class Gate:
    """Lets in what fits beside what is in already; what is larger than all of it, alone."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._held = limit_bytes, 0
        self._changed = threading.Condition()

    @contextmanager
    def holding(self, size_bytes: int) -> Iterator[None]:
        """Wait until so many bytes may be held, and hold them."""
        if size_bytes <= FREE_BYTES:
            yield
            return
        with self._changed:
            self._changed.wait_for(
                lambda: self._held == 0 or self._held + size_bytes <= self._limit
            )
            self._held += size_bytes
        try:
            yield
        finally:
            with self._changed:
                self._held -= size_bytes
                self._changed.notify_all()


DECODING = Gate(512_000_000)  # what all threads decode at the same time
