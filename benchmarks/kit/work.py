"""The work folder of the truth scripts: what was generated, what was built, what was found."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.kit.reporting import finish
from benchmarks.kit.reporting import parser as script_parser

FOLDER = Path("truth")


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that every script has, and the work folder."""
    made = script_parser(doc or "")
    made.add_argument("--work", type=Path, default=FOLDER, help="generated images and results")
    return made


def generated_folder(options: argparse.Namespace, data: str, model: str) -> Path:
    """Return where the images of one generator lie, in class folders."""
    return options.work / "generated" / data / model


def save(options: argparse.Namespace, script: str, figures: Mapping[str, Any]) -> None:
    """Write the figures to the work folder, and print them as one JSON line if asked."""
    folder = options.work / "results"
    folder.mkdir(parents=True, exist_ok=True)
    told = {"seed": options.seed, "quick": options.quick, **figures}
    (folder / f"{script}.json").write_text(json.dumps(told, indent=1, default=float) + "\n")
    finish(options, f"truth.{script}", figures)
