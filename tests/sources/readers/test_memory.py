"""What small files and large ones take of the memory, measured in a process of their own.

`pytest -s` prints the table that docs/reliability.md shows.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bombs import BOMBS, HONEST

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells it")
ROOT = Path(__file__).parents[3]
SMALL_MB, HONEST_MB = 1500, 2000
# Surveys a source or builds it, whatever comes of that, and says what it took at most.
TAKE = """
import sys
from pathlib import Path
from gmv_core import GMVError, Workspace, build, open_source
from gmv_core.sources.labels import labels_for
from gmv_core.sources.survey import survey
from tests.fakes import fake_embedder

what, path, home = sys.argv[1:]
try:
    source = open_source(path)
    if what == "survey":
        said = f"{len(survey(source, labels_for(source)).sample)} looked at"
    else:
        labels = labels_for(source)
        made = build(Workspace(home), source, name="x", labels=labels, embedder=fake_embedder())
        said = f"{made.counts.ok} of {made.counts.images} taken"
except GMVError as problem:
    said = str(problem)
# getrusage would tell what the process that started this one held.
status = Path("/proc/self/status").read_text().split()
print(int(status[status.index("VmHWM:") + 1]) * 1024 // 10**6, said.replace(chr(10), " "))
"""


def taken(what: str, path: Path, home: Path) -> tuple[int, str]:
    """Return the largest memory held, in MB, and what came of it."""
    done = subprocess.run(
        [sys.executable, "-c", TAKE, what, str(path), str(home)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    memory, _, said = done.stdout.strip().partition(" ")
    print(f"\n| {path.name} {path.stat().st_size:,} | {what} | {memory} MB | {said[:90]} |")
    return int(memory), said


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_small_file_takes_much(bomb: str, tmp_path: Path) -> None:
    path = BOMBS[bomb](tmp_path)
    assert taken("survey", path, tmp_path / "home")[0] < SMALL_MB
    memory, said = taken("build", path, tmp_path / "home")
    assert memory < SMALL_MB
    if bomb == "sparse_tar":
        assert said == "1 of 7 taken"  # what lies behind the bombs is read
    if bomb == "png_rgba":
        assert said == "2 of 2 taken"  # it is no bomb


@pytest.mark.parametrize("large", HONEST)
def test_large_files_take_no_more_than_is_said(large: str, tmp_path: Path) -> None:
    path = HONEST[large](tmp_path)
    assert taken("survey", path, tmp_path / "home")[0] < HONEST_MB
    memory, said = taken("build", path, tmp_path / "home")
    assert memory < HONEST_MB and said == "256 of 256 taken"
