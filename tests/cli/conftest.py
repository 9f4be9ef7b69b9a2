"""The command line in this process, with the fake embedder, and what it is given."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gmv_core import RunSettings, ValueSettings, build, labels_for, open_source, value
from gmv_core.cli.main import main
from gmv_core.models import choice
from gmv_core.sets import build as building
from gmv_core.store.workspace import Workspace
from tests.fakes import FAKE, draw, fake_embedder, png, strict_json, write_images


@dataclass(frozen=True)
class Answer:
    """What a command printed and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  (any JSON)
        return strict_json(self.out)


Command = Callable[..., Answer]


def choose_fake(patch: pytest.MonkeyPatch) -> None:
    """Let whoever asks for an embedder have the fake one."""
    patch.setattr(building, "resolve_embedder", lambda key: (FAKE, "It is a test [bold]."))
    patch.setattr(choice, "load_embedder", lambda key, precision: fake_embedder())


@pytest.fixture
def command(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run `python -m gmv_core …` in this process, on the workspace, with the fake embedder."""
    choose_fake(monkeypatch)
    monkeypatch.setenv("GMV_HOME", str(workspace.root))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["gmv_core", *map(str, words)])
        capsys.readouterr()
        try:
            main()
            status = 0
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        return Answer(status, *capsys.readouterr())

    return run


def write_sources(root: Path) -> None:
    """Write 20 training images with a label table, 6 more, 10 generated (one broken)."""
    train = write_images(root / "train", 20)
    names = sorted(p.relative_to(train) for p in train.rglob("*.png"))
    lines = [f"{n},Ada [1],{'yes' if i < 4 else 'no'}" for i, n in enumerate(names)]
    (train / "labels.csv").write_text("\n".join(["name,owner,noise", *lines]))
    write_images(root / "more" / "added", 6, first_seed=50)
    write_images(root / "made", 10, first_seed=100, labels=1)
    (root / "made" / "class0" / "0009.png").write_bytes(png(draw(9))[:60])


@pytest.fixture
def sources(copied: Callable[..., None], tmp_path: Path) -> Path:
    copied(write_sources)
    return tmp_path


@pytest.fixture(scope="session")
def valued(original: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the set "train" and the run "run" of the sources."""
    sources, root = original(write_sources), tmp_path_factory.mktemp("valued")
    workspace, train = Workspace(root), open_source(sources / "train")
    with pytest.MonkeyPatch.context() as patch:
        choose_fake(patch)
        build(workspace, train, name="train", labels=labels_for(train, None))
        value(workspace, open_source(sources / "made"), against="train", name="run",
              settings=RunSettings(value=ValueSettings(k=3)))  # fmt: skip
    return root


@pytest.fixture
def ready(command: Command, sources: Path, valued: Path, workspace: Workspace) -> Command:
    """The same, with the set "train" and the run "run"."""
    shutil.copytree(valued, workspace.root)
    return command
