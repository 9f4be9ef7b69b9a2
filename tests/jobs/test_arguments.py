"""Settings that become arguments of a job are read back by the commands as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gmv_core import Workspace
from gmv_core.cli import criteria, sets
from gmv_core.cli.main import app
from gmv_core.criteria.trials.corruption import FOREIGN, Injection
from gmv_core.jobs.arguments import (
    build_arguments,
    comparison_arguments,
    injection_arguments,
    run_arguments,
    source_arguments,
)
from gmv_core.runs import valuation
from gmv_core.settings import (
    CREDITS,
    DUPLICATES,
    INDEX_KINDS,
    BuildSettings,
    EmbedSettings,
    IndexSettings,
    MatchSettings,
    RunSettings,
    ValueSettings,
)
from gmv_core.sources.opening import open_source
from tests.fakes import set_manifest
from tests.sources.conftest import folder, png, zipped

KEYS = st.text("abcXYZ019-_:./#", min_size=1, max_size=20)
RUNS = st.builds(
    RunSettings,
    st.builds(MatchSettings, st.integers(1, 5000), KEYS, KEYS, st.integers(0, 2**31)),
    st.builds(
        ValueSettings,
        st.integers(1, 500),
        st.one_of(st.just("auto"), st.floats(1e-9, 1e9)),
        st.booleans(),
        st.sampled_from(CREDITS),
        st.sampled_from(DUPLICATES),
    ),
    st.booleans(),
)


SHARES, SEEDS = st.floats(1e-6, 0.5), st.integers(0, 2**31)
INJECTIONS = st.one_of(
    st.builds(Injection, st.sampled_from(["noise", "blur"]), st.floats(1e-6, 1), SHARES, SEEDS),
    st.builds(Injection, st.just(FOREIGN), st.none(), SHARES, SEEDS, KEYS),
)


class Asked(Exception):
    """Carries what a command asked the engine for."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given


def ask(*placed: object, **given: Any) -> None:  # noqa: ANN401  (any argument)
    raise Asked({"last": placed[-1], **given})


def given_to_the_engine(*words: str, name: str = "settings") -> Any:  # noqa: ANN401
    with pytest.raises(Asked) as asked:
        app(list(words), standalone_mode=False)
    return asked.value.given[name]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(valuation, "value", ask)
    monkeypatch.setattr(sets, "build", ask)
    monkeypatch.setattr(criteria.injection_trial, "inject", ask)
    monkeypatch.setattr(criteria.comparison_trial, "compare", ask)
    Workspace(tmp_path).image_set("made").write_manifest(set_manifest("made"))
    return tmp_path


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chosen=RUNS)
def test_a_runs_settings_come_back(home: Path, chosen: RunSettings) -> None:
    words = ["value", "made", "--against", "train", "--name", "run", *run_arguments(chosen)]
    assert given_to_the_engine(*words, "--workspace", str(home)) == chosen


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(embedder=KEYS, index=st.sampled_from(INDEX_KINDS))
def test_a_builds_settings_come_back(home: Path, embedder: str, index: str) -> None:
    chosen = BuildSettings(embed=EmbedSettings(embedder), index=IndexSettings(index))
    words = ["build", str(home), "--name", "x", *build_arguments(chosen.embed, chosen.index)]
    (home / "a.png").touch()
    assert given_to_the_engine(*words, "--workspace", str(home)) == chosen


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(chosen=INJECTIONS)
def test_an_injection_comes_back(home: Path, chosen: Injection) -> None:
    words = ["criteria", "run", *injection_arguments(chosen), "--workspace", str(home)]
    assert given_to_the_engine(*words, name="last") == chosen


def test_the_ks_of_a_comparison_come_back(home: Path) -> None:
    words = ["criteria", "run", *comparison_arguments([4, 12]), "--workspace", str(home)]
    assert list(given_to_the_engine(*words, name="ks")) == [4, 12]


@pytest.mark.parametrize(
    ("reading", "split", "kind"),
    [("", "", "zip"), ("folder", "", "folder"), ("folder", "all", "folder"),
     ("folder", "val", "folder")],
)  # fmt: skip
def test_a_source_is_read_as_it_was_opened(
    home: Path, tmp_path_factory: pytest.TempPathFactory, reading: str, split: str, kind: str
) -> None:
    root = tmp_path_factory.mktemp("source")
    folder(root, {"train/a.png": png(1), "val/b.png": png(2)})
    zipped(root / "x.zip", {f"{i}.png": png(i) for i in range(5)})
    (root / "t.csv").write_text("name,label\n")
    given = replace(
        open_source(root, reading=reading, split=split),
        labels_file=root / "t.csv", table_given=True,
    )  # fmt: skip
    assert given.kind == kind
    words = source_arguments(given)
    assert words[:2] == ["--labels", str(root / "t.csv")]
    words = ["build", str(root), "--name", "x", "--workspace", str(home), *words[2:]]
    source = given_to_the_engine(*words, name="last")
    assert (source.kind, source.names, source.choices.split) == (
        kind, given.names, given.choices.split,
    )  # fmt: skip
