"""A run by hand: every number that is read from it can be worked out."""

from __future__ import annotations

import pytest

from gmv_core import Result, Workspace
from tests.built import run_by_hand


@pytest.fixture
def opened(workspace: Workspace) -> Result:
    return run_by_hand(workspace)
