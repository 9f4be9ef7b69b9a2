"""A disk that takes no more, in every stage: a sentence, and the same command goes on later."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gmv_core import Workspace
from tests.fakes import assert_same_run, assert_same_set, write_images

ROOT = Path(__file__).parents[3]
# Writes may not make a file larger than so many bytes: the system refuses them as a full disk does,
# in Python and in Lance alike. 0: no limit.
WORK = """
import resource, signal, sys
from gmv_core import GMVError, RunSettings, Workspace, build, open_source, value
from tests.fakes import fake_embedder

home, root, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
embedder = fake_embedder()
value_all = open_source(f"{root}/made"), open_source(f"{root}/train")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    build(Workspace(home), value_all[1], name="train", embedder=embedder)
    value(
        Workspace(home), value_all[0], against="train", name="run", embedder=embedder,
        settings=RunSettings(influence=True),
    )
    print("done")
except GMVError as problem:
    print("said", problem)
"""


def work(home: Path, root: Path, most: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(home), str(root), str(most)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr[-3000:]
    return done.stdout.strip()


@pytest.mark.parametrize("most", [200, 2_000, 6_000, 12_000, 30_000])
def test_a_disk_that_takes_no_more_is_a_sentence_and_no_end(most: int, tmp_path: Path) -> None:
    write_images(tmp_path / "train", 30)
    write_images(tmp_path / "made", 12, first_seed=100)
    home, other = tmp_path / "home", tmp_path / "other"
    said = work(home, tmp_path, most)
    assert said == "done" or "cannot be written (a file would be larger than allowed)" in said
    assert work(home, tmp_path, 0) == "done"
    assert work(other, tmp_path, 0) == "done"
    mine, theirs = Workspace(home), Workspace(other)
    assert_same_set(mine.image_set("train"), theirs.image_set("train"))
    assert_same_run(mine.run("run"), theirs.run("run"))
    left = [p.name for p in home.rglob("*") if p.name.startswith(".") and p.name != ".lock"]
    assert left == []
