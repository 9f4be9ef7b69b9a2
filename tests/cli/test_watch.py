"""The command watch."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmv_core.sources.readers import arrivals
from tests.cli.conftest import Command
from tests.fakes import write_images

pytestmark = pytest.mark.usefixtures("small_commits")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "SETTLED_SECONDS", 0.05)


def test_what_arrives_is_valued(ready: Command, tmp_path: Path) -> None:
    watch = ("watch", tmp_path / "out", "--against", "train", "--name", "stream", "--k", 4)
    often = ("--every", 0.1, "--idle", 0.3)
    missing = ready(*watch, *often)
    assert (missing.status, "is no folder; make it first" in missing.err) == (1, True)
    (tmp_path / "out").mkdir()
    assert "No image that can be read arrived" in ready(*watch, *often).out
    write_images(tmp_path / "out", 5, first_seed=300)
    told = ready(*watch, *often)
    assert told.status == 0 and "arrived; 5 are valued." in " ".join(told.err.split())
    assert "stream: 5 generated images against 20 training images of train." in told.out
    write_images(tmp_path / "out" / "more", 3, first_seed=400)
    found = ready(*watch, *often, "--json").json
    assert found["generated"] == {"name": "stream-generated", "images": 8, "own": True}
    assert ready("delete", "stream").status == 0
    assert ready("show", "stream-generated", "--rejected").status == 1
