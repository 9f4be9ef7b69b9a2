"""What the command line prints: tables and a progress bar for people, or one JSON document."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

from gmv_core.cli.interrupt import stop_if_interrupted
from gmv_core.place import JOB_FOLDER
from gmv_core.store.files import finite
from gmv_core.types import Progress, Report
from gmv_core.words import STAGES, number, visible

if TYPE_CHECKING:
    import pandas as pd

    from gmv_core.sources.labels import Labels
    from gmv_core.sources.source import Source


class Output:
    """Prints a command's answer. as_json: one document on stdout, everything else on stderr."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, emoji=False)  # a name may hold ":smile:"
        self.err = Console(stderr=True, highlight=False, emoji=False)

    def document(self, value: object) -> bool:
        """Print the answer as JSON where that is requested, and return whether it was."""
        if self.as_json:
            print(json.dumps(finite(value), indent=2, ensure_ascii=False, default=str))
        return self.as_json

    def words(self, text: str) -> None:
        """Print a sentence as it is."""
        self.out.print("\n".join(map(shown, text.split("\n"))), soft_wrap=True)

    def markup(self, text: str) -> None:
        """Print a line with rich's markup; what comes from a user is escaped by the caller."""
        self.out.print(text, soft_wrap=True)

    def table(self, title: str, frame: pd.DataFrame) -> None:
        """Print a table of words, none of them torn apart."""
        longest = {
            column: max(len(w) for cell in (column, *frame[column]) for w in str(cell).split())
            for column in frame.columns
        }
        self.frame(title, frame, longest)

    def say(self, sentence: str) -> None:
        self.err.print(f"[yellow]![/] {shown(sentence)}")

    def reading(self, source: Source, labels: Labels | None) -> None:
        """Say how a source is read, where there was something to decide."""
        from gmv_core.sources.label_fit import reading_words

        for sentence in reading_words(source, labels):
            self.say(sentence)
        others = list(source.choices.readings)[1:]
        if others:
            self.say(f"Choose another way by --as, such as --as {others[0]}.")
        if source.choices.split:
            self.say("Choose other splits by --split, such as --split all.")

    def error(self, sentence: str) -> None:
        self.document({"error": sentence})
        self.err.print(f"[red]Error:[/] {shown(sentence)}", soft_wrap=True)

    @contextmanager
    def progress(self) -> Iterator[Report]:
        """Show how far it is on a terminal, or tell it to a job; each step heeds Ctrl-C."""
        from gmv_core.jobs.worker import reporter

        job = os.environ.get(JOB_FOLDER)
        with nullcontext(reporter(Path(job))) if job else self._bar() as shown:

            def report(step: Progress) -> None:
                stop_if_interrupted()
                shown(step)

            yield report

    @contextmanager
    def _bar(self) -> Iterator[Report]:
        """Show stage, count, images a second and time left."""
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

    def frame(
        self, title: str, frame: pd.DataFrame, least: Mapping[str, int] | None = None
    ) -> None:
        """Print a table; numbers are formatted here. least: widths of text columns."""
        from pandas.api.types import is_numeric_dtype

        table = Table(
            title=shown(title), title_justify="left", title_style="bold", box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0), pad_edge=False,
        )  # fmt: skip
        for place, column in enumerate(frame.columns):
            numeric = is_numeric_dtype(frame[column])
            table.add_column(
                shown(str(column)).replace("_", " "),
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


def shown(text: str) -> str:
    """Return a user's text as a terminal shows it: nothing in it is obeyed, by rich or by it."""
    return escape(visible(text))


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else shown(str(value))
