"""A folder into which images arrive: those that are new and finished, round by round."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

from gmv_core.errors import SourceError
from gmv_core.images.kinds import image_kind, lacks_end
from gmv_core.sources.folders import ALL
from gmv_core.sources.names import clean_name
from gmv_core.sources.readers.files import open_folder
from gmv_core.sources.readers.listing import list_folder
from gmv_core.sources.source import Source, digest, read_file

SETTLED_SECONDS = 2.0  # that a file stays as it is before it is read
PATIENCE_SECONDS = 60.0  # that a file which lacks its end is waited for
KIND = "arrivals"


@dataclass
class Arrivals:
    """What is known of the files of a folder. seen: mark of each and since when, by name."""

    folder: Path
    seen: dict[str, tuple[str, float]] = field(default_factory=dict)

    def settled(self, known: Collection[str]) -> Source | None:
        """Return the images that arrived and are finished, None where there is none now.

        known: names of those that were read before; what becomes of their files does not matter.
        A file is finished when its size and time have not changed for SETTLED_SECONDS, and it has
        its end, or has waited for it for PATIENCE_SECONDS. Raises SourceError where the folder
        cannot be read.
        """
        try:
            found = list_folder(self.folder)
        except OSError as error:
            raise SourceError(
                f"{self.folder} cannot be read ({error.strerror or error}); check the folder."
            ) from error
        waiting = [(n, mark) for n, mark in found.images if clean_name(n) not in known]
        now = time.monotonic()
        before = self.seen
        self.seen = {n: (mark, now) for n, mark in waiting}
        self.seen |= {n: before[n] for n, mark in waiting if before.get(n, ("",))[0] == mark}
        found.images = [(n, mark) for n, mark in waiting if self._is_finished(n, mark, now)]
        if not found.images:
            return None
        opened = open_folder(found, ALL)
        return replace(self.none(), reader=lambda _: opened.read(),
                       skipped=opened.skipped, labels_from=opened.labels_from)  # fmt: skip

    def none(self) -> Source:
        """Return a source of the folder in which nothing arrived."""
        fingerprint = digest([KIND, self.folder])
        return Source(KIND, str(self.folder), None, None, {}, fingerprint, lambda _: iter(()))

    def _is_finished(self, name: str, mark: str, now: float) -> bool:
        """Return whether a file has stood still, by our clock or by its own time, and is whole."""
        age = time.time() - int(mark.rpartition("-")[2]) / 1e9
        still = max(age, now - self.seen[name][1])
        if still < SETTLED_SECONDS:
            return False
        if still > PATIENCE_SECONDS:
            return True
        data, error = read_file(self.folder / name)
        kind = image_kind(data[:16])
        return bool(error) or bool(kind and not lacks_end(data, kind))
