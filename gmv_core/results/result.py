"""Read a finished run: contributors of an image, values, the ranking from the bottom, exports.

k, temperature and quality weighting can be changed here without any model: `open_run(…, settings)`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gmv_core.errors import WorkspaceError
from gmv_core.matching.contributors import (
    Contributor,
    Contributors,
    contributions_of,
    contributors_of,
)
from gmv_core.method.value import Basis, Values
from gmv_core.results.candidate_lists import Away, block_of, blocks, distance_of
from gmv_core.results.influence.tables import (
    TOTAL_COLUMNS,
    Influence,
    influence_digest,
    influence_totals,
    influences_on,
)
from gmv_core.results.stability import read_stability
from gmv_core.results.tables import (
    GENERATED_COLUMNS,
    VALUE_COLUMNS,
    generated_rows,
    match_batches,
    ranked_from_bottom,
    value_rows,
)
from gmv_core.results.totals import totals_of, value_all
from gmv_core.settings import ValueSettings
from gmv_core.store.columns import kept_rows, row_named
from gmv_core.store.manifests import RunManifest, Totals
from gmv_core.store.workspace import ImageSet, Run
from gmv_core.trust.credit import basis_of
from gmv_core.trust.duplicates import has_clusters


@dataclass(frozen=True)
class Result:
    """A finished run, opened for reading.

    without: training rows left out of every candidate list, see `leaving_out`.
    """

    run: Run
    manifest: RunManifest
    training: ImageSet
    generated: ImageSet
    settings: ValueSettings
    without: frozenset[int] = frozenset()

    def leaving_out(self, names: Collection[str]) -> Result:
        """Return this result as if some training images had not been in the set; needs no model.

        The qualities stay as they are stored. names: of training images; raises WorkspaceError for
        one that the set has not.
        """
        table = self.training.images.read(["id", "name"])
        # In Arrow: a page does this at every rerun, and a million names as Python's would take 1 s.
        found = table.filter(pc.is_in(table["name"], value_set=pa.array(set(names), pa.string())))
        known = set(found["name"].to_pylist())
        unknown = next((name for name in names if name not in known), None)
        if unknown is not None:
            raise WorkspaceError(
                f"The set {self.training.name!r} has no image {unknown!r}; give names that it has."
            )
        return replace(self, without=frozenset(found["id"].to_pylist()))

    @property
    def basis(self) -> Basis:
        """What credit rests on besides distances and settings; see `trust.credit`."""
        return basis_of(self.training, self.manifest.null, self.settings, self.without)

    @property
    def digest(self) -> str:
        """What changes whenever the result, its settings or what was found of it since do."""
        left_out = np.sort(np.fromiter(self.without, np.int64, len(self.without)))
        without = sha256(left_out.tobytes()).hexdigest() if self.without else ""
        held = read_stability(self.run, self.manifest) is not None
        predicted = f"{influence_digest(self.run)} {held} {has_clusters(self.training)}"
        return (
            f"{self.run.folder} {self.manifest.updated} {asdict(self.settings)} {without} "
            f"{predicted} {self.generated.manifest().labelled or ''}"
        )

    def _repr_html_(self) -> str:
        """Draw the run in a notebook."""
        from gmv_core.results.drawn import result_html

        return result_html(self)

    def contributors(self, generated: str) -> Contributors:
        """Return the k contributors of a generated image, nearest first.

        generated: its name, or its file name where that is unique. Raises WorkspaceError for
        another one.
        """
        row = self.row_of(generated)
        basis = self.basis
        block = block_of(self.run, row, self.without, basis)
        (name,) = self.generated.images.take(block.rows, ["name"])["name"].to_pylist()
        (found,) = contributors_of(
            self.training, block.matches, block.quality, self.settings, basis
        )
        return Contributors(
            (replace(one, generated=name, generated_row=row) for one in found), self.training
        )

    def generated_of(self, training: str) -> list[Contributor]:
        """Return the generated images that a training image contributed to, most value first.

        training: its name, or its file name where that is unique. Raises WorkspaceError for
        another one.
        """
        row = self.row_of(training, "training")
        names = self.generated.images.read(["name"])["name"].to_pylist()
        found: list[Contributor] = []
        basis = self.basis
        for block in blocks(self.run, self.without, basis):
            found += contributions_of(
                self.training,
                row,
                block.matches,
                block.quality,
                self.settings,
                generated_rows=block.rows,
                names=names,
                basis=basis,
            )
        return sorted(found, key=lambda one: (-one.value, one.rank, one.distance))

    def distance(self, generated: str, training: str) -> Away | None:
        """Return how far any training image is from a generated one; see `distance_of`.

        generated, training: names. Raises WorkspaceError for another one.
        """
        rows = self.row_of(generated), self.row_of(training, "training")
        key = self.manifest.matching.distance
        return distance_of(self.run, self.training, self.generated, rows, key)

    def influence(self, generated: str) -> list[Influence]:
        """Return the training images of largest predicted influence: helpful ones, then harmful.

        generated: as for `contributors`. Raises WorkspaceError where none was predicted.
        """
        return influences_on(self.run, self.training, self.row_of(generated), self.without)

    def influence_totals(self, columns: tuple[str, ...] = TOTAL_COLUMNS) -> pd.DataFrame:
        """Return one row a training image: its predicted influence, summed over generated ones.

        columns: besides TOTAL_COLUMNS there is "id".
        """
        return influence_totals(self.run, self.training, self.without, columns)

    def row_of(self, name: str, kind: str = "generated") -> int:
        """Return the row of an image, "generated" or "training", by its name.

        Raises WorkspaceError where no image, or more than one, has that name.
        """
        images = self.training if kind == "training" else self.generated
        row = row_named(images, name)
        if row is None:
            first = images.images.take(np.array([0]), ["name"])["name"][0].as_py()
            raise WorkspaceError(
                f"The run {self.run.name!r} has no {kind} image {name!r} (of that one name); "
                f"its names look like {first!r}."
            )
        return row

    def told(self) -> RunManifest:
        """Return the run's manifest, with the settings and totals of this result."""
        left_out = None
        if self.without:
            names = self.training.images.read(["name"])["name"].to_pylist()
            left_out = tuple(names[row] for row in sorted(self.without))
        return msgspec.structs.replace(
            self.manifest, value=self.settings, totals=self.totals(), left_out=left_out
        )

    def totals(self) -> Totals:
        """Return what was handed out and to how many, under the settings of this result."""
        return totals_of(*self._valued, len(kept_rows(self.training, self.without)))

    @cached_property
    def _valued(self) -> tuple[Values, pa.Table]:
        n = len(self.training.images)
        return value_all(self.run, n, self.settings, self.without, self.basis)

    def generated_table(self, columns: tuple[str, ...] = GENERATED_COLUMNS) -> pd.DataFrame:
        """Return one row a generated image, rejected ones too, in the order of the set.

        columns: besides GENERATED_COLUMNS there are "id", "status", "label", "same_pixels" (the
        training image that has them) and "same_first". standing and what follows it: see
        `trust.standing`; "" and nan where the run was held against no unseen images. stability and
        same_first: see `trust.stability`; nan where that was not asked.
        """
        rows = generated_rows(
            self.run, self.manifest, self.training, self.generated, self._valued[1]
        )
        return rows[list(columns)]

    def generated_row(self, generated: str) -> dict[str, Any]:
        """Return what `generated_table` says of one image, with "same_pixels".

        generated: as for `contributors`.
        """
        table = self.generated_table((*GENERATED_COLUMNS, "same_pixels"))
        row: dict[str, Any] = table.iloc[self.row_of(generated)].to_dict()
        return row

    def values_table(self, columns: tuple[str, ...] = VALUE_COLUMNS) -> pd.DataFrame:
        """Return one row a training image, in the order of the set, rejected and left out ones not.

        columns: besides VALUE_COLUMNS there are "id", "times_candidate" and "mean_distance".
        """
        values = self._valued[0]
        return value_rows(self.run, self.training, values, self.without, columns)

    def noisy(self) -> pd.DataFrame:
        """Return the ranking from the bottom: by value, ties by nearest distance, farthest
        first.

        `standing` tells "never a candidate", "never a contributor" and "contributor" apart. `rank`
        counts from the top, as everywhere: the first row has the largest.
        """
        return ranked_from_bottom(self.values_table((*VALUE_COLUMNS, "times_candidate", "id")))

    def matches_batches(self) -> Iterator[pd.DataFrame]:
        """Yield the contributors of all generated images, MATCH_COLUMNS, block by block."""
        yield from match_batches(
            self.run, self.training, self.generated, self.settings, self.basis, self.without
        )

    def export(self, folder: Path, *, all_pairs: bool = False, raw: bool = False) -> list[Path]:
        """Write the tables as Parquet and CSV, and manifest.json; see export.py."""
        from gmv_core.results.export import export

        return export(self, folder, all_pairs=all_pairs, raw=raw)
