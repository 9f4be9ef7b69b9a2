"""A run that is reviewed: 6 generated images, whose lists are 12 of 24 training images long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core import Workspace
from tests.built import write_judged_run


@pytest.fixture
def reviewed(copied: Callable[..., None], tmp_path: Path) -> Workspace:
    """A workspace with a run "run" of 60 pairs: 6 generated images, 10 contributors each."""
    copied(write_judged_run)
    return Workspace(tmp_path / "home")
