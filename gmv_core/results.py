"""Read a finished run: contributors of an image, values, the ranking from the bottom, exports.

k, temperature and quality weighting can be changed here without any model: `open_run(…, settings)`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from gmv_core.contributors import (
    Contribution,
    Contributor,
    contributions_of,
    contributors_of,
)
from gmv_core.errors import SettingsError, WorkspaceError
from gmv_core.matching import Matches
from gmv_core.settings import ValueSettings
from gmv_core.store import ImageSet, Manifest, Run, Table, Workspace, write_json
from gmv_core.tables import all_vectors, matrix, vector_blocks
from gmv_core.types import OK, Float32, Float64, Int64
from gmv_core.value import Values, add_values, auroc, no_values, rank_from_bottom

MATCH_COLUMNS = (
    "generated", "training", "rank", "recall_rank", "distance", "weight", "value",
)  # fmt: skip
GENERATED_COLUMNS = ("generated", "quality", "nearest_distance", "effective_contributors")
VALUE_COLUMNS = ("training", "value", "times_contributor", "nearest_distance", "label", "owner")


@dataclass(frozen=True)
class Block:
    """The stored candidates of some generated images, with their quality (nan: rejected)."""

    rows: Int64
    candidates: Int64
    recall_rank: Int64
    recall_distance: Float32
    distance: Float32
    quality: Float64
    exact: int

    @property
    def matches(self) -> Matches:
        return Matches(
            self.candidates, self.recall_rank, self.recall_distance, self.distance, self.exact
        )


def _blocks(run: Run) -> Iterator[Block]:
    columns = ["id", "candidates", "recall_rank", "recall_distance", "distance", "exact"]
    quality = run.table("quality").read(["quality"])["quality"].to_numpy()
    for batch in run.table("matches").batches(columns):
        rows = batch["id"].to_numpy()
        lists = {name: matrix(batch[name]) for name in columns[1:5]}
        exact = int(batch["exact"][0].as_py())
        yield Block(rows=rows, quality=quality[rows], exact=exact, **lists)


def _value(run: Run, n: int, settings: ValueSettings) -> tuple[Values, pa.Table]:
    """Return the values of n training images, and one row a generated image."""
    values = no_values(n)
    parts = []
    for block in _blocks(run):
        q = np.nan_to_num(block.quality)
        values, shares = add_values(values, block.candidates, block.distance, q, settings)
        nearest = np.min(block.recall_distance, axis=1)
        parts.append(
            pa.table(
                {
                    "id": block.rows,
                    "quality": pa.array(block.quality, from_pandas=True),
                    "nearest_distance": pa.array(
                        np.where(np.isfinite(nearest), nearest, np.nan), from_pandas=True
                    ),
                    "effective_contributors": shares.effective,
                }
            )
        )
    return values, pa.concat_tables(parts)


def distances_to_generated(training: Table, generated: Float32, n: int) -> tuple[Float64, Float64]:
    """Return each training image's smallest and mean embedding distance to the generated ones.

    generated: (m, d) unit rows. Both (n,), nan for a rejected image. Memory: one block of each.
    """
    nearest, mean = np.full(n, np.nan), np.full(n, np.nan)
    for ids, vectors in vector_blocks(training, size=4096):
        smallest, total = np.full(len(ids), np.inf), np.zeros(len(ids))
        own = np.einsum("nd,nd->n", vectors, vectors)[:, None]  # in half precision not quite 1
        for start in range(0, len(generated), 4096):
            other = generated[start : start + 4096]
            squared = own + np.einsum("md,md->m", other, other) - 2 * (vectors @ other.T)
            d = np.sqrt(np.maximum(squared, 0))
            smallest = np.minimum(smallest, d.min(axis=1))
            total += d.sum(axis=1)
        nearest[ids], mean[ids] = smallest, total / len(generated)
    return nearest, mean


def write_values(
    run: Run, training: ImageSet, generated: ImageSet, embedder: str, settings: ValueSettings
) -> Manifest:
    """Compute φ from the stored matches, write the tables and return the totals."""
    n = len(training.images)
    values, rows = _value(run, n, settings)
    vectors = all_vectors(generated.embeddings(embedder))[1]
    nearest, mean = distances_to_generated(training.embeddings(embedder), vectors, n)
    run.table("generated").write(rows)
    run.table("values").write(
        pa.table(
            {
                "id": np.arange(n),
                "value": values.value,
                "times_contributor": values.times_contributor,
                "times_candidate": values.times_candidate,
                "nearest_distance": pa.array(nearest, from_pandas=True),
                "mean_distance": pa.array(mean, from_pandas=True),
            }
        )
    )
    return _totals(values, rows)


def _totals(values: Values, rows: pa.Table) -> Manifest:
    quality = rows["quality"].to_numpy(zero_copy_only=False)
    effective = rows["effective_contributors"].to_numpy()
    return {
        "value": float(values.value.sum()),
        "quality": float(np.nansum(quality)),
        "contributors": int((values.times_contributor > 0).sum()),
        "never_contributor": int((values.times_contributor == 0).sum()),
        "effective_contributors": float(effective[effective > 0].mean()),  # 0: rejected
    }


@dataclass(frozen=True)
class Result:
    """A finished run, opened for reading."""

    run: Run
    manifest: Manifest
    training: ImageSet
    generated: ImageSet
    settings: ValueSettings

    def contributors(self, generated: str) -> list[Contributor]:
        """Return the k contributors of a generated image, nearest first.

        generated: its name, or its file name where that is unique. Raises WorkspaceError for
        another one.
        """
        block = self._block(self._row_of(generated))
        return contributors_of(
            self.training, block.matches, np.nan_to_num(block.quality), self.settings
        )[0]

    def generated_of(self, training: str) -> list[Contribution]:
        """Return the generated images that a training image contributed to, most value first.

        training: its name, or its file name where that is unique. Raises WorkspaceError for
        another one.
        """
        row = self._row_of(training, "training")
        names = self.generated.images.read(["name"])["name"].to_pylist()
        found: list[Contribution] = []
        for block in _blocks(self.run):
            q = np.nan_to_num(block.quality)
            found += contributions_of(
                row, block.matches, q, self.settings, rows=block.rows, names=names
            )
        return sorted(found, key=lambda one: (-one.value, one.rank, one.distance))

    def _row_of(self, name: str, kind: str = "generated") -> int:
        images = self.training if kind == "training" else self.generated
        names = images.images.read(["name"])["name"].to_pylist()
        for known in (names, [n.rsplit("/", 1)[-1] for n in names]):
            if known.count(name) == 1:
                return known.index(name)
        raise WorkspaceError(
            f"The run {self.run.name!r} has no {kind} image {name!r} (of that one name); "
            f"its names look like {names[0]!r}."
        )

    def _block(self, row: int) -> Block:
        columns = ["candidates", "recall_rank", "recall_distance", "distance", "exact"]
        at = np.array([row])
        stored = self.run.table("matches").take(at, columns)
        quality = self.run.table("quality").take(at, ["quality"])["quality"].to_numpy()
        lists = {name: matrix(stored[name]) for name in columns[:4]}
        exact = int(stored["exact"][0].as_py())
        return Block(rows=at, quality=quality, exact=exact, **lists)

    def told(self) -> Manifest:
        """Return the run's manifest, with the settings and totals of this result."""
        return {**self.manifest, "value": asdict(self.settings), "totals": self.totals()}

    def totals(self) -> Manifest:
        """Return what was handed out and to how many, under the settings of this result."""
        return _totals(*_value(self.run, len(self.training.images), self.settings))

    def generated_table(self, columns: tuple[str, ...] = GENERATED_COLUMNS) -> pd.DataFrame:
        """Return one row a generated image, rejected ones too, in the order of the set.

        columns: besides GENERATED_COLUMNS there are "id", "status" and "label".
        """
        rows = _value(self.run, len(self.training.images), self.settings)[1].to_pandas()
        about = self.generated.images.read(["name", "status", "label"]).to_pandas()
        rows = pd.concat([rows, about.rename(columns={"name": "generated"})], axis=1)
        return rows[list(columns)]

    def values_table(self, columns: tuple[str, ...] = VALUE_COLUMNS) -> pd.DataFrame:
        """Return one row a training image, rejected ones left out, in the order of the set.

        columns: besides VALUE_COLUMNS there are "id", "times_candidate" and "mean_distance".
        """
        n = len(self.training.images)
        values = _value(self.run, n, self.settings)[0]
        stored = self.run.table("values").read(["nearest_distance", "mean_distance"]).to_pandas()
        about = self.training.images.read(["id", "name", "status", "label", "owner"]).to_pandas()
        table = pd.concat([about.rename(columns={"name": "training"}), stored], axis=1)
        table = table.assign(**asdict(values))
        return table[table["status"] == OK][list(columns)].reset_index(drop=True)

    def noisy(self) -> pd.DataFrame:
        """Return the ranking from the bottom: by value, ties by mean distance, farthest first.

        `standing` tells "never a candidate", "never a contributor" and "low value" apart.
        """
        extra = ("times_candidate", "mean_distance")
        table = self.values_table((*VALUE_COLUMNS, *extra))
        order = rank_from_bottom(table["value"].to_numpy(), table["mean_distance"].to_numpy(float))
        table = table.iloc[order].reset_index(drop=True)
        standing = np.where(
            table["times_contributor"] > 0,
            "contributor",
            np.where(table["times_candidate"] > 0, "never a contributor", "never a candidate"),
        )
        return table.assign(rank=np.arange(1, len(table) + 1), standing=standing)

    def noise_auroc(self, column: str) -> float:
        """Return the AUROC of the ranking from the bottom against a yes/no attribute column.

        Raises SettingsError where no image has that attribute.
        """
        images = self.training.images.read(["name", "attributes"]).to_pylist()
        known = {i["name"]: json.loads(i["attributes"] or "{}").get(column, "") for i in images}
        if not any(known.values()):
            raise SettingsError(
                f"The set {self.training.name!r} has no attribute {column!r}; give the name of a "
                "column of its label CSV."
            )
        names = self.noisy()["training"]
        flags = np.array([known[n].strip().lower() in ("yes", "true", "1") for n in names])
        return auroc(np.arange(len(flags)), flags)

    def matches_batches(self) -> Iterator[pd.DataFrame]:
        """Yield the contributors of all generated images, MATCH_COLUMNS, block by block."""
        training = np.array(self.training.images.read(["name"])["name"].to_pylist(), object)
        generated = np.array(self.generated.images.read(["name"])["name"].to_pylist(), object)
        for block in _blocks(self.run):
            q = np.nan_to_num(block.quality)
            _, shares = add_values(
                no_values(len(training)), block.candidates, block.distance, q, self.settings
            )
            j, i = np.nonzero(block.candidates[:, : shares.weights.shape[1]] >= 0)
            weighting = q if self.settings.quality_weighting else np.ones_like(q)
            weight = shares.weights[j, i]
            yield pd.DataFrame(
                {
                    "generated": generated[block.rows[j]],
                    "training": training[block.candidates[j, i]],
                    "rank": i + 1,
                    "recall_rank": block.recall_rank[j, i],
                    "distance": block.distance[j, i],
                    "weight": weight,
                    "value": weight * weighting[j],
                }
            )

    def export(self, folder: Path) -> list[Path]:
        """Write matches, generated and values as Parquet and CSV, and manifest.json."""
        folder.mkdir(parents=True, exist_ok=True)
        tables = {
            "matches": pd.concat(list(self.matches_batches()), ignore_index=True),
            "generated": self.generated_table(),
            "values": self.values_table(),
        }
        written = []
        for name, table in tables.items():
            table.to_parquet(folder / f"{name}.parquet", index=False)
            table.to_csv(folder / f"{name}.csv", index=False)
            written += [folder / f"{name}.parquet", folder / f"{name}.csv"]
        write_json(folder / "manifest.json", self.told())
        return [*written, folder / "manifest.json"]


def open_run(workspace: Workspace, name: str, *, settings: ValueSettings | None = None) -> Result:
    """Open a finished run, with its own value settings or with others."""
    run = workspace.run(name)
    manifest: dict[str, Any] = run.manifest()
    if manifest["state"] != "ready":
        raise WorkspaceError(f"The run {name!r} is unfinished; run its `value` command again.")
    training = workspace.image_set(manifest["training"]["name"])
    generated = workspace.image_set(manifest["generated"]["name"])
    for images, told in ((training, "training"), (generated, "generated")):
        if len(images.images) != manifest[told]["images"]:
            raise WorkspaceError(
                f"The run {name!r} valued {manifest[told]['images']} images of {images.name!r}, "
                f"which now has {len(images.images)}; run its `value` command again."
            )
    value = settings or ValueSettings(**manifest["value"])
    return Result(run, manifest, training, generated, value)
