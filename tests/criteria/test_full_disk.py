"""A disk that takes no more, in what is made of a finished run: a sentence, and then the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core import Workspace
from tests.built import write_judged_run
from tests.fakes import rows_of

ROOT = Path(__file__).parents[2]
STEPS = (
    "inject", "compare", "hold", "duplicates", "label", "select", "mark", "review", "export",
    "evidence", "statements", "remove", "vacuum",
)  # fmt: skip
# The system's words outside of the workspace; SQLite does not tell what it was refused, and Lance
# takes a small file for written of which the end is missing, which is told when it is read.
FULL = ("(a file would be larger than allowed)", "File too large)", "that there is room",
        "to repair it; `check` says what is damaged.")  # fmt: skip
# Each step in turn, whatever became of the one before. See tests/sets/making/test_full_disk.py.
WORK = """
import resource, signal, sys
from pathlib import Path
from gmv_core import GMVError, RunSettings, Workspace, open_run, value
from gmv_core.settings import MatchSettings, ValueSettings
from gmv_core.audit.evidence import write_evidence
from gmv_core.audit.review.reviews import make_review
from gmv_core.audit.statement.write import write_statements
from gmv_core.criteria.trials.comparison import compare
from gmv_core.criteria.trials.corruption import Injection
from gmv_core.criteria.trials import derived_runs
from gmv_core.criteria.trials.injection import inject
from gmv_core.criteria.trials.stability import hold
from gmv_core.jobs.vacuum import vacuum
from gmv_core.models.catalogue import ModelRow
from gmv_core.results.export import export
from gmv_core.runs.labelling import label_generated
from gmv_core.sets.removal import remove
from gmv_core.store.marks import mark
from gmv_core.store.selections import save_selection
from gmv_core.trust.duplicates import find_clusters
from tests.fakes import fake_embedder
import numpy as np

home, most, steps = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
place, fake = Workspace(home), fake_embedder()
derived_runs.list_models = lambda: [
    ModelRow(key, "distance", key, None, "", "", True, "", "") for key in ("features", "none", "l2")
]
train = place.image_set("train")
work = {
    "inject": lambda: inject(place, "run", Injection("noise", 0.6, 0.25), embedder=fake),
    "compare": lambda: compare(place, "run", embedder=fake),
    "hold": lambda: hold(place, "run", embedder=fake),
    "duplicates": lambda: find_clusters(place, "train", fake),
    "label": lambda: label_generated(place, "run", home.parent / "made.csv"),
    "select": lambda: save_selection(train, "all", np.arange(24)),
    "mark": lambda: mark(train, [f"{'x' * 500}{number}.png" for number in range(50)]),
    "review": lambda: make_review(place, "run"),
    "export": lambda: export(open_run(place, "run"), home.parent / "out"),
    "evidence": lambda: write_evidence(open_run(place, "run"), home.parent / "run.evidence"),
    "statements": lambda: write_statements(
        open_run(place, "run"), home.parent / "told", by="label"
    ),
    "remove": lambda: remove(place, "train", ["class0/0000.png"]),
    "vacuum": lambda: vacuum(place),
    "value": lambda: value(place, "run-generated", against="train", name="run", embedder=fake,
                           settings=RunSettings(MatchSettings(candidates=12), ValueSettings(k=4))),
}
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
for step in steps:
    try:
        work[step]()
        print(step, "done")
    except GMVError as problem:
        print(step, "said", str(problem).replace(chr(10), " "))
"""


def work(home: Path, most: int, *steps: str) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(home), str(most), *steps],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr[-3000:]
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize("most", [50, 1_000, 5_000])
def test_what_follows_a_run_says_so_and_is_then_done(
    most: int, copied: Callable[..., None], tmp_path: Path
) -> None:
    copied(write_judged_run)
    other = tmp_path / "other"
    other.mkdir()
    for name in ("home", "made.csv"):
        take = shutil.copytree if (tmp_path / name).is_dir() else shutil.copy
        take(tmp_path / name, other / name)
    told = work(tmp_path / "home", most, *STEPS)
    assert told.keys() == set(STEPS)
    for step, said in told.items():
        assert said == "done" or any(words in said for words in FULL), (step, said)
    assert told["evidence"] != "done"
    if Workspace(tmp_path / "home").image_set("train").manifest().removed_at:  # and no further
        assert "were removed since" in work(tmp_path / "home", 0, "export")["export"]
    for home in (tmp_path / "home", other / "home"):
        assert set(work(home, 0, "remove", "value", *STEPS).values()) == {"done"}
    mine, theirs = Workspace(tmp_path / "home"), Workspace(other / "home")
    assert [r.name for r in mine.runs()] == [r.name for r in theirs.runs()]
    for record in theirs.runs():
        for table in ("matches", "values"):
            one, two = mine.run(record.name).table(table), theirs.run(record.name).table(table)
            assert rows_of(one).equals(rows_of(two)), (record.name, table)
    left = [p.name for p in (tmp_path / "home").rglob(".*") if "lock" not in p.name]
    assert left == []
