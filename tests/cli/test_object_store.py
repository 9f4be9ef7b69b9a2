"""Every command on an object store answers what it answers in a folder, or says what does not work.

One small workspace lies in both places, and the commands are given to it in this order; each needs
only what was there at first.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.main import get_command

from gmv_core import ReviewSettings, Workspace, build, decide, join_review, make_review, open_source
from gmv_core.audit.review.files import export_verdicts
from gmv_core.cli.audit.review import COMMANDS as REVIEW
from gmv_core.cli.main import COMMANDS, app
from gmv_core.cli.options import local_path
from gmv_core.demo import plan
from gmv_core.models.catalogue import ModelRow
from gmv_core.sources.readers import arrivals
from gmv_core.store.marks import mark
from gmv_core.store.selections import save_selection
from tests.built import write_csv, write_runs_to_compare
from tests.cli.conftest import Command
from tests.fakes import FAKE, change_json, fake_embedder
from tests.sources.servers import object_store, put

# How each is called. {here}: the images; {out}: a folder for what it writes; {review}: a review.
CALLS = {
    "list": (),
    "show": ("run",),
    "show SET": ("run-set", "--rejected"),
    "noisy": ("run",),
    "owner": ("run", "Ada"),
    "statement": ("run", "{out}/ada.html", "--owner", "Ada"),
    "statement --all": ("run", "{out}/all", "--all"),
    "compare": ("run", "other"),
    "compare --without-marked": ("run", "run", "--without-marked", "--k", "4"),
    "find": ("{here}/run/train/class0/0000.png", "--run", "run"),
    "export": ("run", "{out}/tables"),
    "evidence": ("run", "{out}/evidence.zip"),
    "check": ("run",),
    "selections": ("run-set",),
    "selections --table": ("run-set", "mine", "--run", "run", "--table", "{out}/mine.csv"),
    "selections --zip": ("run-set", "mine", "--zip", "{out}/mine.zip"),
    "selections --from": ("run-set", "named", "--from", "{here}/names.txt"),
    "selections --delete": ("run-set", "mine", "--delete"),
    "review list": (),
    "review results": ("{review}",),
    "review export": ("{review}", "{out}/verdicts.csv"),
    "review import": ("{review}", "{here}/verdicts.csv"),
    "review hand-over": ("{review}", "Ada"),
    "review make": ("run", "--pairs", "8"),
    "review delete": ("{review}",),
    "map": ("run-set",),
    "duplicates": ("run-set",),
    "stability": ("run",),
    "influence": ("run",),
    "influence --file": ("run", "--file", "{here}/far/class0/0000.png"),
    "influence --without-owner": ("run", "--without-owner", "Ada"),
    "regions": ("run", "--image", "class0/0000.png", "--out", "{out}/regions.png"),
    "criteria": ("run",),
    "criteria --inject": ("run", "--inject", "noise"),
    "criteria --compare": ("run", "--compare"),
    "criteria --forget": ("run", "--forget"),
    "build": ("{here}/far", "--name", "more"),
    "value": ("{here}/other", "--against", "run-set", "--name", "again"),
    "watch": ("{here}/other", "--against", "run-set", "--name", "stream", "--idle", "0.3",
              "--every", "0.1"),
    "label": ("other", "{here}/labels.csv"),
    "add": ("clean", "{here}/other"),
    "remove": ("far", "class0/0000.png"),
    "vacuum": ("far",),
    "delete": ("foreign",),
    "delete SET": ("spare",),
    "demo": (),
}  # fmt: skip
# Files and models of this machine; `app` is below.
ELSEWHERE = ("verify", "keys", "models", "app")
# What two callings of one command tell differently.
OWN = ("created", "updated", "removed_at", "labelled", "found", "inputs", "null", "files",
       "seconds", "seconds_per_image", "run_updated", "memory_mb", "peak_memory_mb",
       "freed_bytes")  # fmt: skip

PORTRAITS = plan.portraits()[:25]


@dataclass(frozen=True)
class Twice:
    """The same workspace in a folder and on an object store. here: the images and files beside."""

    disk: Workspace
    store: Workspace
    here: Path
    review: str

    def out(self, place: Workspace) -> Path:
        return self.here / ("out-disk" if place is self.disk else "out-store")

    def words(self, name: str, place: Workspace) -> list[str]:
        """Return the command of a name with what it is given."""
        called, _, further = name.partition(" ")
        given = {"here": self.here, "out": self.out(place), "review": self.review}
        first = [called, further] if called == "review" else [called]
        return [*first, *(word.format(**given) for word in CALLS[name])]

    def answer(self, said: str, place: Workspace) -> Any:  # noqa: ANN401  (any JSON)
        """Return a document without what differs of itself in the two places."""
        said = said.replace(str(self.out(place)), "OUT").replace(str(place.root), "HOME")
        return without_own(json.loads(said))

    def written(self, place: Workspace) -> dict[str, bytes]:
        """Return the files that commands wrote for a place, tables with their content."""
        files = (file for file in self.out(place).rglob("*") if file.is_file())
        return {
            str(file.relative_to(self.out(place))): file.read_bytes() * (file.suffix == ".csv")
            for file in files
        }


def without_own(value: Any) -> Any:  # noqa: ANN401  (any JSON)
    if isinstance(value, dict):
        return {key: without_own(one) for key, one in value.items() if key not in OWN}
    return [without_own(one) for one in value] if isinstance(value, list) else value


def write_everything(root: Path) -> None:
    """Write four runs, of one a review with verdicts, a saved selection, marks and a set alone."""
    write_runs_to_compare(root)
    workspace = Workspace(root / "home")
    training = workspace.image_set("run-set")
    save_selection(training, "mine", np.array([0, 3, 5]))
    mark(training, ["class0/0003.png"])
    review = make_review(workspace, "run", settings=ReviewSettings(pairs=8, overlap=0.5)).id
    join_review(workspace, review, "Ada")
    decide(workspace, review, "Ada", 0, "yes")
    (root / "review").write_text(review)
    export_verdicts(workspace, review, root / "verdicts.csv")
    (root / "names.txt").write_text("class0/0000.png\nclass1/0001.png\n")
    rows = [["name", "owner"], ["again-class0-0000.png", "Cy"]]
    write_csv(root / "labels.csv", rows)
    build(workspace, open_source(root / "far"), name="spare", embedder=fake_embedder())
    for images in workspace.sets():  # as if the embedder were one that every command can load
        built = images.manifest().embedder
        kept = {"key": FAKE, "precision": "fp32", "dim": built.dim, "has_features": True}
        change_json(images, embedder=kept, precisions={FAKE: "fp32"})


@pytest.fixture(scope="module")
def twice(
    original: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twice]:
    here = tmp_path_factory.mktemp("twice")
    shutil.copytree(original(write_everything), here, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, object_store(patch):
        patch.setenv("XDG_CACHE_HOME", str(here / "cache"))
        address = put(here / "home", "ws")
        yield Twice(
            Workspace(here / "home"), Workspace(address), here, (here / "review").read_text()
        )


@pytest.fixture(autouse=True)
def little_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two distances without a network are ready, and the demo draws 25 images."""
    rows = [ModelRow(key, "distance", key, None, "", "", True, "", "") for key in
            ("features", "none")]  # fmt: skip
    for module in ("derived_runs", "stability"):
        monkeypatch.setattr(f"gmv_core.criteria.trials.{module}.list_models", lambda: rows)
    monkeypatch.setattr(arrivals, "SETTLED_SECONDS", 0.05)
    monkeypatch.setattr(plan, "portraits", lambda: PORTRAITS)


def test_every_command_is_called_here_or_needs_no_workspace() -> None:
    called = {name.partition(" ")[0] for name in CALLS}
    assert called | set(ELSEWHERE) == set(COMMANDS)
    assert {name.partition(" ")[2] for name in CALLS if name.startswith("review ")} == set(REVIEW)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.models if name == "regions" else ()) for name in CALLS],
)
def test_a_command_answers_there_as_in_a_folder(
    name: str, command: Command, twice: Twice, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    for place in (twice.disk, twice.store):
        monkeypatch.setenv("GMV_HOME", str(place.root))
        told = command(*twice.words(name, place), "--json")
        assert told.status == 0, (place.root, told.err)
        answers.append(twice.answer(told.out, place))
    assert answers[1] == answers[0]
    assert twice.written(twice.store) == twice.written(twice.disk)


def test_the_app_starts_on_it(
    command: Command, twice: Twice, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = []
    monkeypatch.setattr(os, "execve", lambda *given: homes.append(given[2]["GMV_HOME"]))
    command("app", "--workspace", twice.store.root)
    assert homes == [str(twice.store.root)]


def paths_of(group: Any) -> dict[str, Any]:  # noqa: ANN401  (of Typer)
    """Return what reads each path that a command of a group is given."""
    found: dict[str, Any] = {}
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        for one in command.params:
            if "Path" in str(one.type_descriptor.annotation):
                found[f"{name} {one.name}"] = one.type_descriptor.parameter_info.parser
        if hasattr(command, "list_commands"):
            found |= paths_of(command)
    return found


def test_an_address_is_refused_where_a_file_of_this_machine_is_meant(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Path("s3://bucket/x") is the folder "s3:" of this machine.
    paths = paths_of(get_command(app))
    assert {"export folder", "label table", "build labels", "import path"} <= paths.keys()
    assert not [name for name, reader in paths.items() if reader is not local_path]
    monkeypatch.chdir(tmp_path)
    told = command("keys", "s3://user:secret@bucket/key")
    assert told.status == 1 and "is an address; here only a file or folder of this" in told.err
    assert "secret" not in told.err and not any(tmp_path.iterdir())
