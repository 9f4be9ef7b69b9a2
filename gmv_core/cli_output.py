"""What the command line prints: tables and a progress bar for people, or one JSON document."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.table import Table

from gmv_core.jobs.job import FOLDER
from gmv_core.jobs.worker import reporter
from gmv_core.matching.contributors import Contributor
from gmv_core.results.result import Result
from gmv_core.store.files import finite
from gmv_core.store.workspace import Manifest
from gmv_core.types import Progress, Report
from gmv_core.words import counted, number

STAGES = {
    "draw": "Drawing the demo",
    "embed": "Reading and embedding",
    "index": "Indexing",
    "matches": "Matching",
    "quality": "Judging quality",
    "values": "Valuing",
    "done": "Done",
}


class Output:
    """Prints a command's answer. as_json: one document on stdout, everything else on stderr."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False)
        self.err = Console(stderr=True, highlight=False)

    def _json(self, value: object) -> bool:
        if self.as_json:
            print(json.dumps(finite(value), indent=2, ensure_ascii=False, default=str))
        return self.as_json

    def document(self, value: object) -> bool:
        """Print the answer as JSON where that is asked for, and return whether it was."""
        return self._json(value)

    def words(self, text: str) -> None:
        self.out.print(escape(text), soft_wrap=True)

    def table(self, title: str, frame: pd.DataFrame) -> None:
        """Print a table of words, none of them torn apart."""
        longest = {
            column: max(len(w) for cell in (column, *frame[column]) for w in str(cell).split())
            for column in frame.columns
        }
        self._frame(title, frame, longest)

    def say(self, sentence: str) -> None:
        self.err.print(f"[yellow]![/] {escape(sentence)}")

    def error(self, sentence: str) -> None:
        self._json({"error": sentence})
        self.err.print(f"[red]Error:[/] {escape(sentence)}", soft_wrap=True)

    @contextmanager
    def progress(self) -> Iterator[Report]:
        """Show stage, count, images a second and time left on a terminal, or tell them to a job."""
        job = os.environ.get(FOLDER)
        if job:
            yield reporter(Path(job))
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        with Bar(*columns, console=self.err, transient=True) as bar:
            tasks: dict[str, Any] = {}

            def report(step: Progress) -> None:
                if step.stage not in tasks:
                    title = STAGES.get(step.stage, step.stage)
                    tasks[step.stage] = bar.add_task(title, total=step.total, rate="")
                task = tasks[step.stage]
                speed = bar.tasks[task].speed
                rate = f"{number(speed)}/s" if speed else ""
                bar.update(task, completed=step.done, total=step.total, rate=rate)

            yield report

    def image_set(self, manifest: Manifest) -> None:
        if self._json(manifest):
            return
        counts, index = manifest["counts"], manifest["index"]
        told = "already built" if manifest["reused"] else "ready"
        fine = counted(counts["ok"], "image")
        self.out.print(f"[bold]{escape(manifest['name'])}[/] is {told}: {fine}.")
        if counts["rejected"]:
            self.out.print(f"  Rejected: {counted(counts['rejected'], 'image')}.")
        skipped = manifest["sources"][-1].get("skipped", {})
        for reason, count in skipped.items():
            self.out.print(f"  Passed over: {counted(count, 'file')}, {escape(reason)}.")
        if counts["duplicates"]:
            copies = counted(counts["duplicates"], "image")
            self.out.print(f"  Exact duplicates of others: {copies}.")
        told_labels = manifest.get("labels")
        if told_labels and (told_labels["images_without_row"] or told_labels["rows_without_image"]):
            self.out.print(
                f"  Without a row in the label table: "
                f"{counted(told_labels['images_without_row'], 'image')}; fitting no image: "
                f"{counted(told_labels['rows_without_image'], 'row')}."
            )
        embedder = manifest["embedder"]
        self.out.print(
            f"  Embedder: {embedder['key']}, {embedder['precision']} ({escape(embedder['reason'])})"
        )
        self.out.print(f"  Index: {index['kind']}, {_recall(index)}")

    def run(self, manifest: Manifest, result: Result) -> None:
        values = result.values_table().sort_values("value", ascending=False, kind="stable")
        generated = result.generated_table()
        if self._json(
            {
                **manifest,
                "top": values.head(10).to_dict("records"),
                "bottom": result.noisy().head(10).to_dict("records"),
            }
        ):
            return
        totals = manifest["totals"]
        self.out.print(
            f"[bold]{escape(manifest['name'])}[/]: {len(generated):,} generated images against "
            f"{len(values):,} training images of {escape(manifest['training']['name'])}."
        )
        inputs = manifest["inputs"]
        self.out.print(
            f"  Distance: {inputs['matches']['distance']} "
            f"({escape(manifest['reasons']['distance'])})\n"
            f"  Quality: {inputs['quality']['quality']} "
            f"({escape(manifest['reasons']['quality'])})"
        )
        self.out.print(
            f"  Value handed out: {number(totals['value'])}, to {totals['contributors']:,} "
            f"training images; {totals['never_contributor']:,} were never a contributor.\n"
            f"  Effective contributors of a generated image: "
            f"{number(totals['effective_contributors'])} of {result.settings.k}."
        )
        self._frame("Most valuable training images", values.head(10))
        self._frame("Least valuable (ties: farthest from the generated images first)",
                    result.noisy().head(10)[values.columns.tolist()])  # fmt: skip

    def contributors(self, image: str, found: Sequence[Contributor]) -> None:
        rows = [asdict(c) for c in found]
        if self._json({"generated": image, "contributors": rows}):
            return
        columns = ["rank", "training", "distance", "weight", "value", "recall_rank"]
        estimates = [] if all(c.exact for c in found) else ["exact"]
        frame = pd.DataFrame(rows, columns=[*columns, "label", "owner", *estimates])
        self._frame(f"Closest training images (contributors) of {image}", frame)

    def noisy(self, ranking: pd.DataFrame, limit: int, auroc: float | None) -> None:
        head = ranking.head(limit)
        if self._json({"auroc": auroc, "ranking": head.to_dict("records")}):
            return
        columns = ["rank", "training", "value", "times_contributor", "nearest_distance", "standing"]
        self._frame("From the bottom", head[[*columns, "label", "owner"]])
        if auroc is not None:
            self.out.print(f"AUROC against the known noise: {auroc:.3f}")

    def files(self, written: Sequence[Path]) -> None:
        if not self._json({"files": [str(path) for path in written]}):
            for path in written:
                self.out.print(escape(str(path)))

    def listing(self, sets: Sequence[Manifest], runs: Sequence[Manifest]) -> None:
        if self._json({"sets": sets, "runs": runs}):
            return
        if not sets:
            self.out.print(
                "Nothing here yet. Start with `python -m gmv_core demo`, or "
                "`python -m gmv_core build FOLDER --name NAME`."
            )
            return
        keep = [
            {
                "set": m["name"],
                "state": m["state"],
                "images": m.get("counts", {}).get("ok"),
                "rejected": m.get("counts", {}).get("rejected"),
                "labels": m.get("counts", {}).get("labels"),
                "owners": m.get("counts", {}).get("owners"),
                "embedder": m["embedder"]["key"],
            }
            for m in sets
        ]
        self._frame("Image sets", pd.DataFrame(keep))
        done = [
            {
                "run": m["name"],
                "state": m["state"],
                "training": m["training"]["name"],
                "generated": m["generated"]["name"],
                "images": m["generated"]["images"],
                "k": m["value"]["k"],
                "distance": m["inputs"]["matches"]["distance"],
                "quality": m["inputs"]["quality"]["quality"],
            }
            for m in runs
        ]
        if done:
            self._frame("Runs", pd.DataFrame(done))

    def deleted(self, kind: str, name: str) -> None:
        if not self._json({"deleted": name, "kind": kind}):
            self.out.print(f"The {kind} {escape(name)} is deleted.")

    def models(self, rows: Sequence[dict[str, Any]]) -> None:
        if self._json(list(rows)):
            return
        short = [
            {
                "key": row["key"],
                "step": row["step"],
                "ready": row["ready"],
                "MB": None if row["size_bytes"] is None else row["size_bytes"] / 1e6,
                "what it is": row["title"],
                "note": row["note"],
            }
            for row in rows
        ]
        self._frame("Models (licences: --json, or the README)", pd.DataFrame(short))

    def _frame(
        self, title: str, frame: pd.DataFrame, least: Mapping[str, int] | None = None
    ) -> None:
        table = Table(
            title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0), pad_edge=False,
        )  # fmt: skip
        for place, column in enumerate(frame.columns):
            numeric = pd.api.types.is_numeric_dtype(frame[column])
            table.add_column(
                column.replace("_", " "),
                justify="right" if numeric else "left",
                # A name or a number that is cut off is none; a heading of two words may wrap.
                no_wrap=place == 0 or column == "training",
                min_width=max(map(len, column.split("_")))
                if numeric
                else least[column]
                if least
                else None,
                overflow="fold",
            )
        for row in frame.itertuples(index=False):
            table.add_row(*(_cell(value) for value in row))
        self.out.print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else escape(str(value))


def _recall(index: Manifest) -> str:
    if index["kind"] == "exact":
        return "finds all nearest neighbours."
    return (
        f"finds {100 * index['recall']:.1f} % of the true nearest {index['recall_at']} "
        f"({index['nprobe']} probes, {index['bytes_per_vector']:.0f} bytes a vector)."
    )
