"""Killed before any of its writes, `add`, `remove` and `label` go on there by the same command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from gmv_core import Workspace, add, open_source
from gmv_core.runs.labelling import label_generated
from gmv_core.sets.removal import remove
from gmv_core.sets.soundness import damage
from gmv_core.store import files
from gmv_core.store.remote import lease
from gmv_core.store.remote.objects import ObjectPath
from gmv_core.store.tables import table
from tests.fakes import assert_same_set, fake_embedder, write_images
from tests.sets.making.killed import Killed
from tests.sources.servers import BUCKET, put
from tests.store.remote.leases import outdate

pytestmark = pytest.mark.usefixtures("small_commits")

GONE = ["class0/0003.png", "class2/0011.png"]


def add_more(workspace: Workspace, given: Path) -> None:
    add(workspace, "train", open_source(given / "more"), embedder=fake_embedder())


def remove_two(workspace: Workspace, given: Path) -> None:
    remove(workspace, "train", GONE)


def label_one(workspace: Workspace, given: Path) -> None:
    label_generated(workspace, "run", given / "labels.csv")


# And a moment at which a process is killed without warning: before which of its writes.
WORK = {"add": (add_more, 7), "remove": (remove_two, 3), "label": (label_one, 3)}
PROCESS = """
import sys, time
from pathlib import Path
import pytest
from gmv_core import Workspace
from tests.fakes import shrink_commits
from tests.store.remote import test_killed as test
from tests.store.remote.leases import renew_often

def stop():
    print("there", flush=True)
    time.sleep(600)

work, moment = test.WORK[sys.argv[1]]
patch = pytest.MonkeyPatch()
renew_often(patch)
shrink_commits(patch)
test.at_write(patch, moment, stop)
work(Workspace(sys.argv[2]), Path(sys.argv[3]))
"""


def at_write(patch: pytest.MonkeyPatch, moment: int, do: Callable[[], None]) -> None:
    """Do something when so many writes were about to be made; each asks for the lease first."""
    asked = 0

    def confirm(path: ObjectPath) -> None:
        nonlocal asked
        asked += 1
        if asked == moment:
            do()
        lease.confirm(path)

    patch.setattr(table, "confirm_lease", confirm)
    patch.setattr(files, "confirm", confirm)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images to add, and labels."""
    root = tmp_path_factory.mktemp("given")
    write_images(root / "more" / "added", 12, first_seed=200)
    (root / "labels.csv").write_text("name,label,owner\nclass0/0003.png,hat,Cy\n")
    return root


@pytest.fixture(params=WORK)
def done(
    request: pytest.FixtureRequest, on_disk: Workspace, given: Path, tmp_path: Path
) -> tuple[str, Workspace]:
    """The name of a command, and a folder in which it was given once and nothing was killed."""
    shutil.copytree(str(on_disk.root), tmp_path / "once")
    once = Workspace(tmp_path / "once")
    WORK[request.param][0](once, given)
    return request.param, once


@pytest.fixture
def there(place: Workspace, on_disk: Workspace) -> Workspace:
    put(Path(str(on_disk.root)), str(place.root).removeprefix(f"s3://{BUCKET}/"))
    return place


def same(one: Workspace, other: Workspace) -> None:
    for name in ("train", "run-generated"):
        assert_same_set(one.image_set(name), other.image_set(name))
        assert not damage(one.image_set(name))
        assert len(one.image_set(name).manifest().sources) == len(
            other.image_set(name).manifest().sources
        )


def test_killed_before_each_of_its_writes_it_gets_there(
    there: Workspace, done: tuple[str, Workspace], given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, once = done

    def kill() -> NoReturn:
        raise Killed

    for moment in range(1, 30):
        with monkeypatch.context() as patch:
            at_write(patch, moment, kill)
            try:
                WORK[name][0](there, given)
            except Killed:
                continue
            break
    assert 3 <= moment < 29, "it was killed more than once, and got there"
    same(there, once)


def test_a_process_that_was_killed_without_warning_loses_nothing(
    there: Workspace, done: tuple[str, Workspace], given: Path
) -> None:
    name, once = done
    command = [sys.executable, "-c", PROCESS, name, str(there.root), str(given)]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "there\n"
    finally:
        process.kill()
        process.communicate()
    outdate(there)
    WORK[name][0](there, given)
    same(there, once)
