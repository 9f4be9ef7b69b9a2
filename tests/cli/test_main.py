"""Every command: a mistake is one sentence and a status, a bug stays visible."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gmv_core.store.workspace import Workspace
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("small_commits")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["build", "nowhere", "--name", "x"], "There is nothing at"),
        (["build", "train", "--name", "a/b"], "'a/b' cannot be a name"),
        (["build", "train", "--name", "x", "--index", "flat"], "Unknown index 'flat'; choose one"),
        (["build", "train", "--name", "x", "--precision", "int8"], "Unknown precision 'int8'"),
        (["build", "train", "--name", "x", "--index", "pq"], "needs at least 256 images"),
        (["build", "train", "--name", "x", "--on", "mars"], "Unknown place to work on 'mars'"),
        (["build", "train", "--name", "x", "--ray-address", "head:1"], "give --on ray with it"),
        (["add", "missing", "train"], "There is no set named 'missing'"),
        (["value", "made", "--against", "missing", "--name", "x"], "no set named 'missing'"),
        (["value", "made", "--against", "train", "--name", "x", "--k", "0"], "k is 0; give"),
        (["value", "made", "--against", "train", "--name", "x", "--temperature", "hot"], "'hot'"),
        (["show", "missing"], "There is no run named 'missing'"),
        (["noisy", "run", "--limit", "0"], "limit is 0; give a number of at least 1"),
        (["noisy", "missing"], "There is no run named 'missing'"),
        (["export", "missing", "out"], "There is no run named 'missing'"),
        (["delete", "missing"], "There is no set or run named 'missing'"),
        (["models", "download", "missing"], "missing"),
    ],
)
def test_a_mistake_is_one_sentence(
    command: Command,
    sources: Path,
    words: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(sources)
    told = command(*words)
    assert told.status == 1
    assert told.out == ""
    assert "Traceback" not in told.err
    (line,) = [line for line in told.err.splitlines() if line.startswith("Error:")]
    assert sentence in line
    as_json = command(*words, "--json")
    assert as_json.status == 1
    assert list(as_json.json) == ["error"]
    assert f"Error: {as_json.json['error']}" in as_json.err


@pytest.mark.parametrize(
    "words",
    [["build", "x"], ["value", "x", "--k", "many"], ["nonsense"], ["list", "--nonsense"], ["show"]],
)
def test_wrong_usage_has_status_2(command: Command, words: list[str]) -> None:
    for more in ([], ["--json"]):
        told = command(*words, *more)
        assert told.status == 2
        assert told.out == ""
        assert "Usage:" in told.err


def test_a_bug_stays_visible(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Workspace, "sets", broken)
    with pytest.raises(ZeroDivisionError):
        command("list")


def test_the_module_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gmv_core", "--help"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in ("build", "add", "value", "show", "noisy", "export", "list", "delete", "demo"):
        assert f" {name} " in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "", "--name", "x"], "'' is no path"),
        (["build", "~nobody-of-that-name", "--name", "x"], "cannot be read"),
        (
            ["value", "MADE", "--against", "train", "--name", "x", "--seed", "-1"],
            "seed is -1; give",
        ),
        (["criteria", "run", "--inject", "noise", "--seed", "-1"], "seed is -1; give"),
        (["export", "run", "FILE"], "cannot be written (File exists); give another folder"),
        (["export", "run", "FILE/below"], "cannot be written (Not a directory); give another"),
    ],
)
def test_more_mistakes_are_sentences(
    words: list[str], said: str, ready: Command, sources: Path
) -> None:
    (sources / "file").write_text("")
    given = [w.replace("MADE", str(sources / "made")).replace("FILE", str(sources / "file"))
             for w in words]  # fmt: skip
    answer = ready(*given)
    assert answer.status == 1 and said in " ".join(answer.err.split()), answer
