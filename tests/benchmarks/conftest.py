"""Where the repository lies, and data sets that tests use where they are there."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
FASHION = Path("/usr/share/datasets/fashion-mnist")
CIFAR = ROOT.parent / "shared" / "data" / "cifar10-train.zip"
